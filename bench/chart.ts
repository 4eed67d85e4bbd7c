/** A question as pictures: a bar for each row, with how far the rounds lay apart; or a line chart for each of its curves. */
import { barChart } from '../src/charts/bar-chart.js'
import { number } from '../src/charts/frame.js'
import { lineChart } from '../src/charts/line-chart.js'
import type { Answered, Row } from './question.js'
import type { Spread } from './spread.js'

/** @returns SVG by name */
export function chartsOf(answered: Answered): ReadonlyMap<string, string> {
  const curves = curvesOf(answered.rows)
  if (curves.length === 0) return new Map([[answered.name, chartOfRows(answered)]])
  return new Map(
    curves.map((curve) => [
      `${answered.name}-${curve}`,
      chartOfCurve(answered.rows.filter(({ point }) => point?.curve === curve)),
    ]),
  )
}

function curvesOf(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap(({ point }) => point?.curve ?? []))]
}

/** Names of the charts of a question, as `chartsOf` makes them. */
export function chartNames({ name, rows }: Pick<Answered, 'name' | 'rows'>): readonly string[] {
  const curves = curvesOf(rows)
  return curves.length === 0 ? [name] : curves.map((curve) => `${name}-${curve}`)
}

/** Rates where there are some; otherwise how long it took. Rows without either, such as memory, have no bar. */
function chartOfRows({ about, rows }: Answered): string {
  const isRate = rows.some(({ perSecond }) => perSecond !== undefined)
  const unit = isRate ? 'per second' : 'seconds'
  const bars = rows.flatMap((row) => {
    const spread = isRate ? row.perSecond : row.seconds
    return spread === undefined ? [] : [barOf(row, spread, isRate ? '/s' : ' s')]
  })
  return barChart({ title: about, x: `${unit}, median of the rounds`, parts: [{ name: unit }], bars, width: 1000 })
}

function barOf({ what, mode, engine }: Row, { median, lowest, highest }: Spread, unit: string) {
  const name = [what, mode === undefined ? [] : `Mode ${mode}`, engine ?? []].flat().join(', ')
  return { name, values: [median], note: `${number(median)}${unit} (${number(lowest)}–${number(highest)})` }
}

function chartOfCurve(rows: readonly Row[]): string {
  const lines = [...new Set(rows.map(({ point }) => point?.line ?? ''))].map((name) => {
    const own = rows.filter(({ point }) => point?.line === name)
    return { name, points: own.map(({ point, cpu }) => [point?.x ?? 0, cpu?.median ?? NaN] as const) }
  })
  // The last point may say why it is the last
  const [title, x] = [rows[0], rows.at(-1)].map((row) => row?.point?.of ?? '')
  return lineChart({
    title: `CPU time of a license by ${title}`,
    x: x ?? '',
    y: 'ms of CPU for a license',
    lines,
    isLogarithmicX: true,
  })
}
