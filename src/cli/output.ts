/** What commands print: text for people on a terminal, JSON lines for programs. Results on stdout, everything else on stderr. */
import { plain, type Paint } from '../explain/paint.js'
import { paintFor } from './colors.js'
import { tableText, type TableShape } from './table.js'
import { folded } from './text-width.js'

export interface Output {
  readonly json: boolean
  /** A result: an object for programs, text for people. */
  result(value: object, text: string): void
  /** A result in words: long lines are broken between these, where a terminal would break them anywhere. */
  words(value: object, text: string): void
  /** Progress and hints, dim on a terminal; nothing of it with --json. */
  note(text: string): void
  readonly paint: Paint
}

export function createOutput(json: boolean): Output {
  const result = (value: object, text: string): void =>
    void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`)
  return {
    json,
    result,
    words: (value, text) => result(value, json ? text : folded(text, screenWidth())),
    note: (text) => {
      if (!json) process.stderr.write(`${paintFor(process.stderr).dim(folded(text, errorWidth()))}\n`)
    },
    paint: json ? plain : paintFor(process.stdout),
  }
}

/** A reader of our output that goes away (`| head -1`, a window that is closed) is no reason to stop: servers go on, and commands finish their work. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
}

/** Columns that line up, as wide as the terminal; in a pipe as wide as they are. */
export function table(
  rows: readonly (readonly string[])[],
  { hasHeader = false }: Pick<TableShape, 'hasHeader'> = {},
): string {
  return tableText(rows, { hasHeader, width: screenWidth() })
}

/** Characters of a line on stdout; Infinity where it is no terminal. */
export function screenWidth(): number {
  return widthOf(process.stdout)
}

/** Characters of a line on stderr. */
export function errorWidth(): number {
  return widthOf(process.stderr)
}

function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY && columns > 0 ? Math.max(columns, 40) : Infinity
}
