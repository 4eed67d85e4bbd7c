/** Exchanges that nearly fit a filter, and in what they do not: for whoever waited in vain. */
import type { Criterion } from './filter.js'
import type { Exchange } from './exchange.js'

export interface Difference {
  readonly field: string
  readonly wanted: string
  readonly found: string
}

export interface Near {
  readonly exchange: Exchange
  readonly differences: readonly Difference[]
}

/** Those with the fewest differences, the latest of them first. Those that fit are not among them. */
export function nearestOf(
  exchanges: readonly Exchange[],
  criteria: readonly Criterion[],
  most: number,
): readonly Near[] {
  return exchanges
    .map((exchange) => ({ exchange, differences: differencesOf(exchange, criteria) }))
    .filter(({ differences }) => differences.length > 0)
    .toSorted((a, b) => a.differences.length - b.differences.length || b.exchange.ended - a.exchange.ended)
    .slice(0, most)
}

function differencesOf(exchange: Exchange, criteria: readonly Criterion[]): readonly Difference[] {
  return criteria
    .filter(({ fits }) => !fits(exchange))
    .map(({ field, wanted, found }) => ({ field, wanted, found: found(exchange).slice(0, 300) }))
}
