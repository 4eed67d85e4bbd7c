/** Sides that are compared: each is measured once a round, one after the other, so that what else the machine does hits all of them alike. */
import { hasOneLicense } from './issue.bench.js'
import { fire, type LoadRequest } from './load.js'
import type { Bench, Row } from './question.js'
import type { SpawnedNode } from './spawn-node.js'
import { percentile, quartilesOf, spreadOf } from './spread.js'

export interface Side {
  readonly name: string
  /** Where it is asked for licenses, without a path. */
  readonly url: string
  /** Whose CPU time counts. */
  readonly nodes: readonly SpawnedNode[]
  readonly requests: readonly LoadRequest[]
  /** Before each time that it is measured. */
  readonly prepare?: () => void
}

interface Shot {
  readonly rate: number
  readonly latencies: readonly number[]
  /** Milliseconds of all nodes together, for one license. */
  readonly cpu: number
  /** Of the largest of them, in MiB. */
  readonly rss: number
}

/** @returns a row for each side */
export async function measureInTurns(
  bench: Bench,
  sides: readonly Side[],
): Promise<readonly Omit<Row, 'mode' | 'engine'>[]> {
  return (await takeTurns(bench, sides)).map(rowOf)
}

async function takeTurns(bench: Bench, sides: readonly Side[]): Promise<readonly Made[]> {
  const { size, progress } = bench
  // More nodes have a part of the requests each, and are to warm up as long as one does
  const rates = new Map<Side, number>()
  for (const side of sides.toReversed()) {
    progress(`${side.name}: warm-up`)
    let { rate } = await shoot(bench, side, size.connections * 4)
    // A cold node is slow: its first rate foretells half of what the time holds
    for (let part = 0; part < 2; part++)
      rate = (await shoot(bench, side, rate * size.warmUpSeconds * side.nodes.length)).rate
    rates.set(side, rate)
  }
  const shots = new Map<Side, Shot[]>(sides.map((side) => [side, []]))
  for (let round = 1; round <= size.rounds; round++) {
    // What goes slower by and by, or faster, is not always to hit the same ones
    for (const [side, before] of round % 2 === 1 ? shots : [...shots].toReversed()) {
      const rate = before.at(-1)?.rate ?? rates.get(side) ?? 1
      progress(`${side.name}: round ${round} of ${size.rounds}, ${rate.toFixed(0)} licenses/s`)
      before.push(await shoot(bench, side, rate * size.secondsPerRound))
    }
  }
  return [...shots].map(([{ name }, made]) => ({ name, shots: made }))
}

/** @returns a row for each side; of all but the first also what they cost more than that one */
export async function measureAgainstFirst(
  bench: Bench,
  sides: readonly Side[],
): Promise<readonly Omit<Row, 'mode' | 'engine'>[]> {
  const [first, ...others] = await takeTurns(bench, sides)
  if (first === undefined) return []
  const rowOfFirst = rowOf(first)
  return [
    rowOfFirst,
    ...others.map((made): Omit<Row, 'mode' | 'engine'> => {
      const row = rowOf(made)
      const more = made.shots.map(({ cpu }, round) => 100 * (cpu / (first.shots[round]?.cpu ?? cpu) - 1))
      const moreCpuLeast = 100 * (leastCpu(made) / leastCpu(first) - 1)
      return { ...row, moreCpu: quartilesOf(more), moreCpuLeast, moreRss: (row.rss ?? 0) - (rowOfFirst.rss ?? 0) }
    }),
  ]
}

function leastCpu({ shots }: Made): number {
  return quartilesOf(shots.map(({ cpu }) => cpu)).lowest
}

interface Made {
  readonly name: string
  readonly shots: readonly Shot[]
}

async function shoot({ size, signal }: Bench, { url, nodes, requests, prepare }: Side, amount: number): Promise<Shot> {
  prepare?.()
  const before = await usageOf(nodes)
  const { latencies, seconds } = await fire({
    url,
    requests,
    connections: size.connections,
    amount: Math.round(amount),
    isGood: hasOneLicense,
    signal,
  })
  const { cpu, rss } = await usageOf(nodes)
  return {
    rate: latencies.length / seconds,
    latencies,
    cpu: (cpu - before.cpu) / latencies.length,
    rss: rss / 1024 / 1024,
  }
}

async function usageOf(nodes: readonly SpawnedNode[]): Promise<{ readonly cpu: number; readonly rss: number }> {
  const all = await Promise.all(nodes.map((node) => node.usage()))
  return { cpu: all.reduce((sum, { cpu }) => sum + cpu, 0), rss: Math.max(...all.map(({ rss }) => rss)) }
}

function rowOf({ name, shots }: Made): Omit<Row, 'mode' | 'engine'> {
  const latencies = shots.flatMap((shot) => shot.latencies)
  const last = shots.at(-1)
  return {
    key: name,
    what: name,
    operations: latencies.length,
    perSecond: spreadOf(shots.map(({ rate }) => rate)),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpu: spreadOf(shots.map(({ cpu }) => cpu)),
    ...(last === undefined ? {} : { rss: last.rss }),
  }
}
