/** What all charts share: colors, text, the legend, and the axes with their grid. SVG that stands alone, drawn without a browser. */
import { element, joined, text, type Markup } from '../xml/write.js'

/** Told apart also by people who see fewer colors (Okabe and Ito). */
export const colors = ['#0072b2', '#d55e00', '#009e73', '#e69f00', '#cc79a7', '#56b4e9', '#7f7f7f', '#222222'] as const
const ink = '#24292f'
const faint = '#d8dee4'
const soft = '#57606a'

export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Place {
  readonly x: number
  readonly y: number
  readonly anchor?: 'start' | 'middle' | 'end'
}

export function label(
  words: string,
  { x, y, anchor = 'start' }: Place,
  look: { readonly size?: number; readonly bold?: boolean; readonly color?: string } = {},
): Markup {
  const { size = 12, bold = false, color = ink } = look
  return element(
    'text',
    {
      x: round(x),
      y: round(y),
      'text-anchor': anchor,
      'font-size': size,
      fill: color,
      'font-weight': bold ? 600 : undefined,
    },
    text(words),
  )
}

export function softLabel(words: string, place: Place): Markup {
  return label(words, place, { color: soft })
}

export function rule(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  color = faint,
): Markup {
  return element('line', { x1: round(from.x), y1: round(from.y), x2: round(to.x), y2: round(to.y), stroke: color })
}

export interface LegendEntry {
  readonly name: string
  readonly color: string
  readonly isDashed?: boolean
  readonly isDots?: boolean
}

/** From left to right. */
export function legend(entries: readonly LegendEntry[], x: number, y: number): Markup {
  let at = x
  const drawn = entries.map(({ name, color, isDashed, isDots }) => {
    const dot = element('circle', { cx: at + 9, cy: y - 4, r: 4, fill: color })
    const stroke = element('line', {
      x1: at,
      y1: y - 4,
      x2: at + 18,
      y2: y - 4,
      stroke: color,
      'stroke-width': 3,
      'stroke-dasharray': isDashed === true ? '5 3' : undefined,
    })
    const sample = isDots === true ? dot : stroke
    const words = label(name, { x: at + 24, y })
    at += 24 + widthOf(name) + 18
    return joined(sample, words)
  })
  return joined(drawn)
}

/** The whole picture. The title is part of it, so that it can be used alone. */
export function picture(
  title: string,
  { width, height }: { readonly width: number; readonly height: number },
  ...content: readonly Markup[]
): Markup {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif',
  }
  return element(
    'svg',
    attributes,
    element('title', {}, text(title)),
    element('rect', { width, height, fill: '#ffffff' }),
    label(title, { x: 16, y: 24 }, { size: 15, bold: true }),
    content,
  )
}

/** About what a text takes: there is nobody to measure it. */
export function widthOf(words: string): number {
  return words.length * 6.6
}

/** Tenths of a pixel are enough. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** 1234.5 as 1,235; small numbers with as many decimals as they need. */
export function number(value: number): string {
  const size = Math.abs(value)
  if (size === 0 || size >= 1e15) return String(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  const [whole = '', fraction] = value.toFixed(digits).split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  const rest = fraction?.replace(/0+$/, '') ?? ''
  return rest === '' ? grouped : `${grouped}.${rest}`
}
