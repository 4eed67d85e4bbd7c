/** Reading what people send to the lab: a mistyped member is never passed over in silence. */
import { nearest } from '../config/nearest.js'
import { LabInputError } from './input-error.js'

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * @param what names the object in errors, such as `The clock`
 * @param known members that it may have
 * @throws LabInputError when it is no object, or has another member: the error names the nearest known one
 */
export function readObject(value: unknown, what: string, known: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LabInputError(`${what} must be an object${known.length === 0 ? '' : ` with ${listed(known)}`}`)
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    const hint = meant === undefined ? `it may have ${listed(known)}` : `did you mean "${meant}"?`
    throw new LabInputError(`${what} has no member ${shown(name)}: ${known.length === 0 ? 'it has none' : hint}`)
  }
  return value as JsonObject
}

/** @throws LabInputError when it is none of the choices: the error names the nearest one */
export function readChoice<Choice extends string>(value: unknown, what: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (found !== undefined) return found
  if (value === undefined) throw new LabInputError(`${what} is missing: ${listed(choices)}`)
  const meant = typeof value === 'string' ? nearest(value, choices) : undefined
  const hint = meant === undefined ? `it is one of ${listed(choices)}` : `did you mean "${meant}"?`
  throw new LabInputError(`${what} cannot be ${shown(value)}: ${hint}`)
}

/** A value as it was given, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
