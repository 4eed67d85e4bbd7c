/**
 * Sealing of ENABLINGBITS ([MS-RMPR] 2.2.9.1.13): a session key under the recipient's RSA key, then header, payload and a hash that ties
 * the payload to its document under the session key.
 */
import { constants, publicEncrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '../effects.js'
import { recentMap, type Recent } from '../recent.js'
import { BadKeyBlob, decryptZeroFilled, encryptZeroFilled, readKeyBlob, writeKeyBlob } from './content-key.js'
import type { RsaPublicKey } from './keys.js'
import { padOaep, padPkcs1 } from './encryption-padding.js'
import { hashes, modeOfEnablingBits, type EnablingBitsType, type HashName, type ModeRules } from './modes.js'
import { surfaceDigest } from './signed-octets.js'
import { DecryptionFailed, type Signer } from './signer.js'

export interface Sealed {
  readonly type: EnablingBitsType
  readonly bytes: Buffer
}

export interface Unsealed {
  readonly payload: Buffer
  /** Whether the inner hash is that of the text given. */
  readonly belongsTo: (hashedText: string) => boolean
}

/** What was wrong with sealed bits; `des` when the session key is one. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
  readonly des: boolean
  constructor(message: string, des = false) {
    super(message)
    this.des = des
  }
}

const headerLength = 16
/** Bounds what a hostile document makes us decrypt: the largest genuine payload is an RSA-4096 private key. */
const maximumLength = 8192

/**
 * @param payload a key blob, or a private key blob
 * @param hashedText literal text of the element that the seal is tied to
 */
export function seal(
  rules: ModeRules,
  recipient: RsaPublicKey,
  payload: Buffer,
  hashedText: string,
  random: Random,
): Sealed {
  const session = random.bytes(16)
  const hash = tieHash(hashedText, rules.hash)
  const header = Buffer.alloc(headerLength)
  header.writeUInt32LE(rules.mode, 0)
  header.writeUInt32LE(payload.length + hash.length, 4)
  const rsaPart = sealSession(rules, recipient, writeKeyBlob({ key: session, cipherMode: 'ECB' }), random)
  const rest = encryptZeroFilled(session, Buffer.concat([header, payload, hash]))
  return { type: rules.enablingBits, bytes: Buffer.concat([rsaPart, rest]) }
}

/** A server ties nearly everything it seals to the same few elements: its own ISSUER and the like. */
function tieHash(text: string, name: HashName): Buffer {
  const known = tieHashes[name].get(text)
  if (known !== undefined) return known
  const hash = surfaceDigest(text, name)
  if (text.length <= longestTie) tieHashes[name].set(text, hash)
  return hash
}

const longestTie = 4096
const tieHashes: Readonly<Record<HashName, Recent<string, Buffer>>> = { SHA1: recentMap(100), SHA256: recentMap(100) }

/**
 * @param type of the ENABLINGBITS element
 * @throws SealBroken
 */
export async function unseal(signer: Signer, type: string, sealed: Buffer): Promise<Unsealed> {
  const rules = modeOfEnablingBits(type)
  if (rules === undefined) throw new SealBroken(`There are no ENABLINGBITS of type "${type}"`)
  // Before anything is decrypted: an answer that depends on what came out of the other mode's padding would be an oracle on this key.
  if (rules.keyBits !== signer.publicKey.bits)
    throw new SealBroken(`ENABLINGBITS of type "${type}" are not for a key of ${signer.publicKey.bits} bits`)
  const rsaLength = signer.publicKey.bits / 8
  if (
    sealed.length < rsaLength + headerLength ||
    sealed.length > maximumLength ||
    (sealed.length - rsaLength) % 16 !== 0
  ) {
    throw new SealBroken(`Sealed bits of ${sealed.length} bytes do not fit a key of ${signer.publicKey.bits} bits`)
  }
  const session = await openSession(signer, rules, sealed.subarray(0, rsaLength))
  const rest = decryptZeroFilled(session, sealed.subarray(rsaLength))
  const length = rest.readUInt32LE(4)
  const hashLength = hashes[rules.hash].bytes
  if (rest.readUInt32LE(0) !== rules.mode)
    throw new SealBroken(`The header says version ${rest.readUInt32LE(0)}, the type is "${type}"`)
  if (length < hashLength || length > rest.length - headerLength)
    throw new SealBroken(`The header says ${length} bytes, there are ${rest.length - headerLength}`)
  const payload = rest.subarray(headerLength, headerLength + length - hashLength)
  const hash = rest.subarray(headerLength + length - hashLength, headerLength + length)
  return { payload, belongsTo: (hashedText) => isHashOf(hash, hashedText, rules.hash) }
}

/** OpenSSL draws what fills the block by itself; where that is to be repeated, it is drawn here. */
function sealSession(rules: ModeRules, recipient: RsaPublicKey, blob: Buffer, random: Random): Buffer {
  if (random.isRepeatable !== true) return publicEncrypt(encryptionOptions(rules, recipient), blob)
  const length = recipient.bits / 8
  const block = rules.mode === 1 ? padPkcs1(blob, length, random) : padOaep(blob, length, random)
  return publicEncrypt({ key: recipient.key, padding: constants.RSA_NO_PADDING }, block)
}

function encryptionOptions(rules: ModeRules, recipient: RsaPublicKey): Parameters<typeof publicEncrypt>[0] {
  if (rules.mode === 1) return { key: recipient.key, padding: constants.RSA_PKCS1_PADDING }
  return { key: recipient.key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
}

async function openSession(signer: Signer, rules: ModeRules, block: Buffer): Promise<Buffer> {
  try {
    return readKeyBlob(await signer.decrypt(block, rules.mode === 1 ? 'PKCS1' : 'OAEP')).key
  } catch (error) {
    if (error instanceof BadKeyBlob) throw new SealBroken(`The session key cannot be used: ${error.message}`, error.des)
    if (error instanceof DecryptionFailed) throw new SealBroken('The session key was not sealed to this key')
    throw error
  }
}

function isHashOf(hash: Buffer, text: string, name: HashName): boolean {
  return timingSafeEqual(hash, surfaceDigest(text, name))
}
