/**
 * Content encryption as RMS clients do it: AES over independent blocks ([MS-RMPR] 2.2.9.1.13.1 names the modes; the initialization
 * vectors are those of Microsoft's open-source client; [MS-OFFCRYPTO] 2.2.10 and 2.2.11 for ECB).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { CipherMode } from './content-key.js'

/** Content or a key that this mode cannot take; the message says which length or what padding. */
export class ContentCipherError extends Error {
  override readonly name = 'ContentCipherError'
}

type Direction = 'encrypt' | 'decrypt'

interface BlockLayout {
  /** Bytes that are chained together; the next block starts with a vector of its own. */
  readonly blockSize: number
  /** Whether the last block ends in 1 to 16 bytes of PKCS#7 padding. */
  readonly padded: boolean
  /** What is encrypted under the content key (AES-ECB) to become the vector of block n. */
  readonly vectorSource: (block: number) => Buffer
}

const aesBlock = 16
const cbc4kBlock = 4096
const cbc512Block = 512

const layouts: Readonly<Record<Exclude<CipherMode, 'ECB'>, BlockLayout>> = {
  CBC4K: { blockSize: cbc4kBlock, padded: true, vectorSource: blockNumber },
  'CBC4K.NOPADDING': { blockSize: cbc4kBlock, padded: false, vectorSource: blockNumber },
  'CBC512.NOPADDING': { blockSize: cbc512Block, padded: false, vectorSource: byteOffset },
}

/** The number of the block, 32 bits little-endian, then zeros. */
function blockNumber(block: number): Buffer {
  if (block > 0xffffffff) throw new ContentCipherError(`Content has more than 2^32 blocks of ${cbc4kBlock} bytes`)
  const source = Buffer.alloc(aesBlock)
  source.writeUInt32LE(block)
  return source
}

/** Where the block starts, 64 bits little-endian, then zeros. */
function byteOffset(block: number): Buffer {
  const source = Buffer.alloc(aesBlock)
  source.writeBigUInt64LE(BigInt(block) * BigInt(cbc512Block))
  return source
}

/**
 * Encrypts a whole content.
 * @param key AES key of 16, 24 or 32 bytes
 * @param plaintext any length with CBC4K; with the other modes a multiple of 16 bytes, which the caller fills up
 * @returns as many bytes as came in; with CBC4K 1 to 16 more
 * @throws ContentCipherError
 */
export function encryptContent(mode: CipherMode, key: Uint8Array, plaintext: Uint8Array): Buffer {
  if (mode !== 'CBC4K') requireWholeAesBlocks(mode, 'Plaintext', plaintext.length)
  return mode === 'ECB' ? ecb('encrypt', key, plaintext) : openBlocks(mode, 'encrypt', key).last(plaintext)
}

/**
 * Decrypts a whole content.
 * @param key AES key of 16, 24 or 32 bytes
 * @param ciphertext a multiple of 16 bytes; with CBC4K at least 16
 * @throws ContentCipherError for a wrong length and, with CBC4K, for padding that is not there (wrong key, changed or cut content)
 */
export function decryptContent(mode: CipherMode, key: Uint8Array, ciphertext: Uint8Array): Buffer {
  requireWholeAesBlocks(mode, 'Encrypted content', ciphertext.length)
  return mode === 'ECB' ? ecb('decrypt', key, ciphertext) : openBlocks(mode, 'decrypt', key).last(ciphertext)
}

/** How many bytes `encryptContent` makes of a plaintext of `size` bytes. */
export function encryptedSize(mode: CipherMode, size: number): number {
  if (mode === 'CBC4K') return (Math.floor(size / aesBlock) + 1) * aesBlock
  requireWholeAesBlocks(mode, 'Plaintext', size)
  return size
}

/** CBC4K for contents that do not fit into memory: takes pieces of any size, for `stream.pipeline` or `for await`. */
export function encryptCbc4kChunks(key: Uint8Array, chunks: Chunks): AsyncGenerator<Buffer, void, undefined> {
  return cbc4kChunks('encrypt', key, chunks)
}

/**
 * The way back of `encryptCbc4kChunks`. What it yields before it throws is not to be trusted.
 * @throws ContentCipherError at the end, when length or padding is wrong
 */
export function decryptCbc4kChunks(key: Uint8Array, chunks: Chunks): AsyncGenerator<Buffer, void, undefined> {
  return cbc4kChunks('decrypt', key, chunks)
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

async function* cbc4kChunks(
  direction: Direction,
  key: Uint8Array,
  chunks: Chunks,
): AsyncGenerator<Buffer, void, undefined> {
  const blocks = openBlocks('CBC4K', direction, key)
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  for await (const chunk of chunks) {
    waiting.push(chunk)
    waitingBytes += chunk.length
    // One byte more than a block: which block is the last, and padded, is known only when something follows it or nothing does.
    if (waitingBytes <= cbc4kBlock) continue
    const bytes = Buffer.concat(waiting)
    const ready = Math.floor((bytes.length - 1) / cbc4kBlock) * cbc4kBlock
    yield blocks.whole(bytes.subarray(0, ready))
    waiting = [bytes.subarray(ready)]
    waitingBytes = bytes.length - ready
  }
  const rest = Buffer.concat(waiting)
  if (direction === 'decrypt') requireWholeAesBlocks('CBC4K', 'Encrypted content', blocks.done() + rest.length)
  yield blocks.last(rest)
}

interface Blocks {
  /** Blocks that others follow: a multiple of the block size. */
  whole(bytes: Uint8Array): Buffer
  /** The remainder up to the end of the content. */
  last(bytes: Uint8Array): Buffer
  /** Bytes that have gone through. */
  done(): number
}

function openBlocks(mode: Exclude<CipherMode, 'ECB'>, direction: Direction, key: Uint8Array): Blocks {
  const { blockSize, padded, vectorSource } = layouts[mode]
  const bits = aesBits(key)
  const vectors = createCipheriv(`aes-${bits}-ecb`, key, null).setAutoPadding(false)
  const open = direction === 'encrypt' ? createCipheriv : createDecipheriv
  let next = 0
  let done = 0

  function block(bytes: Uint8Array, padding: boolean): Buffer[] {
    const cipher = open(`aes-${bits}-cbc`, key, vectors.update(vectorSource(next++))).setAutoPadding(padding)
    done += bytes.length
    return [cipher.update(bytes), cipher.final()]
  }
  function whole(bytes: Uint8Array): Buffer {
    const parts: Buffer[] = []
    for (let at = 0; at < bytes.length; at += blockSize) parts.push(...block(bytes.subarray(at, at + blockSize), false))
    return Buffer.concat(parts)
  }
  function last(bytes: Uint8Array): Buffer {
    if (!padded) return whole(bytes)
    // A plaintext that ends with a full block is followed by a block of padding alone; a ciphertext's last block is never empty.
    const full =
      direction === 'encrypt' ? Math.floor(bytes.length / blockSize) : Math.ceil(bytes.length / blockSize) - 1
    const before = whole(bytes.subarray(0, full * blockSize))
    try {
      return Buffer.concat([before, ...block(bytes.subarray(full * blockSize), true)])
    } catch (cause) {
      if (cause instanceof ContentCipherError) throw cause
      const why =
        'The last block does not end in padding: another key was used to encrypt, or the content was changed or cut'
      throw new ContentCipherError(why, { cause })
    }
  }
  return { whole, last, done: () => done }
}

function ecb(direction: Direction, key: Uint8Array, bytes: Uint8Array): Buffer {
  const open = direction === 'encrypt' ? createCipheriv : createDecipheriv
  const cipher = open(`aes-${aesBits(key)}-ecb`, key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function aesBits(key: Uint8Array): number {
  if (![16, 24, 32].includes(key.length))
    throw new ContentCipherError(`An AES key has 16, 24 or 32 bytes, this one ${key.length}`)
  return key.length * 8
}

function requireWholeAesBlocks(mode: CipherMode, what: string, length: number): void {
  if (length % aesBlock !== 0)
    throw new ContentCipherError(`${what} has ${length} bytes; ${mode} needs a multiple of ${aesBlock}`)
  if (mode === 'CBC4K' && length === 0)
    throw new ContentCipherError(`${what} is empty; ${mode} has at least ${aesBlock} bytes`)
}
