/** What does a lab of which nothing is set cost a license: with the journal of a server as it is by default, and without? */
import { measureAgainstFirst } from './in-turns.js'
import { withDatabase, withNode } from './measure.js'
import type { Bench, Question, Row } from './question.js'
import { licenseRequest } from './requests.js'
import { makeSessions } from './sessions.js'
import { spawnNode, type NodeLabUse } from './spawn-node.js'
import type { CryptoMode } from '../src/crypto/modes.js'

export const lab: Question = {
  name: 'lab',
  about: 'use licenses of a node without a lab, with one of which nothing is set, and with one that keeps a journal',
  roundsOf: ({ rounds }) => rounds * parts,
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes)
      rows.push(...(await withDatabase((database) => askMode(bench, mode, database))))
    return rows
  },
}

const uses: readonly (readonly [NodeLabUse, string])[] = [
  ['none', '--no-lab'],
  // What it differs from itself is what the machine can tell.
  ['none', '--no-lab again'],
  ['lab', 'lab, no journal'],
  ['journal', 'lab with journal'],
]

async function askMode(bench: Bench, mode: CryptoMode, database: string): Promise<readonly Row[]> {
  const { size, nodeCore: core } = bench
  const shared = { database, mode, engine: 'openssl', core } as const
  const { accounts, published } = await withNode({ ...shared, accounts: size.users }, ({ url }) =>
    makeSessions(url, mode, { ...bench, size: { ...size, pls: 1 } }),
  )
  const requests = accounts.flatMap((account) => published.map((content) => licenseRequest(account, content)))
  const spawned = await Promise.allSettled(
    uses.map(async ([use, name], index) => ({
      name,
      node: await spawnNode({ ...shared, accounts: 0, nodeId: index === 0 ? 'root-1' : `root-${index + 1}`, lab: use }),
    })),
  )
  const nodes = spawned.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  try {
    const failed = spawned.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const sides = nodes.map(({ name, node }) => ({ name, url: node.url, nodes: [node], requests }))
    return (await measureAgainstFirst(inShortRounds(bench), sides)).map((row) => ({
      ...row,
      mode,
      engine: shared.engine,
    }))
  } finally {
    await Promise.all(nodes.map(({ node }) => node.close()))
  }
}

/** A difference of a few percent is less than what others do to a round: many short ones next to each other tell it all the same. */
function inShortRounds(bench: Bench): Bench {
  const { rounds, secondsPerRound } = bench.size
  return { ...bench, size: { ...bench.size, rounds: rounds * parts, secondsPerRound: secondsPerRound / parts } }
}

const parts = 8
