/** Percentiles of measured or simulated values, by nearest rank: always a value that occurred. */

/**
 * @param sorted ascending
 * @param percentage 0 to 100
 * @returns NaN when there are no values
 */
export function percentileOf(sorted: ArrayLike<number>, percentage: number): number {
  const rank = Math.max(1, Math.ceil((percentage / 100) * sorted.length - 1e-9))
  return sorted[Math.min(rank, sorted.length) - 1] ?? NaN
}

export interface Summary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly highest: number
}

/** NaN where there are no values. */
export function summaryOf(values: Iterable<number>): Summary {
  const sorted = Float64Array.from(values).toSorted()
  const at = (percentage: number): number => percentileOf(sorted, percentage)
  let sum = 0
  for (const value of sorted) sum += value
  return {
    count: sorted.length,
    mean: sum / sorted.length,
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    highest: at(100),
  }
}
