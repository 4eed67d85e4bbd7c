/** Instants of the lab: ISO 8601 in UTC or with an offset, within the years that documents and protocols can write. */
import { LabInputError } from './input-error.js'
import { shown } from './json-object.js'

/** NTLM counts from 1601, XrML writes four digits of a year: what is issued for years still has to end before them. */
const earliest = Date.UTC(1970, 0, 1)
const latest = Date.UTC(9000, 0, 1)

const form = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d{1,3})?(Z|[+-]\d{2}:\d{2})$/

/**
 * @param text such as `2026-01-01T00:00:00Z` or `2026-01-01T01:00+01:00`
 * @param what names the value in errors, such as `"at" of the clock`
 * @throws LabInputError when it is no instant, or before 1970 or after 8999
 */
export function parseInstant(text: unknown, what: string): Date {
  if (text === undefined) throw new LabInputError(`${what} is missing: an instant, such as 2026-01-01T00:00:00Z`)
  const instant = typeof text === 'string' ? read(text) : undefined
  if (instant === undefined) {
    const meant = typeof text === 'string' ? nearestInstant(text) : undefined
    const hint = meant === undefined ? 'Write one as 2026-01-01T00:00:00Z' : `Did you mean "${meant}"?`
    throw new LabInputError(`${what} is no instant: ${shown(text)}. ${hint}`)
  }
  return requireInReach(instant, what)
}

/** @throws LabInputError before 1970 and after 8999 */
export function requireInReach(instant: Date, what: string): Date {
  if (instant.getTime() >= earliest && instant.getTime() < latest) return instant
  throw new LabInputError(`${what} leads out of the years 1970 to 8999, in which this lab can live`)
}

/** As it is written: to the second where it is a whole one. */
export function formatInstant(instant: Date): string {
  return instant.toISOString().replace('.000Z', 'Z')
}

function read(text: string): Date | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [, date = '', time = '', seconds = ':00', fraction = '', zone = ''] = match
  const written = `${date}T${time}${seconds}`
  const asUtc = new Date(`${written}Z`)
  // Date turns the 30th of February into March, and 24:00 into the next day.
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString().slice(0, 19) !== written) return undefined
  const instant = new Date(`${written}${fraction}${zone}`)
  return Number.isNaN(instant.getTime()) ? undefined : instant
}

/** A day alone, a blank for the T, no zone: in UTC. */
function nearestInstant(text: string): string | undefined {
  const match = /^\s*(\d{4}-\d{2}-\d{2})(?:[T ]\s*(\d{2}:\d{2})(:\d{2})?(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*$/i.exec(
    text,
  )
  if (match === null) return undefined
  const [, date, time = '00:00', seconds = ':00', , zone = 'Z'] = match
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  const meant = `${date}T${time}${seconds}${offset}`
  return read(meant) === undefined ? undefined : meant
}
