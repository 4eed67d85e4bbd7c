/** A short name for a public key, for use in URLs. */
import { createHash } from 'node:crypto'

/** 32 hexadecimal digits. */
export function keyId(modulus: string): string {
  return createHash('sha256').update(modulus, 'utf8').digest('hex').slice(0, 32)
}

export const keyIdSchema = {
  type: 'string',
  pattern: '^[0-9a-f]{32}$',
  maxLength: 32,
  description: 'id from the list',
} as const
