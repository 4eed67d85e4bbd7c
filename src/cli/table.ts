/** Rows of texts in columns, as wide as the place they are shown in. */
import { wrapped } from './text-width.js'

export interface TableShape {
  /** The first row names the columns. */
  readonly hasHeader?: boolean
  /** Characters; without limit when left out. */
  readonly width?: number
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
  { hasHeader = false, width = Infinity }: TableShape,
): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + gap, 0)
  const last = widths.at(-1) ?? 0
  if (before + last <= width) return rows.flatMap((row) => linesOf(row, widths, Infinity)).join('\n')
  const longestWord = Math.max(
    ...rows.flatMap((row) => (row[widths.length - 1] ?? '').split(' ').map((word) => word.length)),
  )
  const room = width - before
  if (room >= Math.max(Math.min(shortestLast, last), longestWord))
    return rows.flatMap((row) => linesOf(row, widths, room)).join('\n')
  const [header, body] = hasHeader ? [rows[0] ?? [], rows.slice(1)] : [[], rows]
  return body.map((row) => blockOf(row, header, width)).join('\n')
}

function linesOf(row: readonly string[], widths: readonly number[], room: number): readonly string[] {
  const cells = row.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0))
  const before = cells.map((cell) => cell + ' '.repeat(gap)).join('')
  const [first = '', ...others] = room === Infinity ? [row.at(-1) ?? ''] : wrapped(row.at(-1) ?? '', room, true)
  return [`${before}${first}`, ...others.map((line) => ' '.repeat(before.length) + line)]
}

function blockOf(row: readonly string[], header: readonly string[], width: number): string {
  const names = Math.max(0, ...header.slice(1).map((name) => name.length + gap))
  const others = row.slice(1).flatMap((cell, index) => {
    if (cell === '') return []
    const name = (header[index + 1] ?? '').padEnd(names)
    return wrapped(cell, width - gap - names, true).map(
      (line, at) => `${' '.repeat(gap)}${at === 0 ? name : ' '.repeat(names)}${line}`,
    )
  })
  return [row[0] ?? '', ...others].filter((line) => line !== '').join('\n')
}
