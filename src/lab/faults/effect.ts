/** What becomes of an answer that a fault touches. */
import { nearest } from '../../config/nearest.js'
import { exceptions, type ExceptionKey } from '../../exceptions.js'
import { restExceptions, type RestExceptionKey } from '../../rest-exceptions.js'
import { millisecondsOf, parseDuration } from '../duration.js'
import { LabInputError } from '../input-error.js'
import { readChoice, readObject, shown, type JsonObject } from '../json-object.js'
import { documentFaults, type DocumentFault } from './document-fault.js'

export type Effect =
  /** The operation is refused, over SOAP and REST. */
  | { readonly exception: ExceptionKey }
  /** The operation is refused over REST. */
  | { readonly code: RestExceptionKey }
  /** The status, and WWW-Authenticate where there is a challenge. */
  | { readonly http: number; readonly challenge?: string }
  /** The answer comes that much later: ISO 8601. */
  | { readonly delay: string | Spread }
  /** The connection is cut, before there is any answer. */
  | { readonly reset: true }
  /** The connection is cut after that many bytes of the body of the answer. */
  | { readonly truncate: number }
  /** There is no answer while the fault is set. */
  | { readonly hang: true }
  /** A good answer with a bad document. */
  | { readonly document: DocumentFault }

/** Delays that scatter as those of real servers do (log-normal): half of them are shorter than the median. */
export interface Spread {
  /** ISO 8601. */
  readonly median: string
  /** 0 for none; 0.5 makes one of six 1.65 times the median or more. */
  readonly sigma: number
}

const forms = ['exception', 'code', 'http', 'delay', 'reset', 'truncate', 'hang', 'document'] as const
type Form = (typeof forms)[number]

/** Longer waits end connections everywhere. */
export const longestDelay = 600_000
const mostTruncated = 100_000_000
const largestSigma = 3

/** @throws LabInputError */
export function parseEffect(value: unknown): Effect {
  const given = readObject(value, '"effect" of the fault', [...forms, 'challenge'])
  const named = forms.filter((form) => given[form] !== undefined)
  const [form] = named
  if (form === undefined || named.length > 1)
    throw new LabInputError(
      `"effect" of the fault must have one of ${forms.join(', ')}; it has ${form === undefined ? 'none' : named.join(' and ')}`,
    )
  if (given['challenge'] !== undefined && form !== 'http')
    throw new LabInputError(`"challenge" of the effect goes with "http" only, such as {"http":401,"challenge":"NTLM"}`)
  return readers[form](given)
}

const readers: Readonly<Record<Form, (given: JsonObject) => Effect>> = {
  exception: ({ exception }) => ({ exception: readName(exception, 'exception', exceptionNames()) as ExceptionKey }),
  code: ({ code }) => ({ code: readName(code, 'code', codeNames()) as RestExceptionKey }),
  http: ({ http, challenge }) => readHttp(http, challenge),
  delay: ({ delay }) => ({ delay: readDelay(delay, '"delay" of the effect') }),
  reset: ({ reset }) => ({ reset: readTrue(reset, 'reset') }),
  truncate: ({ truncate }) => ({ truncate: readBytes(truncate) }),
  hang: ({ hang }) => ({ hang: readTrue(hang, 'hang') }),
  document: ({ document }) => ({ document: readChoice(document, '"document" of the effect', documentFaults) }),
}

/** Every way to write a name, with the one of the table. */
type Names = ReadonlyMap<string, string>

function exceptionNames(): Names {
  return namesOf(Object.entries(exceptions).map(([key, { name }]) => [key, name]))
}

function codeNames(): Names {
  return namesOf(Object.entries(restExceptions).map(([key, { code }]) => [key, code]))
}

/** `InvalidPersonaCertTime`, with `Exception` behind it, and in full. The first key counts where two have one long name. */
function namesOf(rows: readonly (readonly [string, string])[]): Names {
  const names = new Map<string, string>()
  for (const [key, long] of rows) {
    const short = long.slice(long.lastIndexOf('.') + 1)
    for (const name of [key, short, long]) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), key)
  }
  return names
}

function readName(value: unknown, member: string, names: Names): string {
  const found = typeof value === 'string' ? names.get(value.toLowerCase()) : undefined
  if (found !== undefined) return found
  const keys = [...new Set(names.values())]
  const meant = typeof value === 'string' ? nearest(value.replace(/exception$/i, ''), keys) : undefined
  const hint = meant === undefined ? `it is one of ${keys.join(', ')}` : `did you mean "${meant}"?`
  throw new LabInputError(`"${member}" of the effect cannot be ${shown(value)}: ${hint}`)
}

function readHttp(http: unknown, challenge: unknown): Effect {
  if (typeof http !== 'number' || !Number.isInteger(http) || http < 400 || http > 599)
    throw new LabInputError(`"http" of the effect is ${shown(http)}: it must be a status from 400 to 599`)
  if (challenge === undefined) return { http }
  if (http !== 401) throw new LabInputError(`"challenge" of the effect goes with the status 401, not with ${http}`)
  if (typeof challenge !== 'string' || !/^[\x20-\x7e]{1,200}$/.test(challenge) || challenge.trim() === '')
    throw new LabInputError(
      `"challenge" of the effect is ${shown(challenge)}: it must be the value of WWW-Authenticate, such as NTLM`,
    )
  return { http, challenge }
}

/**
 * @param what names the value in errors
 * @throws LabInputError
 */
export function readDelay(value: unknown, what: string): string | Spread {
  if (typeof value === 'string' || value === undefined) return readDuration(value, what)
  const { median, sigma } = readObject(value, what, ['median', 'sigma'])
  if (typeof sigma !== 'number' || !(sigma >= 0 && sigma <= largestSigma))
    throw new LabInputError(`"sigma" of the delay is ${shown(sigma)}: it must be a number from 0 to ${largestSigma}`)
  return { median: readDuration(median, '"median" of the delay'), sigma }
}

function readDuration(value: unknown, what: string): string {
  const milliseconds = millisecondsOf(parseDuration(value, what))
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds <= longestDelay) return String(value)
  throw new LabInputError(`${what} is ${shown(value)}: it must be longer than nothing, and at most PT10M`)
}

function readTrue(value: unknown, member: string): true {
  if (value === true) return true
  throw new LabInputError(`"${member}" of the effect is ${shown(value)}: write true`)
}

function readBytes(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostTruncated) return value
  throw new LabInputError(
    `"truncate" of the effect is ${shown(value)}: it must be a whole number of bytes from 0 to ${mostTruncated}`,
  )
}

/** Whether no other fault can do anything behind it. */
export function endsAnswer(effect: Effect): boolean {
  return 'exception' in effect || 'code' in effect || 'http' in effect || 'reset' in effect
}

/**
 * How long the answer is kept, in milliseconds.
 * @param draw numbers from 0 up to 1, a different one for each purpose
 */
export function delayOf(delay: string | Spread, draw: (purpose: string) => number): number {
  if (typeof delay === 'string') return milliseconds(delay)
  const spread = Math.exp(delay.sigma * normal(draw('radius'), draw('angle')))
  return Math.min(longestDelay, milliseconds(delay.median) * spread)
}

function milliseconds(duration: string): number {
  return millisecondsOf(parseDuration(duration, 'The delay')) ?? 0
}

/** Box and Muller: two numbers from 0 up to 1 to one of the standard normal distribution. */
function normal(first: number, second: number): number {
  return Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second)
}
