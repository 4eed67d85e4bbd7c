/** The table for people, the JSON for programs, and RESULTS.md for those who read on. */
import { cpus, loadavg, release, type } from 'node:os'
import type { Pinning } from './pinning.js'
import type { Row } from './question.js'
import type { Spread } from './spread.js'

export interface Report {
  /** As typed. */
  readonly command: string
  /** ISO 8601. */
  readonly date: string
  readonly machine: Machine
  readonly connections: number
  readonly rounds: number
  readonly pinning: Pinning | null
  /** Load average of one minute at the end; the run itself adds two at most. */
  readonly loadAfter: number
  readonly rows: readonly Row[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly system: string
  readonly node: string
  readonly openssl: string
  /** Load average of one minute before the run: what others did. */
  readonly loadBefore: number
}

export function thisMachine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown CPU',
    cores: cores.length,
    system: `${type()} ${release()}`,
    node: process.version,
    openssl: process.versions.openssl,
    loadBefore: loadNow(),
  }
}

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100
}

const columns: readonly { readonly title: string; readonly cell: (row: Row) => string }[] = [
  { title: 'what', cell: ({ what }) => what },
  { title: 'mode', cell: ({ mode }) => String(mode) },
  { title: 'engine', cell: ({ engine }) => engine },
  { title: 'per second', cell: ({ perSecond }) => rounded(perSecond?.median) },
  { title: 'seconds', cell: ({ seconds }) => rounded(seconds?.median) },
  { title: 'lowest–highest', cell: ({ perSecond, seconds }) => range(perSecond ?? seconds) },
  { title: 'p50 ms', cell: ({ p50 }) => rounded(p50) },
  { title: 'p99 ms', cell: ({ p99 }) => rounded(p99) },
  { title: 'CPU ms each', cell: ({ cpu }) => rounded(cpu?.median) },
  { title: 'RSS MiB', cell: ({ rss }) => (rss === undefined ? '' : rss.toFixed(0)) },
  { title: '% of raw sign', cell: ({ share }) => rounded(share) },
]

/** Figures to the right, text to the left. */
const leftColumns = ['what', 'engine']

/** Columns of equal width, for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  const pad = (text: string, index: number): string =>
    leftColumns.includes(columns[index]?.title ?? '') ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0)
  return `${cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')}\n`
}

/** What stands above and below the figures, so that they can be judged. */
export function circumstances({ machine, date, command, connections, rounds, pinning, loadAfter }: Report): readonly string[] {
  const where = pinning === null ? 'Node and load were not pinned to cores' : `Node on core ${pinning.nodeCore}, load on core ${pinning.loadCore}`
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, OpenSSL ${machine.openssl}, ${date}, \`${command}\``,
    `${where}; load average ${machine.loadBefore} before the run, ${loadAfter} at its end (the run itself is up to 2 of it); ${connections} connections; median of ${rounds} rounds; no errors (a run with an error reports nothing).`,
  ]
}

export function markdown(report: Report): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const [machine = '', conditions = ''] = circumstances(report)
  return [
    '# Results',
    '',
    'Written by `npm run bench`; what is measured and how to read it stands in [README.md](README.md).',
    '',
    `Machine: ${machine}`,
    '',
    conditions,
    '',
    line(columns.map(({ title }) => title)),
    line(columns.map(({ title }) => (leftColumns.includes(title) ? '---' : '--:'))),
    ...report.rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
    '',
  ].join('\n')
}

/** Three figures are all that such a measurement is good for; whole numbers from 100 on. */
function rounded(value: number | undefined): string {
  if (value === undefined) return ''
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function range(spread: Spread | undefined): string {
  if (spread === undefined) return ''
  const { lowest, highest } = spread
  return `${rounded(lowest)}–${rounded(highest)}`
}
