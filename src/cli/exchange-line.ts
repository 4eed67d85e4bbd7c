/** One exchange as a line for people, in columns; what does not fit is folded under it. */
import type { Paint } from '../explain/paint.js'
import type { ExchangeRecord } from './exchange.js'
import { clipped, wrapped } from './text-width.js'

/** Columns of characters; `reason` is 0 where reasons always stand under the line. */
interface Columns {
  readonly gap: string
  readonly server: number
  readonly operation: number
  readonly who: number
  readonly reason: number
}

const timeWidth = 8
const outcomeWidth = 7
const durationWidth = 7
/** A reason in less says nothing. */
const shortestReason = 8
export const narrowest = 60

/** What a terminal of that width has room for. */
function columnsFor(width: number): Columns {
  const [gap, server, operation, who] =
    width >= 120
      ? (['  ', 14, 27, 14] as const)
      : width >= 100
        ? (['  ', 12, 22, 10] as const)
        : width >= 80
          ? ([' ', 11, 22, 8] as const)
          : ([' ', 9, 17, 7] as const)
  const taken = timeWidth + server + operation + who + outcomeWidth + durationWidth + 6 * gap.length
  const left = width - taken
  return { gap, server, operation, who, reason: left < shortestReason ? 0 : left }
}

/**
 * Time, server, operation, who, outcome, why, how long.
 * @param width of the terminal; 60 is the least that is laid out for
 * @returns one line; more where a reason is longer than its column. None is longer than the width
 */
export function exchangeLines(record: ExchangeRecord, width: number, paint: Paint): readonly string[] {
  const columns = columnsFor(Math.max(width, narrowest))
  const { gap, reason: room } = columns
  const { inLine, below } = reasonOf(record, room)
  const cells = [
    paint.dim(clockTime(record.time)),
    clipped(record.server, columns.server).padEnd(columns.server),
    clipped(shortOperation(record.operation), columns.operation).padEnd(columns.operation),
    clipped(shortName(record.who), columns.who).padEnd(columns.who),
    outcomePaint(record, paint)(record.outcome.padEnd(outcomeWidth)),
    ...(room === 0 ? [] : [inLine.padEnd(room)]),
    paint.dim(durationOf(record.milliseconds).padStart(durationWidth)),
  ]
  const indent = ' '.repeat(timeWidth + gap.length)
  const folded = below === '' ? [] : wrapped(below, Math.max(width, narrowest) - indent.length)
  return [cells.join(gap).trimEnd(), ...folded.map((line) => `${indent}${paint.dim(line)}`)]
}

/** Whole in the line where there is room for it; otherwise its name there, and the rest below. */
function reasonOf(
  { exception, step, reason, status }: ExchangeRecord,
  room: number,
): { readonly inLine: string; readonly below: string } {
  const name = exception === undefined ? (status === undefined ? '' : String(status)) : shortException(exception)
  const rest = [step, reason].filter((part) => part !== undefined && part !== '').join(': ')
  const whole = [name, rest].filter((part) => part !== '').join(': ')
  if (whole.length <= room) return { inLine: whole, below: '' }
  if (room === 0) return { inLine: '', below: whole }
  return name.length <= room ? { inLine: name, below: rest } : { inLine: clipped(name, room), below: whole }
}

/** Served is good, refused is not; asking who calls is neither. */
function outcomePaint({ outcome }: ExchangeRecord, paint: Paint): (text: string) => string {
  switch (outcome) {
    case 'served':
      return paint.good
    case 'sign in':
      return paint.note
    case 'refused':
    case 'failed':
      return paint.bad
  }
}

/** Of the machine's own time zone. */
export function clockTime(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** A path without what all paths have. */
function shortOperation(operation: string): string {
  return operation.replace(/^\/_wmcs(?=\/)/, '').replace(/^\/(?:licensing|certification)\/(?=.)/, '')
}

/** `CONTOSO\alice` and `alice@contoso.test` are alice here: there is one domain. */
function shortName(who: string): string {
  return who.replace(/^[^\\]*\\/, '').replace(/@.*$/, '')
}

function shortException(exception: string): string {
  return exception.replace(/^.*[.:]/, '').replace(/Exception$/, '')
}

function durationOf(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ''
  if (milliseconds >= 9999.5) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${milliseconds >= 9.95 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`
}
