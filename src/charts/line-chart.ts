/** Lines over a common x axis. */
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale'
import { area, line } from 'd3-shape'
import { element, joined, type Markup } from '../xml/write.js'
import { colors, label, legend, number, picture, round, rule, softLabel, type Box } from './frame.js'

export interface Line {
  readonly name: string
  /** From 0 up. What is not finite, and 0 on a logarithmic axis, leaves a gap. */
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly color?: string
  readonly isDashed?: boolean
  readonly isFilled?: boolean
  /** Dots without a line: single measurements. */
  readonly isDots?: boolean
}

export interface LineChart {
  readonly title: string
  /** With their units. */
  readonly x: string
  readonly y: string
  readonly lines: readonly Line[]
  /** A logarithmic y axis, for values that differ by powers of ten. */
  readonly isLogarithmic?: boolean
  /** A logarithmic x axis: what is below 1 is drawn at 1. */
  readonly isLogarithmicX?: boolean
  /** Ends of the axes, where they are not to follow the data. */
  readonly highestX?: number
  readonly highestY?: number
  readonly width?: number
  readonly height?: number
}

type Scale = ScaleContinuousNumeric<number, number>

export function lineChart({ title, x, y, lines, width = 860, height = 320, ...axes }: LineChart): Markup {
  const box: Box = { left: 64, right: width - 24, top: 80, bottom: height - 46 }
  const colored = lines.map((one, index) => ({
    ...one,
    color: one.color ?? colors[index % colors.length] ?? colors[0],
  }))
  const [across, up] = scalesOf(lines, box, axes)
  return picture(
    title,
    { width, height },
    legend(colored, 16, 48),
    softLabel(y, { x: box.left - 6, y: box.top - 8, anchor: 'start' }),
    softLabel(x, { x: box.right, y: height - 10, anchor: 'end' }),
    joined(
      up
        .ticks(5)
        .filter(isLabelled(axes.isLogarithmic))
        .map((tick) => gridLine(tick, up(tick), box)),
    ),
    joined(
      xTicks(across, axes.isLogarithmicX).map((tick) =>
        label(number(tick), { x: across(tick), y: box.bottom + 18, anchor: 'middle' }),
      ),
    ),
    rule({ x: box.left, y: box.bottom }, { x: box.right, y: box.bottom }, '#57606a'),
    joined(colored.map((one) => draw(one, across, up))),
  )
}

function scalesOf(
  lines: readonly Line[],
  box: Box,
  {
    isLogarithmic,
    isLogarithmicX,
    highestX,
    highestY,
  }: Pick<LineChart, 'isLogarithmic' | 'isLogarithmicX' | 'highestX' | 'highestY'>,
): readonly [Scale, Scale] {
  const points = lines.flatMap((one) => one.points).filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py))
  const high = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0) || 1
  const right = highestX ?? high(points.map(([px]) => px))
  const across =
    isLogarithmicX === true
      ? scaleLog([1, Math.max(right, 10)], [box.left, box.right]).clamp(true)
      : scaleLinear([0, right], [box.left, box.right])
  const values = points.map(([, py]) => py)
  const top = highestY ?? high(values)
  if (isLogarithmic !== true) return [across, scaleLinear([0, top], [box.bottom, box.top]).nice(5)]
  const lowest = values.filter((value) => value > 0).reduce((least, value) => Math.min(least, value), top)
  return [
    across,
    scaleLog([lowest === top ? lowest / 10 : lowest, top], [box.bottom, box.top])
      .nice()
      .clamp(true),
  ]
}

/** A logarithmic axis has a line for 1, 2, 5, 10 …: the others would stand too close. */
function isLabelled(isLogarithmic: boolean | undefined): (tick: number) => boolean {
  return (tick) =>
    isLogarithmic !== true || [1, 2, 5].includes(Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9)))
}

function gridLine(tick: number, y: number, box: Box): Markup {
  return joined(
    rule({ x: box.left, y }, { x: box.right, y }),
    label(number(tick), { x: box.left - 8, y: y + 4, anchor: 'end' }),
  )
}

/** Over more than three powers of ten only these are labelled: their names are long. */
function xTicks(across: Scale, isLogarithmic: boolean | undefined): readonly number[] {
  const [from = 1, to = 1] = across.domain()
  const ticks = across.ticks(10).filter(isLabelled(isLogarithmic))
  return isLogarithmic === true && to / from > 1000
    ? ticks.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6))
    : ticks
}

function draw({ points, color, isDashed, isFilled, isDots }: Line, across: Scale, up: Scale): Markup {
  const isThere = ([px, py]: readonly [number, number]): boolean =>
    Number.isFinite(across(px)) && Number.isFinite(up(py))
  const shown = points.filter(isThere)
  if (isDots === true || shown.length === 1) {
    return joined(
      shown.map(([px, py]) =>
        element('circle', { cx: round(across(px)), cy: round(up(py)), r: 4, fill: color, stroke: '#ffffff' }),
      ),
    )
  }
  const path = line<readonly [number, number]>(
    ([px]) => round(across(px)),
    ([, py]) => round(up(py)),
  ).defined(isThere)
  const under = area<readonly [number, number]>(
    ([px]) => round(across(px)),
    round(up.range()[0] ?? 0),
    ([, py]) => round(up(py)),
  ).defined(isThere)
  const stroke = {
    d: path([...points]) ?? '',
    fill: 'none',
    stroke: color,
    'stroke-width': 2,
    'stroke-dasharray': isDashed === true ? '6 4' : undefined,
  }
  return joined(
    isFilled === true ? element('path', { d: under([...points]) ?? '', fill: color, 'fill-opacity': 0.15 }) : undefined,
    element('path', stroke),
  )
}
