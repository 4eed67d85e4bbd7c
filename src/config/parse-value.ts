/** One setting's value from text to its type, and back to text for people. */
import { trustedProxiesOf } from '../http/trusted-proxies.js'
import { parseCapacity } from '../sizing/emulated-server.js'
import { publishedServers } from '../sizing/published-figures.js'
import { forestNameProblem } from './forest-name.js'
import type { OptionRow, Pair } from './options.js'
import { objectionToSeed } from './seed-text.js'

export type SettingValue = string | number | boolean | readonly Pair<string | number>[] | undefined

/** A value that the setting cannot have; the message says what it can. Where it came from is added by `loadSettings`. */
export class BadValue extends Error {
  override readonly name = 'BadValue'
}

/**
 * @param texts what was given: one text, or several for a repeatable setting
 * @throws BadValue
 */
export function parseValue(row: OptionRow, texts: readonly string[]): SettingValue {
  if (row.type === 'pairs') return parsePairs(row, texts)
  const text = texts.at(-1) ?? ''
  if (row.type === 'integer') return parseInteger(text, row.minimum, row.maximum)
  if (row.type === 'number') return parseNumber(text, row.minimum, row.maximum)
  if (row.type === 'boolean') return parseBoolean(text)
  if (row.type === 'choice') return parseChoice(text, row.choices)
  if (text === '') throw new BadValue('must not be empty')
  requireFormat(row, text)
  if (row.listOf !== undefined) requireItems(text, row.listOf)
  return text
}

function requireFormat({ format }: OptionRow & { type: 'string' }, text: string): void {
  if (format === 'url') requireHttp(text)
  if (format === 'header' && !/^[\x21-\x7e]{1,200}$/.test(text))
    throw new BadValue('must be 1 to 200 printable ASCII characters without spaces')
  if (format === 'capacity' && parseCapacity(text) === undefined) {
    throw new BadValue(
      `must be operations per second, such as 50 or 12.5, or ${publishedServers.map(({ name }) => name).join(' or ')}`,
    )
  }
  if (format === 'proxies') requireProxies(text)
  if (format === 'seed') {
    const objection = objectionToSeed(text)
    if (objection !== undefined) throw new BadValue(objection)
  }
  if (format === 'forest') requireForestName(text)
}

function parseChoice(text: string, choices: readonly (string | number)[]): string | number {
  const choice = choices.find((candidate) => String(candidate) === text)
  if (choice === undefined) throw new BadValue(`must be one of ${choices.join(', ')}`)
  return choice
}

function parseInteger(text: string, minimum: number, maximum: number): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw new BadValue(
    minimum === maximum ? `must be ${minimum}` : `must be a whole number from ${minimum} to ${maximum}`,
  )
}

function parseNumber(text: string, minimum: number, maximum: number): number {
  const value = /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw new BadValue(`must be a number from ${minimum} to ${maximum}`)
}

function parseBoolean(text: string): boolean {
  const lower = text.toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(lower)) return true
  if (['false', '0', 'no', 'off'].includes(lower)) return false
  throw new BadValue('must be true or false')
}

function requireHttp(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new BadValue('must be a URL with http:// or https://')
}

function requireProxies(text: string): void {
  try {
    trustedProxiesOf(text)
  } catch (error) {
    throw new BadValue(`must be a list of addresses and ranges, with commas; ${(error as Error).message}`)
  }
}

function requireForestName(text: string): void {
  const problem = forestNameProblem(text)
  if (problem !== undefined) throw new BadValue(problem)
}

function requireItems(text: string, known: readonly string[]): void {
  const strange = text.split(',').find((item) => !known.includes(item))
  if (strange !== undefined) throw new BadValue(`must be a list, with commas, of some of ${known.join(', ')}`)
}

function parsePairs(row: OptionRow & { type: 'pairs' }, texts: readonly string[]): readonly Pair<string | number>[] {
  const pairs = texts.map((text): Pair<string | number> => {
    const equals = text.indexOf('=')
    if (equals < 0 && row.alone !== undefined && text.trim() !== '') return { key: text.trim(), value: row.alone }
    const key = text.slice(0, equals).trim()
    const value = text.slice(equals + 1).trim()
    if (equals < 1 || key === '' || value === '') throw new BadValue(`must look like ${row.placeholder ?? 'KEY=VALUE'}`)
    if (row.format === 'url') requireHttp(value)
    if (row.values === 'string') return { key, value }
    try {
      return { key, value: parseInteger(value, row.minimum ?? 0, row.maximum ?? Number.MAX_SAFE_INTEGER) }
    } catch (error) {
      throw new BadValue(`must look like ${row.placeholder ?? 'KEY=VALUE'}; ${value} ${(error as Error).message}`)
    }
  })
  if (row.values === 'integer') {
    const keys = pairs.map(({ key }) => key.toLowerCase())
    const twice = keys.find((key, index) => keys.indexOf(key) < index)
    if (twice !== undefined) throw new BadValue(`must not name ${twice} twice`)
  }
  return pairs
}

/** For help, documentation and lists of origins: '' for a value that is not there. */
export function showValue(value: SettingValue): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.map((pair) => `${pair.key}=${pair.value}`).join(', ') : String(value)
}
