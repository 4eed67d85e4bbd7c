/** The published planning rule: load from people and habits, servers from load (TechNet, RMS capacity planning). */

export interface Demand {
  readonly users: number
  /** Share of users that are active, 0 to 1. */
  readonly active: number
  /** Protected items that each active user opens in an hour. */
  readonly itemsPerHour: number
  /** How much more than the average the busiest time needs. */
  readonly peakFactor: number
  /** What the load will be, as a multiple of today's; 1 plans for today. */
  readonly growth: number
}

/** Licenses per second on average, growth included. */
export function averageRate({ users, active, itemsPerHour, growth }: Demand): number {
  return (users * active * itemsPerHour * growth) / 3600
}

/** Licenses per second at the busiest time. */
export function peakRate(demand: Demand): number {
  return averageRate(demand) * demand.peakFactor
}

/** Servers by the rule: every one does the same, and the capacity of a cluster is the sum. At least 1. */
export function serversByRule(rate: number, perServer: number): number {
  // 150 / 50 may come out as a little more than 3.
  return Math.max(1, Math.ceil(rate / perServer - 1e-9))
}
