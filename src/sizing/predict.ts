/** What a cluster will do under a steady load, by simulation; how many servers a target needs; and how clusters of several sizes compare. */
import { arrivalTimes } from './arrivals.js'
import { exponential, seededChance } from './chance.js'
import { meanServiceSeconds, type EmulatedServer } from './emulated-server.js'
import { percentileOf } from './percentiles.js'
import { simulateCluster, type Simulated } from './simulate.js'

export interface Question {
  readonly servers: number
  readonly server: EmulatedServer
  /** Arrivals per second. */
  readonly rate: number
  readonly seed: number
  /** Arrivals that are counted, behind a tenth of that many that are not. */
  readonly arrivals: number
}

export const simulatedArrivals = 100_000

/** The long run: people come independently of each other, at the same rate all the time. */
export function predict({ servers, server, rate, seed, arrivals }: Question): Simulated {
  const skipped = Math.ceil(arrivals / 10)
  const shape = { name: 'constant', highestRate: rate, seconds: (arrivals + skipped) / rate } as const
  return simulateCluster(
    arrivalTimes(shape, 'poisson', seededChance(seed)),
    { servers, server, chance: seededChance(seed + 1) },
    skipped,
  )
}

export interface Target {
  /** That percentage of answers … */
  readonly percentile: number
  /** … is to come within so many seconds. */
  readonly withinSeconds: number
}

export interface Sized {
  /** Without spare ones. */
  readonly servers: number
  readonly predicted: Simulated
  /** Seconds within which that percentage is answered. */
  readonly answeredWithin: number
}

/** More than one machine can emulate, and more than any published example. */
export const mostServers = 1000

/**
 * The smallest cluster that meets the target without refusing anybody.
 * @returns undefined when none does: one operation alone takes longer, or more than `mostServers` are needed
 */
export function serversForTarget(
  question: Omit<Question, 'servers'>,
  { percentile, withinSeconds }: Target,
): Sized | undefined {
  const { server, rate } = question
  const fewest = Math.max(1, Math.ceil(rate / server.operationsPerSecond))
  if (fewest > mostServers || serviceAlone(server, percentile) > withinSeconds) return undefined
  const look = (servers: number): Sized => sizedAs({ ...question, servers }, percentile)
  const isEnough = ({ predicted, answeredWithin }: Sized): boolean =>
    predicted.refused === 0 && answeredWithin <= withinSeconds
  let tooFew = fewest - 1
  let enough = look(fewest)
  // Steps that double, until there are enough; then halves of what lies between.
  for (let step = 1; !isEnough(enough); step *= 2) {
    if (enough.servers === mostServers) return undefined
    tooFew = enough.servers
    enough = look(Math.min(mostServers, enough.servers + step))
  }
  while (enough.servers - tooFew > 1) {
    const middle = look(Math.floor((tooFew + enough.servers) / 2))
    if (isEnough(middle)) enough = middle
    else tooFew = middle.servers
  }
  return enough
}

/** One cluster of that size, looked at like the others. */
export function sizedAs(question: Question, percentile: number): Sized {
  const predicted = predict(question)
  return { servers: question.servers, predicted, answeredWithin: percentileOf(predicted.responses, percentile) }
}

/** Seconds that the percentage of operations takes at a server that has nothing else to do. */
export function serviceAlone(server: EmulatedServer, percentile: number): number {
  const mean = meanServiceSeconds(server)
  return server.serviceDistribution === 'fixed' ? mean : exponential(() => percentile / 100, mean)
}

export interface SweepPoint {
  readonly servers: number
  /** Arrivals per second. */
  readonly offered: number
  /** Answers per second. */
  readonly served: number
  /** Seconds. */
  readonly p95: number
  /** Share of arrivals that were refused. */
  readonly refused: number
}

/** Shares of what a cluster can do at most; above 1 it is asked for more. */
const loads = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.1, 1.2]

/** Throughput and p95 against load, for each size. */
export function* sweep(
  sizes: readonly number[],
  server: EmulatedServer,
  { seed, arrivals }: Pick<Question, 'seed' | 'arrivals'>,
): Generator<SweepPoint, void, undefined> {
  for (const servers of sizes) {
    for (const load of loads) {
      const offered = load * servers * server.operationsPerSecond
      const found = predict({ servers, server, rate: offered, seed, arrivals })
      yield {
        servers,
        offered,
        served: found.servedPerSecond,
        p95: found.response.p95,
        refused: found.refused / Math.max(1, found.offered),
      }
    }
  }
}
