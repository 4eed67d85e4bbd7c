/** Bytes of any size under a password of their own, for a file that travels: scrypt and AES-256-GCM, as for keys at rest. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../effects.js'
import { deriveClusterKey, saltLength } from './at-rest.js'

export interface SealedBytes {
  /** Base64. */
  readonly salt: string
  /** Base64 of nonce, ciphertext and tag. */
  readonly sealed: string
}

const nonceLength = 12
const tagLength = 16

/** The password is wrong, or something was changed: the bytes, or what they are bound to. */
export class DoesNotOpen extends Error {
  override readonly name = 'DoesNotOpen'
}

/**
 * @param password 1 to 1024 characters
 * @param boundTo what stands in clear beside the bytes: they open beside the same text only
 * @throws RangeError for a password that is too short or too long
 */
export async function sealUnderPassword(
  bytes: Uint8Array,
  { password, boundTo, random }: { readonly password: string; readonly boundTo: string; readonly random: Random },
): Promise<SealedBytes> {
  const [salt, nonce] = [random.bytes(saltLength), random.bytes(nonceLength)]
  const { secret } = await deriveClusterKey(password, salt)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce, { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(boundTo, 'utf8'))
  const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return { salt: salt.toString('base64'), sealed: sealed.toString('base64') }
}

/** @throws DoesNotOpen, RangeError for a password or salt that none can be */
export async function openUnderPassword(
  { salt, sealed }: SealedBytes,
  { password, boundTo }: { readonly password: string; readonly boundTo: string },
): Promise<Buffer> {
  const { secret } = await deriveClusterKey(password, Buffer.from(salt, 'base64'))
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length < nonceLength + tagLength) throw new DoesNotOpen('The sealed bytes are cut short')
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, nonceLength), {
    authTagLength: tagLength,
  })
  decipher.setAAD(Buffer.from(boundTo, 'utf8'))
  decipher.setAuthTag(bytes.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceLength, -tagLength)), decipher.final()])
  } catch {
    throw new DoesNotOpen('The sealed bytes do not open')
  }
}
