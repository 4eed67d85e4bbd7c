/** Options of a function of the library, as callers in JavaScript give them: what would be ignored is refused, and named. */
import { nearest } from './nearest.js'

/** An option that is unknown, or has a value that it cannot have. */
export class OptionRefused extends TypeError {
  override readonly name = 'OptionRefused'
}

/** What a value must be, for people; undefined when it is that. */
export type OptionCheck = (value: unknown) => string | undefined

/**
 * Refuses what the function does not know. An option that is undefined was not given.
 * @param what the function, for the message
 * @throws OptionRefused
 */
export function requireOptions<Options extends object>(
  what: string,
  given: Options,
  checks: Readonly<Record<keyof Options & string, OptionCheck>>,
): void {
  const known = Object.keys(checks)
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, name)) throw new OptionRefused(`${what} has no option ${name}${meant(name, known)}`)
    const expected = value === undefined ? undefined : checks[name as keyof Options & string](value)
    if (expected !== undefined) throw new OptionRefused(`The option ${name} of ${what} is ${shown(value)}: ${expected}`)
  }
}

function meant(name: string, known: readonly string[]): string {
  const close = nearest(name, known)
  return close === undefined ? `: it has ${known.join(', ')}` : `: did you mean ${close}?`
}

function shown(value: unknown): string {
  return typeof value === 'object' || typeof value === 'function'
    ? `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
    : (JSON.stringify(value) ?? 'odd')
}

const must =
  (be: string, fits: (value: unknown) => boolean): OptionCheck =>
  (value) =>
    fits(value) ? undefined : `it must be ${be}`

export const anything: OptionCheck = () => undefined
export const flag = must('true or false', (value) => typeof value === 'boolean')
export const filledText = must('a text that is not empty', (value) => typeof value === 'string' && value !== '')
export const anyText = must('a text', (value) => typeof value === 'string')
export const aFunction = must('a function', (value) => typeof value === 'function')
export const anObject = must('an object', (value) => typeof value === 'object' && value !== null)

export function wholeNumber(lowest: number, highest: number): OptionCheck {
  const fits = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest
  return must(`a whole number from ${lowest} to ${highest}`, fits)
}

export function oneOf(...values: readonly unknown[]): OptionCheck {
  return must(values.map((value) => JSON.stringify(value)).join(' or '), (value) => values.includes(value))
}

/** A list, each item of which has these members and no other. */
export function listOf(members: Readonly<Record<string, OptionCheck>>, needed: readonly string[]): OptionCheck {
  return (value) => {
    if (!Array.isArray(value)) return 'it must be a list'
    return value.map((item: unknown) => wrongItem(item, members, needed)).find((wrong) => wrong !== undefined)
  }
}

function wrongItem(
  item: unknown,
  members: Readonly<Record<string, OptionCheck>>,
  needed: readonly string[],
): string | undefined {
  if (typeof item !== 'object' || item === null) return 'each item must be an object'
  const unknown = Object.keys(item).find((name) => !Object.hasOwn(members, name))
  if (unknown !== undefined) return `an item has the unknown ${unknown}${meant(unknown, Object.keys(members))}`
  const values = new Map<string, unknown>(Object.entries(item))
  const missing = needed.find((name) => values.get(name) === undefined)
  if (missing !== undefined) return `an item lacks ${missing}`
  for (const [name, check] of Object.entries(members)) {
    const expected = values.get(name) === undefined ? undefined : check(values.get(name))
    if (expected !== undefined) return `${name} of an item is ${shown(values.get(name))}: ${expected}`
  }
  return undefined
}

export function listOfTexts(...allowed: readonly string[]): OptionCheck {
  const fits = (item: unknown): boolean => typeof item === 'string' && (allowed.length === 0 || allowed.includes(item))
  return must(`a list of ${allowed.join(', ') || 'texts'}`, (value) => Array.isArray(value) && value.every(fits))
}

/**
 * What a file holds, as callers in JavaScript give it: a text has no bytes before somebody says in which encoding.
 * @param what the call, for the message
 * @throws OptionRefused
 */
export function requireBytes(what: string, given: unknown): void {
  if (given instanceof Uint8Array) return
  const other = given === undefined ? 'undefined' : shown(given)
  const instead = typeof given === 'string' ? 'a text: Buffer.from(text) has its bytes' : other
  throw new OptionRefused(`${what} takes bytes, as a Buffer or Uint8Array; given was ${instead}`)
}
