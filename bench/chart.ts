/** One question as a picture: a bar for each row, with how far the rounds lay apart. */
import { barChart } from '../src/charts/bar-chart.js'
import { number } from '../src/charts/frame.js'
import type { Question, Row } from './question.js'
import type { Spread } from './spread.js'

/** Rates where there are some; otherwise how long it took. Rows without either, such as memory, have no bar. @returns SVG */
export function chartOf({ about }: Question, rows: readonly Row[]): string {
  const isRate = rows.some(({ perSecond }) => perSecond !== undefined)
  const unit = isRate ? 'per second' : 'seconds'
  const bars = rows.flatMap((row) => {
    const spread = isRate ? row.perSecond : row.seconds
    return spread === undefined ? [] : [barOf(row, spread, isRate ? '/s' : ' s')]
  })
  return barChart({ title: about, x: `${unit}, median of the rounds`, parts: [{ name: unit }], bars, width: 1000 })
}

function barOf({ what, mode, engine }: Row, { median, lowest, highest }: Spread, unit: string) {
  return { name: `${what}, Mode ${mode}, ${engine}`, values: [median], note: `${number(median)}${unit} (${number(lowest)}–${number(highest)})` }
}
