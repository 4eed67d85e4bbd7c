/**
 * Keys at rest: whatever private key lies in the database is sealed under the cluster key password. The password gives one key per
 * cluster (scrypt); every sealed text is AES-256-GCM under it, bound to its purpose so that sealed texts cannot be swapped.
 */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, scrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Random } from '../effects.js'
import { recentMap } from '../recent.js'

/** What a cluster's password opens. A KeyObject, so that no log shows it. */
export interface ClusterKey {
  readonly secret: KeyObject
}

/** A sealed text does not open: the password is not the one it was sealed with, or the text or its purpose was changed. */
export class WrongKeyPassword extends Error {
  override readonly name = 'WrongKeyPassword'
  readonly purpose: string
  constructor(purpose: string) {
    const why = 'the cluster key password is wrong, or the text was changed'
    super(`The sealed text for ${purpose} does not open: ${why}. Give this node the password of its cluster.`)
    this.purpose = purpose
  }
}

/** A text that is not a sealed text at all. */
export class MalformedSealedText extends Error {
  override readonly name = 'MalformedSealedText'
}

/** Bytes of a salt for deriveClusterKey. */
export const saltLength = 16

const nonceLength = 12
const tagLength = 16
const longestPlaintext = 64 * 1024
const longestPassword = 1024
/** 2^15 · 8 · 128 bytes = 32 MiB of memory for about 0.1 s. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

/**
 * The key that a password stands for.
 * @param password 1 to 1024 characters; composed and decomposed forms of the same characters are the same password
 * @param salt of the cluster, at least 16 bytes, not secret
 * @throws RangeError when one of them is too short or too long
 */
export async function deriveClusterKey(password: string, salt: Uint8Array): Promise<ClusterKey> {
  if (password === '') throw new RangeError('The cluster key password is empty: give one')
  if (password.length > longestPassword)
    throw new RangeError(`The cluster key password is longer than ${longestPassword} characters`)
  if (salt.length < saltLength) throw new RangeError(`The salt has ${salt.length} bytes: it needs ${saltLength}`)
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, 32, cost, (error, key) => {
      if (error === null) resolve({ secret: createSecretKey(key) })
      else reject(error)
    })
  })
}

/**
 * The key of a cluster, derived once in a process: whoever makes a cluster opens it at once, and management opens it again with every call that signs.
 * Arguments and errors are those of `deriveClusterKey`.
 */
export function clusterKeyOf(password: string, salt: Uint8Array): Promise<ClusterKey> {
  // Not the password itself: what is remembered need not be able to tell it.
  const name = createHash('sha256')
    .update(`${salt.length}:`)
    .update(salt)
    .update(password.normalize('NFC'))
    .digest('base64')
  const known = clusterKeys.get(name)
  if (known !== undefined) return known
  const key = deriveClusterKey(password, salt)
  clusterKeys.set(name, key)
  return key
}

const clusterKeys = recentMap<string, Promise<ClusterKey>>(64)

/**
 * Seals bytes.
 * @param purpose what the bytes are, such as `cluster-key:root`; the same words open the text again
 * @returns `v1:<base64 nonce>:<base64 ciphertext and tag>`
 * @throws RangeError above 64 KiB
 */
export function sealAtRest(key: ClusterKey, purpose: string, plaintext: Uint8Array, random: Random): string {
  if (plaintext.length > longestPlaintext) {
    throw new RangeError(`${plaintext.length} bytes are too many to seal: at most ${longestPlaintext}`)
  }
  const nonce = random.bytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce, { authTagLength: tagLength })
  cipher.setAAD(Buffer.from(purpose, 'utf8'))
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  return `v1:${nonce.toString('base64')}:${sealed.toString('base64')}`
}

/**
 * Opens what sealAtRest made for the same purpose.
 * @throws WrongKeyPassword, MalformedSealedText
 */
export function openAtRest(key: ClusterKey, purpose: string, text: string): Buffer {
  const malformed = (why: string) => new MalformedSealedText(`The sealed text for ${purpose} ${why}`)
  if (text.length > 2 * longestPlaintext) throw malformed('is too long')
  const parts = text.split(':')
  const [format, nonceText = '', sealedText = ''] = parts
  if (parts.length !== 3 || format !== 'v1') throw malformed('does not begin with v1: and a nonce')
  const nonce = decodeBase64(purpose, nonceText)
  const sealed = decodeBase64(purpose, sealedText)
  if (nonce.length !== nonceLength || sealed.length < tagLength) throw malformed('is cut short')
  const decipher = createDecipheriv('aes-256-gcm', key.secret, nonce, { authTagLength: tagLength })
  decipher.setAAD(Buffer.from(purpose, 'utf8'))
  decipher.setAuthTag(sealed.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagLength)), decipher.final()])
  } catch {
    throw new WrongKeyPassword(purpose)
  }
}

/** Node skips what is not base64 and drops spare bits; here only the one spelling of the bytes is accepted. */
function decodeBase64(purpose: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new MalformedSealedText(`The sealed text for ${purpose} is not base64`)
  return bytes
}
