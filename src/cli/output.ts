/** What commands print: text for people on a terminal, JSON lines for programs. Results on stdout, everything else on stderr. */
import pc from 'picocolors'
import { plain, type Paint } from '../explain/paint.js'

export interface Output {
  readonly json: boolean
  /** A result: an object for programs, text for people. */
  result(value: object, text: string): void
  /** Progress and hints, dim on a terminal; nothing of it with --json. */
  note(text: string): void
  readonly paint: Paint
}

const colors: Paint = { good: pc.green, bad: pc.red, note: pc.yellow, dim: pc.dim, strong: pc.bold }

/** Colors only on a terminal that wants them (picocolors knows NO_COLOR and the like). */
export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, text) => void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`),
    note: (text) => {
      if (!json) process.stderr.write(`${pc.isColorSupported && process.stderr.isTTY ? pc.dim(text) : text}\n`)
    },
    paint: !json && pc.isColorSupported && process.stdout.isTTY ? colors : plain,
  }
}

/** A reader of our output that goes away (`| head -1`) is no reason to stop: servers go on, and commands finish their work. */
export function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** Columns that line up. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n')
}
