/** What a client computes from the password and the challenge, in the three versions that are in use ([MS-NLMP] 3.3). */
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { MalformedMessage } from './malformed-message.js'
import { parseAvPairs, type AvPair } from './av-pairs.js'
import { md4 } from './md4.js'

/** Of an NTLMv2 response: the part that the client chose, and that its proof covers. */
export interface ClientBlob {
  /** Windows file time, 8 bytes. */
  readonly timestamp: Buffer
  /** 8 bytes. */
  readonly challenge: Buffer
  readonly pairs: readonly AvPair[]
}

export const proofLength = 16
/** Of an NTLMv1 response, in both of its forms. */
export const desResponseLength = 24
const blobHead = 28

/** What stands for the password: MD4 of its UTF-16LE ([MS-NLMP] 3.3.1, NTOWFv1). */
export function ntHash(password: string): Buffer {
  return md4(Buffer.from(password, 'utf16le'))
}

/** NTOWFv2. The domain is taken as the client wrote it, the user in capitals. */
export function ntlmV2Key(hash: Buffer, user: string, domain: string): Buffer {
  return hmacMd5(hash, Buffer.from(`${inCapitals(user)}${domain}`, 'utf16le'))
}

/** The proof that an NTLMv2 response begins with. */
export function ntlmV2Proof(key: Buffer, serverChallenge: Buffer, blob: Buffer): Buffer {
  return hmacMd5(key, serverChallenge, blob)
}

export function buildClientBlob({ timestamp, challenge }: Omit<ClientBlob, 'pairs'>, pairs: Buffer): Buffer {
  const head = Buffer.alloc(blobHead)
  head.writeUInt16LE(0x0101)
  timestamp.copy(head, 8)
  challenge.copy(head, 16)
  return Buffer.concat([head, pairs, Buffer.alloc(4)])
}

/** @throws MalformedMessage */
export function parseClientBlob(blob: Buffer): ClientBlob {
  if (blob.length < blobHead || blob.readUInt16LE() !== 0x0101)
    throw new MalformedMessage('the NTLMv2 response is incomplete')
  return {
    timestamp: blob.subarray(8, 16),
    challenge: blob.subarray(16, 24),
    pairs: parseAvPairs(blob.subarray(blobHead)),
  }
}

/** NTLMv1: the challenge encrypted by DES under the three parts of the hash. 24 bytes. */
export function ntlmV1Response(hash: Buffer, serverChallenge: Buffer): Buffer {
  const keys = Buffer.concat([hash, Buffer.alloc(5)])
  return Buffer.concat([0, 7, 14].map((at) => des(keys.subarray(at, at + 7), serverChallenge)))
}

/** With extended session security the challenges of both sides are mixed first. */
export function sessionChallenge(serverChallenge: Buffer, clientChallenge: Buffer): Buffer {
  return createHash('md5').update(serverChallenge).update(clientChallenge).digest().subarray(0, 8)
}

export function hmacMd5(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('md5', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** Single DES is not in OpenSSL 3 any more; the same key three times is the same. */
function des(key: Buffer, block: Buffer): Buffer {
  const spread = spreadKey(key)
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([spread, spread, spread]), null).setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
}

/** 7 bytes of key to 8 bytes with room for a parity bit in each. */
function spreadKey(key: Buffer): Buffer {
  const bits = BigInt(`0x${key.toString('hex')}`)
  return Buffer.from(Array.from({ length: 8 }, (_, index) => Number((bits >> BigInt(49 - 7 * index)) & 0x7fn) << 1))
}

/** Windows turns each character by itself: "ß" stays. */
function inCapitals(text: string): string {
  return Array.from(text, (character) =>
    character.toUpperCase().length === character.length ? character.toUpperCase() : character,
  ).join('')
}
