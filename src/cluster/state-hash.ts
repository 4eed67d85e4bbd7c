/** One word for the state of an installation: the same while nothing is different that a client could notice. */
import { hash } from 'node:crypto'
import { openState } from './state-secrets.js'
import type { StateRows } from './store/state-rows.js'

/**
 * SHA-256 over what `StateRows` says is in the state, in one order and spelling, with its keys open: who sealed them, when, and under which key makes no
 * difference. Two installations differ at least by their keys.
 * @returns 64 hexadecimal digits
 * @throws WrongKeyPassword
 */
export async function stateHash(state: StateRows, keyPassword: string): Promise<string> {
  const { open } = await openState(state, keyPassword)
  return hash('sha256', canonicalJson(open), 'hex')
}

/** JSON without blanks, with the members of each object in order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
