/** Rows of texts in columns, as wide as the place they are shown in. */
import { wrapped } from './text-width.js'

export interface TableShape {
  /** The first row names the columns. */
  readonly hasHeader?: boolean
  /** Characters; without limit when left out. */
  readonly width?: number
  /** Colors for a line of a cell of the last column, of that row; they have no width. */
  readonly paintLast?: (text: string, row: number) => string
}

const gap = 2
/** A last column that is narrower is not read. */
const shortestLast = 20

/**
 * Columns that line up. Where they do not fit, the last one wraps under itself; where that leaves too little of it, each row is shown as a block: the
 * first cell, and the others under it, each on a line. No word is broken.
 */
export function tableText(
  rows: readonly (readonly string[])[],
  { hasHeader = false, width = Infinity, paintLast = (text) => text }: TableShape,
): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const paintOf = (row: number) => (text: string) => paintLast(text, row)
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + gap, 0)
  const last = widths.at(-1) ?? 0
  if (before + last <= width) return rows.flatMap((row, at) => linesOf(row, widths, Infinity, paintOf(at))).join('\n')
  const longestWord = Math.max(
    ...rows.flatMap((row) => (row[widths.length - 1] ?? '').split(' ').map((word) => word.length)),
  )
  const room = width - before
  if (room >= Math.max(Math.min(shortestLast, last), longestWord))
    return rows.flatMap((row, at) => linesOf(row, widths, room, paintOf(at))).join('\n')
  const first = hasHeader ? 1 : 0
  const [header, body] = hasHeader ? [rows[0] ?? [], rows.slice(1)] : [[], rows]
  return body.map((row, at) => blockOf(row, header, width, paintOf(first + at))).join('\n')
}

type PaintText = (text: string) => string

function linesOf(row: readonly string[], widths: readonly number[], room: number, paint: PaintText): readonly string[] {
  const cells = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0))
  const before = cells.map((cell) => cell + ' '.repeat(gap)).join('')
  const [first = '', ...others] = room === Infinity ? [row.at(-1) ?? ''] : wrapped(row.at(-1) ?? '', room, true)
  return [`${before}${paint(first)}`, ...others.map((line) => ' '.repeat(before.length) + paint(line))]
}

/** Cells may be padded to line up with another table: in a block nothing stands beside them. */
function blockOf(row: readonly string[], header: readonly string[], width: number, paint: PaintText): string {
  const titles = header.slice(1).map((name) => name.trim())
  const names = Math.max(0, ...titles.map((name) => name.length + gap))
  const last = row.length - 2
  const others = row.slice(1).flatMap((padded, index) => {
    const cell = padded.trim()
    if (cell === '') return []
    const name = (titles[index] ?? '').padEnd(names)
    return wrapped(cell, width - gap - names, true).map(
      (line, at) => `${' '.repeat(gap)}${at === 0 ? name : ' '.repeat(names)}${index === last ? paint(line) : line}`,
    )
  })
  return [(row[0] ?? '').trimEnd(), ...others].filter((line) => line !== '').join('\n')
}
