/** The table for people, the JSON for programs, and RESULTS.md for those who read on. */
import { cpus, loadavg, release, type } from 'node:os'
import type { Pinning } from './pinning.js'
import { chartNames } from './chart.js'
import { goalsOf, type Goal } from './goals.js'
import type { Answered, Row } from './question.js'
import { rounded } from './rounded.js'
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
  readonly answers: readonly Answered[]
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
  { title: 'mode', cell: ({ mode }) => String(mode ?? '') },
  { title: 'engine', cell: ({ engine }) => engine ?? '' },
  { title: 'per second', cell: ({ perSecond }) => rounded(perSecond?.median) },
  { title: 'seconds', cell: ({ seconds }) => rounded(seconds?.median) },
  { title: 'lowest–highest', cell: ({ perSecond, seconds }) => range(perSecond ?? seconds) },
  { title: 'p50 ms', cell: ({ p50 }) => rounded(p50) },
  { title: 'p99 ms', cell: ({ p99 }) => rounded(p99) },
  { title: 'CPU ms each', cell: ({ cpu }) => rounded(cpu?.median) },
  { title: '% more CPU (quartiles)', cell: ({ moreCpu }) => quartiles(moreCpu) },
  { title: 'least disturbed', cell: ({ moreCpuLeast }) => (moreCpuLeast === undefined ? '' : moreCpuLeast.toFixed(1)) },
  { title: 'RSS MiB', cell: ({ rss }) => (rss === undefined ? '' : rss.toFixed(0)) },
  { title: 'more MiB', cell: ({ moreRss }) => (moreRss === undefined ? '' : moreRss.toFixed(0)) },
  { title: '% of raw sign', cell: ({ share }) => rounded(share) },
  { title: '% of nginx', cell: ({ ofNginx }) => rounded(ofNginx) },
  { title: 'added p50 ms', cell: ({ addedP50 }) => rounded(addedP50) },
]

/** Figures to the right, text to the left. */
const leftColumns = ['what', 'engine', 'goal', 'at least or below', 'measured', 'reached']

/** Those with a figure in one of the rows. */
function columnsOf(rows: readonly Row[]): typeof columns {
  return columns.filter(({ cell }) => rows.some((row) => cell(row) !== ''))
}

/** For a terminal: what was asked, columns of equal width, and the goals. */
export function textReport({ answers }: Pick<Report, 'answers'>): string {
  const tables = answers.map(({ about, rows }) => {
    const shown = columnsOf(rows)
    return `${about}\n${aligned(
      shown.map(({ title }) => title),
      rows.map((row) => shown.map(({ cell }) => cell(row))),
    )}`
  })
  const goals = goalsOf(answers)
  const table = aligned(goalColumns, goals.map(goalCells))
  return [...tables, ...(goals.length === 0 ? [] : [`goals\n${table}`])].join('\n')
}

function aligned(titles: readonly string[], lines: readonly (readonly string[])[]): string {
  const cells = [titles, ...lines]
  const widths = titles.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  const pad = (text: string, index: number): string =>
    isLeft(titles[index]) ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0)
  return `${cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')}\n`
}

const isLeft = (title: string | undefined): boolean => leftColumns.includes(title ?? '')

const goalColumns = ['goal', 'at least or below', 'measured', 'reached']

function goalCells({ what, wanted, measured, isReached }: Goal): readonly string[] {
  return [what, wanted, measured, isReached === undefined ? 'cannot be told here' : isReached ? 'yes' : 'no']
}

/** What stands above and below the figures, so that they can be judged. */
export function circumstances({
  machine,
  date,
  command,
  connections,
  rounds,
  pinning,
  loadAfter,
  answers,
}: Report): readonly string[] {
  const where =
    pinning === null
      ? 'Node and load were not pinned to cores'
      : `Node on core ${pinning.nodeCore}, load on core ${pinning.loadCore}, unless a question takes all cores`
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, OpenSSL ${machine.openssl}, ${date}, \`${command}\``,
    `${where}; load average ${machine.loadBefore} before the run, ${loadAfter} at its end (the run itself is up to 2 of it); ${connections} connections; median of ${roundsOf(rounds, answers)}; no errors (a run with an error reports nothing).`,
  ]
}

/** `5 rounds (lab: 40)` */
function roundsOf(rounds: number, answers: readonly Answered[]): string {
  const others = answers.filter((answer) => answer.rounds !== undefined && answer.rounds !== rounds)
  const named = others.map((answer) => `${answer.name}: ${answer.rounds}`)
  return `${rounds} rounds${named.length === 0 ? '' : ` (${named.join(', ')})`}`
}

const profiles =
  '[of a license](README.md#where-the-time-of-a-license-goes), [of the balancer](README.md#where-the-time-of-the-balancer-goes), [of a second node](README.md#where-a-second-node-costs)'

export function markdown(report: Report): string {
  const [machine = '', conditions = ''] = circumstances(report)
  const goals = goalsOf(report.answers)
  const isMissed = goals.some(({ isReached }) => isReached === false)
  return [
    '# Results',
    '',
    'Written by `npm run bench`; what is measured and how to read it stands in [README.md](README.md).',
    '',
    `Machine: ${machine}`,
    '',
    conditions,
    '',
    ...(goals.length === 0 ? [] : ['## Goals', '', ...markdownTable(goalColumns, goals.map(goalCells)), '']),
    ...(isMissed ? [`Where the time goes that keeps what is not reached from its goal: ${profiles}.`, ''] : []),
    ...report.answers.flatMap(questionSection),
  ].join('\n')
}

function questionSection({ name, about, rows }: Answered): readonly string[] {
  const shown = columnsOf(rows)
  const table = markdownTable(
    shown.map(({ title }) => title),
    rows.map((row) => shown.map(({ cell }) => cell(row))),
  )
  const charts = chartNames({ name, rows }).map((chart) => `![${chart}](charts/${chart}.svg)`)
  return [`## ${name}`, '', `${about}.`, '', ...table, '', ...charts, '']
}

function markdownTable(titles: readonly string[], lines: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map((title) => (isLeft(title) ? '---' : '--:'))), ...lines.map(line)]
}

function range(spread: Spread | undefined): string {
  if (spread === undefined) return ''
  const { lowest, highest } = spread
  return `${rounded(lowest)}–${rounded(highest)}`
}

function quartiles(spread: Spread | undefined): string {
  if (spread === undefined) return ''
  const [median, lowest, highest] = [spread.median, spread.lowest, spread.highest].map((value) => value.toFixed(1))
  return `${median} (${lowest} to ${highest})`
}
