/** What do threads for private keys give a node: on the one core that its event loop has, and on all cores of the machine? */
import { measureInTurns, type Side } from './in-turns.js'
import { withDatabase, withNode } from './measure.js'
import { moveTo, unpin } from './pinning.js'
import type { Bench, Question, Row } from './question.js'
import { licenseRequest } from './requests.js'
import { makeSessions, type Sessions } from './sessions.js'
import { spawnNode, type NodeArguments, type SpawnedNode } from './spawn-node.js'

export const threads: Question = {
  name: 'threads',
  about:
    'use licenses of a node that computes with private keys on its event loop, and on threads beside it; where the node has all cores, the load is on the same ones',
  takesAllCores: true,
  ask: async (bench) => withDatabase((database) => askThreads(bench, database)),
}

interface Place {
  readonly place: string
  readonly core: number | undefined
  readonly signerThreads: number
}

/** Without pinning there is no telling what one core gives. */
function placesOf({ nodeCore }: Bench): readonly Place[] {
  const oneCore =
    nodeCore === undefined ? [] : [0, 1].map((signerThreads) => ({ place: 'one core', core: nodeCore, signerThreads }))
  return [...oneCore, ...[0, 1, 2].map((signerThreads) => ({ place: 'all cores', core: undefined, signerThreads }))]
}

async function askThreads(bench: Bench, database: string): Promise<readonly Row[]> {
  const [mode = 2] = bench.size.modes
  const shared = { database, mode, engine: 'openssl', accounts: bench.size.users } as const
  const sessions = await withNode(shared, ({ url }) => makeSessions(url, mode, bench))
  const spawned = await Promise.allSettled(placesOf(bench).map((place) => spawnAt(place, { ...shared, accounts: 0 })))
  const nodes = spawned.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  try {
    const failed = spawned.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const sides = nodes.flatMap((node) => sidesOf(bench, node, sessions))
    return (await measureInTurns(bench, sides)).map((row) => ({ ...row, mode, engine: shared.engine }))
  } finally {
    await Promise.all(nodes.map(({ node }) => node.close()))
  }
}

interface PlacedNode extends Place {
  readonly node: SpawnedNode
}

async function spawnAt(place: Place, given: NodeArguments): Promise<PlacedNode> {
  const { core, signerThreads } = place
  return { ...place, node: await spawnNode({ ...given, core, signerThreads }) }
}

function sidesOf(bench: Bench, { node, place, core, signerThreads }: PlacedNode, sessions: Sessions): readonly Side[] {
  const shared = { url: node.url, nodes: [node], prepare: () => moveLoad(bench, core) }
  return workOf(sessions, core).map(({ what, requests }) => ({
    ...shared,
    name: `${what}, ${place}, ${named(signerThreads)}`,
    requests,
  }))
}

/** Where the node keeps to one core, the load does not take it. */
function moveLoad({ nodeCore }: Bench, core: number | undefined): void {
  if (nodeCore === undefined) return
  if (core === undefined) unpin()
  else moveTo('1')
}

function named(threadCount: number): string {
  return threadCount === 0 ? 'event loop' : threadCount === 1 ? '1 thread' : `${threadCount} threads`
}

/** On one core there is nothing to gain: one kind of work shows what threads cost there. */
function workOf(
  { accounts, published }: Sessions,
  core: number | undefined,
): readonly { readonly what: string; readonly requests: Side['requests'] }[] {
  const onePl = accounts.flatMap((account) => published.slice(0, 1).map((content) => licenseRequest(account, content)))
  if (core !== undefined) return [{ what: 'one PL', requests: onePl }]
  const manyPls = published.flatMap((content, index) =>
    accounts
      .slice(index % accounts.length)
      .slice(0, 1)
      .map((account) => licenseRequest(account, content)),
  )
  return [
    { what: 'one PL', requests: onePl },
    { what: 'another PL each time', requests: manyPls },
  ]
}
