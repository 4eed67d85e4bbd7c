/** What do two nodes give, and does a license cost more with them: one and two nodes of the same cluster behind the balancer, on each database. */
import { copyFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { withPostgres } from '../test/cluster/postgres.js'
import { openDoor } from './doors.js'
import type { DatabaseName } from './goals.js'
import { measureInTurns, type Side } from './in-turns.js'
import { withDatabase } from './measure.js'
import { moveTo } from './pinning.js'
import type { Bench, Question, Row } from './question.js'
import { licenseRequest } from './requests.js'
import { makeSessions } from './sessions.js'
import { spawnNode } from './spawn-node.js'

export const cluster: Question = {
  name: 'cluster',
  about: 'use licenses of one and of two nodes behind the balancer, on each database',
  takesAllCores: true,
  ask: async (bench) => [
    ...(await withDatabase((location) => askCluster(bench, { name: 'SQLite', location }))),
    ...(await withPostgres((location) => askCluster(bench, { name: 'PostgreSQL', location }))),
  ],
}

interface NamedDatabase {
  readonly name: DatabaseName
  readonly location: string
}

/** Each node one of its own, load and balancer the others; with fewer the nodes share the first, so that only CPU time can be compared. */
const coresNeeded = 4

interface Places {
  readonly nodes: readonly (number | undefined)[]
  readonly hasOwnCores: boolean
}

/** Moves this process, and with it the balancer that it starts. */
function takePlaces({ nodeCore }: Bench): Places {
  const cores = cpus().length
  // Nothing was pinned: there is nothing to pin with
  if (nodeCore === undefined) return { nodes: [undefined, undefined], hasOwnCores: false }
  const hasOwnCores = cores >= coresNeeded
  moveTo(hasOwnCores ? `2-${cores - 1}` : '1')
  return { nodes: hasOwnCores ? [0, 1] : [0, 0], hasOwnCores }
}

async function askCluster(bench: Bench, { name, location: database }: NamedDatabase): Promise<readonly Row[]> {
  const { size } = bench
  const [mode = 2] = size.modes
  const { nodes: cores, hasOwnCores } = takePlaces(bench)
  const shared = { database, mode, engine: 'openssl' } as const
  const open: { close(): Promise<void> }[] = []
  const opened = <One extends { close(): Promise<void> }>(one: One): One => {
    open.unshift(one)
    return one
  }
  try {
    const first = opened(await spawnNode({ ...shared, accounts: size.users, core: cores[0] }))
    const second = opened(await spawnNode({ ...shared, accounts: 0, core: cores[1], nodeId: 'root-2' }))
    const { accounts, published } = await makeSessions(first.url, mode, { ...bench, size: { ...size, pls: 1 } })
    const requests = accounts.flatMap((account) => published.map((content) => licenseRequest(account, content)))
    const groups = [
      { title: 'one node', nodes: [first] },
      { title: 'two nodes', nodes: [first, second] },
    ]
    if (name === 'SQLite') {
      const copy = await copyOf(database)
      const apart = opened(
        await spawnNode({ ...shared, database: copy, accounts: 0, core: cores[1], nodeId: 'root-2' }),
      )
      groups.push({ title: 'two nodes with a copy of the file each', nodes: [first, apart] })
    }
    const sides: Side[] = []
    for (const { title, nodes } of groups) {
      const door = opened(
        await openDoor(
          'rms-emulator',
          nodes.map(({ url }) => url),
        ),
      )
      sides.push({ name: `${title}, ${name}`, url: door.url, nodes, requests })
    }
    return (await measureInTurns(bench, sides)).map((row) => ({
      ...row,
      mode,
      engine: shared.engine,
      ownCores: hasOwnCores,
    }))
  } finally {
    for (const one of open) await one.close()
  }
}

/** A file of its own for a node that shares nothing: what two processes cost by themselves. Nobody writes at the moment. */
async function copyOf(database: string): Promise<string> {
  const copy = `${database}-copy`
  for (const suffix of ['', '-wal']) await copyFile(database + suffix, copy + suffix)
  return copy
}
