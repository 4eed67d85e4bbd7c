/** When a fault strikes, of the requests that it matches. */
import { createHash } from 'node:crypto'
import { formatInstant, parseInstant } from '../instant.js'
import { LabInputError } from '../input-error.js'
import { readObject, shown, type JsonObject } from '../json-object.js'

/** Nothing in it: always. */
export type When =
  | { readonly next: number; readonly after?: number }
  | { readonly every: number; readonly after?: number }
  | { readonly chance: number; readonly after?: number }
  | { readonly from?: string; readonly to?: string }
  /** Only when a request asks for the fault by X-Lab-Fault. */
  | { readonly asked: true }

/** So many that the fault matches go by first with `after`: the third alone is `{"next":1,"after":2}`. */
const forms = ['next', 'every', 'chance'] as const
const members = [...forms, 'after', 'from', 'to', 'asked'] as const
const most = 1_000_000_000

/** @throws LabInputError */
export function parseWhen(value: unknown): When {
  if (value === undefined) return {}
  const given = readObject(value, '"when" of the fault', members)
  const named = forms.filter((form) => given[form] !== undefined)
  if (given['asked'] !== undefined) return readAsked(given)
  const hasTimes = given['from'] !== undefined || given['to'] !== undefined
  if (named.length + (hasTimes ? 1 : 0) > 1 || (hasTimes && given['after'] !== undefined))
    throw new LabInputError(
      `"when" of the fault says ${shown(value)}: it takes one of next, every and chance (with after, if you like), or from and to`,
    )
  if (hasTimes) return readTimes(given)
  const [form] = named
  if (form === undefined) {
    if (given['after'] === undefined) return {}
    throw new LabInputError(
      '"after" of the when goes with next, every or chance: it says how many requests go by first',
    )
  }
  const after = given['after'] === undefined ? {} : { after: readCount(given['after'], 'after', 0) }
  if (form === 'chance') return { chance: readChance(given[form]), ...after }
  const count = readCount(given[form], form, 1)
  return form === 'next' ? { next: count, ...after } : { every: count, ...after }
}

function readAsked(given: JsonObject): When {
  if (given['asked'] === true && Object.keys(given).length === 1) return { asked: true }
  throw new LabInputError(`"asked" of the when is true, and stands alone: ${shown(given)} says something else`)
}

function readCount(value: unknown, member: string, least: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new LabInputError(
    `"${member}" of the when is ${shown(value)}: it must be a whole number from ${least} to ${most}`,
  )
}

function readChance(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value
  throw new LabInputError(
    `"chance" of the when is ${shown(value)}: it must be a number above 0 and up to 1, such as 0.05`,
  )
}

function readTimes({ from, to }: JsonObject): When {
  const begins = from === undefined ? undefined : parseInstant(from, '"from" of the when')
  const ends = to === undefined ? undefined : parseInstant(to, '"to" of the when')
  if (begins !== undefined && ends !== undefined && begins >= ends)
    throw new LabInputError('"from" of the when must lie before "to"')
  return {
    ...(begins === undefined ? {} : { from: formatInstant(begins) }),
    ...(ends === undefined ? {} : { to: formatInstant(ends) }),
  }
}

/** Whether the fault is there at that time of the lab: from its beginning on, until just before its end. */
export function isInForce(when: When, now: Date): boolean {
  if ('asked' in when) return false
  if (!('from' in when || 'to' in when)) return true
  const { from, to } = when
  return (from === undefined || new Date(from) <= now) && (to === undefined || now < new Date(to))
}

/**
 * Whether it strikes.
 * @param ordinal 1 for the first request that the fault matches, at whatever node
 * @param draw gives what chance says of this request, from 0 up to 1
 */
export function strikes(when: When, ordinal: number, draw: () => number): boolean {
  if ('asked' in when) return false
  const place = ordinal - ('after' in when ? (when.after ?? 0) : 0)
  if (place < 1) return false
  if ('next' in when) return place <= when.next
  if ('every' in when) return place % when.every === 0
  if ('chance' in when) return draw() < when.chance
  return true
}

/**
 * Whether it has struck as often as it is to: it stays set, and does nothing any more.
 * @param matched requests that the fault matched so far, at all nodes
 */
export function isUsedUp(when: When, matched: number): boolean {
  return 'next' in when && matched >= (when.after ?? 0) + when.next
}

/**
 * A number from 0 up to 1 that is the same wherever and whenever it is drawn.
 * @param purpose what it is for, so that different questions about a request have different answers
 */
export function drawn(seed: number, name: string, ordinal: number, purpose: string): number {
  const digest = createHash('sha256').update(`${seed}\n${name}\n${ordinal}\n${purpose}`).digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}
