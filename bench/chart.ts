/** One question as a picture: a bar for each row, with how far the rounds lay apart. */
import { barChart } from '../src/charts/bar-chart.js'
import { number } from '../src/charts/frame.js'
import type { Question, Row } from './question.js'

/** @returns SVG */
export function chartOf({ about }: Question, rows: readonly Row[]): string {
  const bars = rows.map(({ what, mode, engine, perSecond: { median, lowest, highest } }) => ({
    name: `${what}, Mode ${mode}, ${engine}`,
    values: [median],
    note: `${number(median)}/s (${number(lowest)}–${number(highest)})`,
  }))
  return barChart({ title: about, x: 'per second, median of the rounds', parts: [{ name: 'per second' }], bars, width: 1000 })
}
