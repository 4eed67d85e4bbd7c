/** A server of a given capacity: what a node behaves like, and what the model of a cluster is made of. */
import { exponential, type Chance } from './chance.js'
import { publishedServers } from './published-figures.js'

export const serviceDistributions = ['fixed', 'exponential'] as const
/** Whether every operation takes the same time, or times vary as widely as an exponential distribution. */
export type ServiceDistribution = (typeof serviceDistributions)[number]

/** One server: it works on one operation at a time, the others wait in the order they came. */
export interface EmulatedServer {
  /** How many operations it does when it never rests. */
  readonly operationsPerSecond: number
  readonly serviceDistribution: ServiceDistribution
  /** How many may wait; those above are refused. */
  readonly queueLimit: number
}

export const longestQueue = 100_000
export const capacityLimits = { minimum: 0.01, maximum: 100_000 } as const

/**
 * @param text operations per second, such as 50 or 12.5, or the name of a published server
 * @returns operations per second; undefined when it is neither
 */
export function parseCapacity(text: string): number | undefined {
  const published = publishedServers.find(({ name }) => name === text)
  if (published !== undefined) return published.operationsPerSecond
  const value = /^\d{1,6}(?:\.\d{1,6})?$/.test(text) ? Number(text) : NaN
  return value >= capacityLimits.minimum && value <= capacityLimits.maximum ? value : undefined
}

/** Seconds that one operation takes on average. */
export function meanServiceSeconds({ operationsPerSecond }: EmulatedServer): number {
  return 1 / operationsPerSecond
}

/** Seconds that the next operation takes. */
export function serviceSeconds(server: EmulatedServer, chance: Chance): number {
  const mean = meanServiceSeconds(server)
  return server.serviceDistribution === 'fixed' ? mean : exponential(chance, mean)
}
