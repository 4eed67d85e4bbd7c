/** A fault of the lab: which requests it touches, what becomes of their answer, and when. What people write is read here. */
import { LabInputError } from '../input-error.js'
import { readChoice, readObject, shown } from '../json-object.js'
import { catalogue, type ReadyFault } from './catalogue.js'
import { operationsWith } from './document-fault.js'
import { parseEffect, type Effect } from './effect.js'
import { parseMatch, type Known, type Match } from './match.js'
import { parseWhen, type When } from './when.js'

export interface Fault {
  /** Nothing in it: every request. */
  readonly match: Match
  readonly effect: Effect
  /** Nothing in it: always. */
  readonly when: When
  /** What chance draws from: with the same seed the same requests are touched. */
  readonly seed?: number
  /** Name in the catalogue, of a ready fault. */
  readonly ready?: string
}

/** A fault that is set. */
export interface InstalledFault extends Fault {
  readonly seed: number
  /** Version of the lab state that it was set with: a fault of the same name that is set anew counts from nothing. */
  readonly since: number
}

/** By name. */
export type InstalledFaults = Readonly<Record<string, InstalledFault>>

export const mostFaults = 100
export const largestSeed = 2 ** 32 - 1

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** The list of ready faults has this place among the faults. */
const reservedName = 'catalogue'

/**
 * @returns the name, as it was given
 * @throws LabInputError when it cannot be the name of a fault
 */
export function parseFaultName(name: string): string {
  if (!nameForm.test(name))
    throw new LabInputError(
      `A fault cannot be called ${shown(name)}: a name has letters, digits, "-", "_" and ".", and at most 64 of them`,
    )
  if (name.toLowerCase() === reservedName)
    throw new LabInputError(`A fault cannot be called "${name}": GET /lab/faults/catalogue lists the ready ones`)
  return name
}

/**
 * What somebody asks for, in the form that `PUT /lab/faults/NAME` takes: `{ match, effect, when, seed }`, or a ready one, `{ ready, match, when, seed }`.
 * @param known what the installation has
 * @throws LabInputError
 */
export function parseFault(value: unknown, known: Known): Fault {
  const given = readObject(value, 'The fault', ['match', 'effect', 'when', 'seed', 'ready'])
  const { match, effect, when, seed, ready } = given
  const parts = { match: parseMatch(match, known), when: parseWhen(when), ...parseSeed(seed) }
  if (ready !== undefined && effect === undefined) return requireTogether(fromCatalogue(ready, parts, known), known)
  if (effect === undefined)
    throw new LabInputError(
      'The fault has no "effect": say what becomes of the answer, such as {"http":503}, or which "ready" fault it is',
    )
  const own = { ...parts, effect: parseEffect(effect) }
  // As it is listed, a ready fault says both: put back, it is the same.
  const named = ready === undefined ? {} : { ready: readyNamed(ready).name }
  return requireTogether({ ...own, ...named }, known)
}

/** What is matched beside what the ready fault matches; a member that both have is the given one's. */
function fromCatalogue(name: unknown, given: Omit<Fault, 'effect'>, { nodes }: Known): Fault {
  const { fault, needsNode, name: ready } = readyNamed(name)
  const match = { ...fault.match, ...given.match }
  if (needsNode && match.node === undefined)
    throw new LabInputError(
      `The ready fault ${ready} is of one server: say which by {"ready":"${ready}","match":{"node":"${nodes[0] ?? 'ID'}"}}; ` +
        `there ${nodes.length === 1 ? 'is' : 'are'} ${nodes.join(', ') || 'none'}`,
    )
  return { ...given, match, effect: fault.effect, ready }
}

function readyNamed(name: unknown): ReadyFault {
  const chosen = readChoice(
    name,
    '"ready" of the fault',
    catalogue.map((one) => one.name),
  )
  return catalogue.find((one) => one.name === chosen) as ReadyFault
}

/** @throws LabInputError */
export function parseSeed(seed: unknown): { readonly seed?: number } {
  if (seed === undefined) return {}
  if (typeof seed === 'number' && Number.isInteger(seed) && seed >= 0 && seed <= largestSeed) return { seed }
  throw new LabInputError(`"seed" of the fault is ${shown(seed)}: it must be a whole number from 0 to ${largestSeed}`)
}

/**
 * An effect that none of the matched operations can have would never be seen.
 * @throws LabInputError
 */
export function requireTogether<Checked extends Fault>(fault: Checked, { restOperations }: Known): Checked {
  const { effect, match } = fault
  if (match.operation === undefined) return fault
  const named = match.operation.join(', ')
  if ('code' in effect && !match.operation.some((name) => restOperations.includes(name)))
    throw new LabInputError(
      `"code" of the effect is an answer over REST, and ${named} is called over SOAP: write "exception", ` +
        `or match one of ${restOperations.join(', ')}`,
    )
  if (!('document' in effect)) return fault
  const affected = operationsWith(effect.document)
  if (!match.operation.some((name) => affected.includes(name)))
    throw new LabInputError(
      `The answer of ${named} has no document that could be "${effect.document}": match one of ${affected.join(', ')}`,
    )
  return fault
}
