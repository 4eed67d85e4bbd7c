/** Every request of a run as CSV (RFC 4180), for spreadsheets and scripts. */
import type { Sample } from './open-loop.js'

const titles = ['arrival_s', 'operation', 'late_ms', 'latency_ms', 'outcome', 'server'] as const

/** A piece at a time: a long run need not fit into one text. Sorted by arrival. */
export function* csvOf(samples: readonly Sample[]): Generator<string, void, undefined> {
  yield `${titles.join(',')}\r\n`
  for (const { at, operation, late, took, outcome, node } of samples.toSorted((one, other) => one.at - other.at)) {
    yield `${[at.toFixed(4), operation, late.toFixed(2), took.toFixed(2), outcome, node ?? ''].map(cell).join(',')}\r\n`
  }
}

function cell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
