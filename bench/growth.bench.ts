/** How does the cost of a license grow with what is in the message, in the directory and in the database? */
import { connect, readyMachine } from '../src/client/index.js'
import { openStore } from '../src/cluster/store/open.js'
import { seedPassword } from '../src/directory/seed.js'
import { warmUp, type Growing } from './growing.js'
import { curves } from './growth-curves.js'
import { withDatabase, withNode } from './measure.js'
import type { Bench, Question, Row } from './question.js'
import { makeSessions } from './sessions.js'
import type { SpawnedNode } from './spawn-node.js'

/** As many as there are points of the curve that takes one for each. */
const users = 10

export const growth: Question = {
  name: 'growth',
  about: 'CPU time of a license by principals, message, chain, groups, templates, accounts and log rows',
  ask: (bench) =>
    withDatabase((database) => {
      const [mode = 2] = bench.size.modes
      return withNode({ database, mode, engine: 'openssl', accounts: users, core: bench.nodeCore }, (node) =>
        askNode(bench, database, node),
      )
    }),
}

async function askNode(bench: Bench, database: string, node: SpawnedNode): Promise<readonly Row[]> {
  const [mode = 2] = bench.size.modes
  const { accounts, published } = await makeSessions(node.url, mode, {
    ...bench,
    size: { ...bench.size, users: Math.min(users, bench.size.users), pls: 1 },
  })
  const [content] = published
  if (content === undefined) throw new Error('Nothing was published')
  const author = connect({
    url: node.url,
    user: 'alice@contoso.test',
    password: seedPassword,
    machine: readyMachine(`alice-pc-mode${mode}`),
    mode,
  })
  const store = await openStore(database, { create: false })
  try {
    const growing: Growing = { bench, mode, node, database, store, author, accounts, content }
    // Until it has warmed up a node costs several times as much: the first curve would seem to fall
    await warmUp(growing)
    const rows: Row[] = []
    for (const curve of curves) rows.push(...(await curve(growing)))
    return rows
  } finally {
    await store.close()
  }
}
