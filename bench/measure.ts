/** One operation of one node under closed-loop load: warm-up, rounds, and what each cost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/engine.js'
import { fire, type LoadRequest, type Round } from './load.js'
import type { Bench, RateRow } from './question.js'
import { spawnNode, type NodeArguments, type SpawnedNode } from './spawn-node.js'
import { percentile, spreadOf } from './spread.js'

export interface Workload {
  readonly key?: string
  readonly what: string
  readonly mode: CryptoMode
  readonly engine: EngineName
  readonly requests: readonly LoadRequest[]
  /** Whether an answer holds what was asked for. */
  readonly isGood: (body: string) => boolean
}

export async function measure(
  bench: Bench,
  node: SpawnedNode,
  { key, what, mode, engine, requests, isGood }: Workload,
): Promise<RateRow> {
  const { size, progress, signal } = bench
  const shoot = (amount: number): Promise<Round> =>
    fire({ url: node.url, requests, connections: size.connections, amount, isGood, signal })
  const title = `Mode ${mode}, ${engine}: ${what}`
  progress(`${title}: warm-up`)
  let rate = rateOf(await shoot(size.connections))
  // A cold node is slow: only time tells whether it has warmed up, not the number that its first rate foretells
  for (let warm = 0; warm < size.warmUpSeconds;) {
    const shot = await shoot(Math.round((rate * size.warmUpSeconds) / 2))
    warm += shot.seconds
    rate = rateOf(shot)
  }
  const rounds: (Round & { readonly cpu: number })[] = []
  for (let round = 1; round <= size.rounds; round++) {
    progress(`${title}: round ${round} of ${size.rounds}, ${rate.toFixed(0)}/s`)
    const before = await node.usage()
    const shot = await shoot(Math.round(rate * size.secondsPerRound))
    const after = await node.usage()
    rounds.push({ ...shot, cpu: after.cpu - before.cpu })
    rate = rateOf(shot)
  }
  const latencies = rounds.flatMap((round) => round.latencies)
  return {
    ...(key === undefined ? {} : { key }),
    what,
    mode,
    engine,
    operations: latencies.length,
    perSecond: spreadOf(rounds.map(rateOf)),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpu: spreadOf(rounds.map((round) => round.cpu / round.latencies.length)),
    rss: (await node.usage()).rss / 1024 / 1024,
  }
}

function rateOf({ latencies, seconds }: Round): number {
  return latencies.length / seconds
}

export async function withNode<T>(given: NodeArguments, work: (node: SpawnedNode) => Promise<T>): Promise<T> {
  const node = await spawnNode(given)
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}

/** A database file that is gone afterwards. */
export async function withDatabase<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'rms-emulator-bench-'))
  try {
    return await work(join(folder, 'rms.db'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A test of answers: the text stands in it exactly once. */
export function hasOne(mark: string): (body: string) => boolean {
  return (body) => {
    const at = body.indexOf(mark)
    return at >= 0 && !body.includes(mark, at + 1)
  }
}
