/** Horizontal bars, each of parts that add up. */
import { scaleBand, scaleLinear } from 'd3-scale'
import { element, joined, type Markup } from '../xml/write.js'
import { colors, label, legend, number, picture, round, rule, softLabel, widthOf } from './frame.js'

export interface BarChart {
  readonly title: string
  /** With its unit. */
  readonly x: string
  /** Names of the parts, the same for all bars. */
  readonly parts: readonly { readonly name: string; readonly color?: string }[]
  readonly bars: readonly { readonly name: string; readonly values: readonly number[]; readonly note?: string }[]
  readonly width?: number
}

const barHeight = 30

export function barChart({ title, x, parts, bars, width = 860 }: BarChart): Markup {
  const longest = Math.max(40, ...bars.map(({ name }) => widthOf(name)))
  const notes = Math.max(0, ...bars.map(({ note }) => widthOf(note ?? '')))
  const box = {
    left: 24 + longest,
    right: width - 24 - notes,
    top: 64,
    bottom: 64 + Math.max(1, bars.length) * barHeight,
  }
  const height = box.bottom + 46
  const across = scaleLinear([0, Math.max(0, ...bars.map(({ values }) => sum(values))) || 1], [box.left, box.right])
  const down = scaleBand(
    bars.map((_, index) => index),
    [box.top, box.bottom],
  ).padding(0.25)
  const entries = parts.map(({ name, color }, index) => ({
    name,
    color: color ?? colors[index % colors.length] ?? colors[0],
  }))
  const drawn = bars.map(({ name, values, note }, index) => {
    const top = down(index) ?? 0
    let before = 0
    const pieces = values.map((value, part) => {
      const from = across(before)
      before += value
      return element('rect', {
        x: round(from),
        y: round(top),
        width: round(across(before) - from),
        height: round(down.bandwidth()),
        fill: entries[part]?.color,
      })
    })
    const middle = top + down.bandwidth() / 2 + 4
    return joined(
      label(name, { x: box.left - 8, y: middle, anchor: 'end' }),
      pieces,
      note === undefined ? undefined : softLabel(note, { x: across(before) + 8, y: middle }),
    )
  })
  const ticks = across
    .ticks(6)
    .map((tick) =>
      joined(
        rule({ x: across(tick), y: box.top }, { x: across(tick), y: box.bottom }),
        label(number(tick), { x: across(tick), y: box.bottom + 18, anchor: 'middle' }),
      ),
    )
  return picture(
    title,
    { width, height },
    legend(entries, 16, 48),
    joined(ticks),
    joined(drawn),
    softLabel(x, { x: width - 24, y: height - 10, anchor: 'end' }),
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
