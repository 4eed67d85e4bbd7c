/**
 * The salt of cluster keys that lie in memory. What they seal ends with the process that has the password too, so clusters of one process may share it: then
 * the key is derived for the first of them alone, as slowly as any.
 */
import { saltLength } from '../crypto/at-rest.js'
import type { Random } from '../effects.js'

let salt: Uint8Array | undefined

/** @param random asked by the first who needs it */
export function saltInMemory(random: Random): Uint8Array {
  return (salt ??= random.bytes(saltLength))
}
