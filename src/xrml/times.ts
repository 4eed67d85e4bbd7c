/** Times of XrML documents: UTC, to the minute, `YYYY-MM-DDTHH:MM` ([MS-RMPR] 2.2.9.1.1 to 2.2.9.1.3). */
import { child, type XmlElement } from '../xml/read.js'
import { element, text, type Markup } from '../xml/write.js'

/** Half-open: from `from` inclusive to `until` exclusive. */
export interface TimeRange {
  readonly from: Date
  readonly until: Date
}

/**
 * Seconds that the clocks of those who take part may differ, as in Windows domains and .NET. A beginning is written that much earlier, and counts that much
 * earlier where it is checked. An end is never moved: what has ended has ended.
 */
export const clockTolerance = 300

/** The minute that `time` lies in. */
export function formatTime(time: Date): string {
  return time.toISOString().slice(0, 16)
}

/** Seconds, parts of seconds and a final Z are accepted; undefined for anything else. */
export function parseTime(value: string | undefined): Date | undefined {
  const match = /^\s*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(?:\.\d{1,9})?Z?\s*$/.exec(value ?? '')
  if (match === null) return undefined
  const time = new Date(`${match[1]}${match[2] ?? ':00'}Z`)
  // Date turns the 30th of February into March and 24:00 into the next day: only a time that is written as it was read counts.
  return !Number.isNaN(time.getTime()) && formatTime(time) === match[1] ? time : undefined
}

/** Whether what begins then has begun, to somebody whose clock says `time` and may be behind. */
export function hasBegun(from: Date, time: Date): boolean {
  return from <= addSeconds(time, clockTolerance)
}

export function isWithin(range: TimeRange, time: Date): boolean {
  return hasBegun(range.from, time) && time < range.until && range.from < range.until
}

/** The beginning to write for what holds from `time` on: those whose clocks are behind ours can use it at once. */
export function beginningAt(time: Date): Date {
  return toMinute(addSeconds(time, -clockTolerance))
}

/** FROM and UNTIL inside `parent` (VALIDITYTIME or RANGETIME); undefined when one is missing or malformed. */
export function readRange(parent: XmlElement | undefined): TimeRange | undefined {
  const from = parseTime(child(parent, 'FROM')?.text)
  const until = parseTime(child(parent, 'UNTIL')?.text)
  return from === undefined || until === undefined ? undefined : { from, until }
}

export function rangeElement(name: 'VALIDITYTIME' | 'RANGETIME', range: TimeRange): Markup {
  return element(
    name,
    {},
    element('FROM', {}, text(formatTime(range.from))),
    element('UNTIL', {}, text(formatTime(range.until))),
  )
}

export function issuedTimeElement(time: Date): Markup {
  return element('ISSUEDTIME', {}, text(formatTime(time)))
}

/** Cut to the minute, as it will be written. */
export function toMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 60_000) * 60_000)
}

export function addSeconds(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000)
}

export const secondsPerDay = 86_400
