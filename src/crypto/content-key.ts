/** Symmetric keys as they travel inside ENABLINGBITS: a KeyHeader and the key ([MS-RMPR] 2.2.9.1.13.1). */
import { createCipheriv, createDecipheriv } from 'node:crypto'

export type CipherMode = 'ECB' | 'CBC4K' | 'CBC4K.NOPADDING' | 'CBC512.NOPADDING'

export interface SymmetricKey {
  /** 16, 24 or 32 bytes. */
  readonly key: Buffer
  /** How content is encrypted with it; a session key is always ECB. */
  readonly cipherMode: CipherMode
}

/** A key blob that is not an AES key. `des` is apart: publishing answers it with an exception of its own. */
export class BadKeyBlob extends Error {
  override readonly name = 'BadKeyBlob'
  readonly des: boolean
  constructor(message: string, des = false) {
    super(message)
    this.des = des
  }
}

const headerLength = 12
/** The field Reserved of the header. */
const reservedOf: Readonly<Record<CipherMode, number>> = {
  ECB: 0xffff,
  'CBC4K.NOPADDING': 0xfffe,
  CBC4K: 0xfffd,
  'CBC512.NOPADDING': 0xfffc,
}
const cipherModes: Readonly<Record<number, CipherMode>> = Object.fromEntries(
  Object.entries(reservedOf).map(([mode, reserved]) => [reserved, mode as CipherMode]),
)

/** Flags, little-endian; the leftmost bit of the specification's figure is the most significant one. */
const flagAes = 0x00000001
const flagEcb = 0x00001000
const flagCbc = 0x00002000

/** KeyHeader and key. Key and block size are written in bytes, as the genuine certificates have it. */
export function writeKeyBlob({ key, cipherMode }: SymmetricKey): Buffer {
  const header = Buffer.alloc(headerLength)
  header.writeUInt16LE(headerLength + key.length, 0)
  header.writeUInt16LE(reservedOf[cipherMode], 2)
  header.writeUInt16LE(key.length, 4)
  header.writeUInt16LE(16, 6)
  header.writeUInt32LE(flagAes | (cipherMode === 'ECB' ? flagEcb : flagCbc), 8)
  return Buffer.concat([header, key])
}

/**
 * Reads KeyHeader and key; sizes in bits are accepted too, as the specification's text has it.
 * @throws BadKeyBlob
 */
export function readKeyBlob(blob: Buffer): SymmetricKey {
  if (blob.length < headerLength)
    throw new BadKeyBlob(`A key blob has at least ${headerLength} bytes, this one ${blob.length}`)
  const flags = blob.readUInt32LE(8)
  const cipherMode = cipherModes[blob.readUInt16LE(2)]
  if (cipherMode === undefined || (flags & ~(flagAes | flagEcb | flagCbc)) !== 0)
    throw new BadKeyBlob('This is not a key blob')
  // The A flag decides before any length check: a DES blob is shorter. What is no header at all is never called DES: that would tell which guesses unpad.
  if ((flags & flagAes) === 0) throw new BadKeyBlob('The key is a DES key', true)
  const key = blob.subarray(headerLength, blob.readUInt16LE(0))
  const size = blob.readUInt16LE(4)
  if (![16, 24, 32].includes(key.length) || blob.readUInt16LE(0) !== headerLength + key.length) {
    throw new BadKeyBlob(`An AES key has 16, 24 or 32 bytes, this one ${key.length}`)
  }
  if (size !== key.length && size !== key.length * 8)
    throw new BadKeyBlob(`The header says a key of ${size}, there are ${key.length} bytes`)
  return { key, cipherMode }
}

/** AES-ECB without padding block: the last block is filled with zeros. */
export function encryptZeroFilled(key: Buffer, plain: Buffer): Buffer {
  const filled = Buffer.alloc(Math.ceil(plain.length / 16) * 16)
  plain.copy(filled)
  const cipher = createCipheriv(ecb(key), key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(filled), cipher.final()])
}

/**
 * The inverse of `encryptZeroFilled`; filler stays.
 * @throws RangeError when the length is not a multiple of 16
 */
export function decryptZeroFilled(key: Buffer, encrypted: Buffer): Buffer {
  if (encrypted.length % 16 !== 0)
    throw new RangeError(`Encrypted data comes in blocks of 16 bytes, there are ${encrypted.length} bytes`)
  const cipher = createDecipheriv(ecb(key), key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(encrypted), cipher.final()])
}

function ecb(key: Buffer): string {
  return `aes-${key.length * 8}-ecb`
}
