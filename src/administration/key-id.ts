/** A short name for a public key, for use in URLs. */
import { createHash } from 'node:crypto'

/** 32 hexadecimal digits. */
export function keyId(modulus: string): string {
  return createHash('sha256').update(modulus, 'utf8').digest('hex').slice(0, 32)
}
