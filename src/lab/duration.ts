/** Durations of ISO 8601, such as `PT5M`, `-P1D` and `P1Y2M10DT2H30M`: with years and months as the calendar has them, in UTC. */
import { LabInputError } from './input-error.js'
import { shown } from './json-object.js'

export interface Duration {
  /** -1 goes back. */
  readonly sign: 1 | -1
  readonly years: number
  readonly months: number
  readonly weeks: number
  readonly days: number
  readonly hours: number
  readonly minutes: number
  /** To the millisecond. */
  readonly seconds: number
}

const none: Duration = { sign: 1, years: 0, months: 0, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 }

const form =
  /^([+-])?P(?=\d|T\d)(?:(\d{1,7})Y)?(?:(\d{1,7})M)?(?:(\d{1,7})W)?(?:(\d{1,7})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,3})?)S)?)?$/

/**
 * @param text ISO 8601, with a sign before it where it goes back: `PT5M`, `-PT5M`, `P366D`
 * @param what names the value in errors, such as `"by" of the clock`
 * @throws LabInputError when it is no duration: the error says how it is written
 */
export function parseDuration(text: unknown, what: string): Duration {
  const match = typeof text === 'string' ? form.exec(text) : null
  if (match === null) throw noDuration(text, what)
  const [, sign, years, months, weeks, days, hours, minutes, seconds] = match
  const number = (digits: string | undefined): number => Number((digits ?? '0').replace(',', '.'))
  return {
    sign: sign === '-' ? -1 : 1,
    years: number(years),
    months: number(months),
    weeks: number(weeks),
    days: number(days),
    hours: number(hours),
    minutes: number(minutes),
    seconds: number(seconds),
  }
}

/** The shortest form: parts that are zero are left out. */
export function formatDuration({ sign, years, months, weeks, days, hours, minutes, seconds }: Duration): string {
  const part = (value: number, letter: string): string => (value === 0 ? '' : `${value}${letter}`)
  const date = part(years, 'Y') + part(months, 'M') + part(weeks, 'W') + part(days, 'D')
  const time = part(hours, 'H') + part(minutes, 'M') + part(seconds, 'S')
  if (date === '' && time === '') return 'PT0S'
  return `${sign === -1 ? '-' : ''}P${date}${time === '' ? '' : `T${time}`}`
}

/** The duration of so many milliseconds, in days and less. */
export function durationOf(milliseconds: number): Duration {
  const whole = Math.abs(Math.round(milliseconds))
  return {
    ...none,
    sign: milliseconds < 0 ? -1 : 1,
    days: Math.floor(whole / msPerDay),
    hours: Math.floor((whole % msPerDay) / msPerHour),
    minutes: Math.floor((whole % msPerHour) / msPerMinute),
    seconds: (whole % msPerMinute) / 1000,
  }
}

/**
 * @param times how often it is gone, 1 unless told
 * @returns the instant; an invalid Date where the calendar ends. A month later than the 31st of January is the last of February.
 */
export function addDuration(instant: Date, duration: Duration, times = 1): Date {
  const factor = duration.sign * times
  const months = factor * (12 * duration.years + duration.months)
  return new Date(addMonths(instant, months).getTime() + factor * fixedPart(duration))
}

/** Milliseconds of it where it has no years and months; undefined otherwise: how long they are says the calendar. */
export function millisecondsOf(duration: Duration): number | undefined {
  return duration.years === 0 && duration.months === 0 ? duration.sign * fixedPart(duration) : undefined
}

const msPerMinute = 60_000
const msPerHour = 60 * msPerMinute
const msPerDay = 24 * msPerHour

function fixedPart({ weeks, days, hours, minutes, seconds }: Duration): number {
  return (7 * weeks + days) * msPerDay + hours * msPerHour + minutes * msPerMinute + Math.round(1000 * seconds)
}

function addMonths(instant: Date, months: number): Date {
  if (months === 0) return instant
  const moved = new Date(instant)
  moved.setUTCDate(1)
  moved.setUTCMonth(instant.getUTCMonth() + months)
  const last = new Date(moved)
  last.setUTCMonth(moved.getUTCMonth() + 1, 0)
  moved.setUTCDate(Math.min(instant.getUTCDate(), last.getUTCDate()))
  return moved
}

function noDuration(value: unknown, what: string): LabInputError {
  if (value === undefined) return new LabInputError(`${what} is missing: a duration of ISO 8601, such as PT5M or P366D`)
  const meant = typeof value === 'string' ? nearestDuration(value) : undefined
  const hint =
    meant === undefined
      ? 'Write one of ISO 8601, such as PT5M, -PT30S or P366D'
      : `Did you mean "${meant}"? Hours, minutes and seconds stand behind a T`
  return new LabInputError(`${what} is no duration: ${shown(value)}. ${hint}`)
}

const unitNames: readonly (readonly [keyof Duration, RegExp])[] = [
  ['years', /^y(ears?|rs?)?$/],
  ['months', /^mon?(ths?)?$/],
  ['weeks', /^w(eeks?|ks?)?$/],
  ['days', /^d(ays?)?$/],
  ['hours', /^h(ours?|rs?)?$/],
  ['minutes', /^m(in|ins|inutes?)?$/],
  ['seconds', /^s(ec|ecs|econds?)?$/],
]

/** What is meant by `5m`, `366 days`, `PT-5M`, `P5H` and `PT1D`. */
function nearestDuration(text: string): string | undefined {
  const match = /^\s*([+-]?)\s*(P?)\s*(T?)\s*([+-]?)((?:\s*T?\s*\d{1,7}\s*[A-Z]+)+)\s*$/i.exec(text.slice(0, 100))
  if (match === null) return undefined
  const [, sign, p, t, innerSign, parts = ''] = match
  const found: Partial<Record<keyof Duration, number>> = {}
  // `5m` alone are minutes, `P5M` are months.
  let isTime = t !== '' || p === ''
  for (const [, mark, digits, word = ''] of parts.matchAll(/(T?)\s*(\d+)\s*([A-Z]+?)(?=\s*T?\s*\d|\s*$)/gi)) {
    isTime ||= mark !== ''
    const unit = unitOf(word.toLowerCase(), isTime)
    if (unit === undefined) return undefined
    found[unit] = Number(digits)
  }
  return formatDuration({ ...none, ...found, sign: `${sign}${innerSign}`.includes('-') ? -1 : 1 })
}

function unitOf(word: string, isTime: boolean): keyof Duration | undefined {
  if (word === 'm' && !isTime) return 'months'
  return unitNames.find(([, name]) => name.test(word))?.[0]
}
