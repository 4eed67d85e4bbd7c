/**
 * Chance that can be repeated: bytes that follow from a seed and from what they are for. Whoever knows the seed knows all of them, keys included: it
 * is for labs, and nothing that has to stay secret is drawn from here.
 */
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { seedText } from '../config/seed-text.js'
import type { Random } from '../effects.js'

export interface RandomSeed {
  readonly text: string
  /** A stream of its own for each thing or purpose, whoever asks and in whatever order. */
  stream(...purpose: readonly (string | number)[]): Random
}

/** @throws BadSeed */
export function randomSeed(given: string | number): RandomSeed {
  const text = seedText(given)
  const key = createHash('sha256').update('rms-emulator seed\n').update(text, 'utf8').digest()
  return {
    text,
    stream: (...purpose) =>
      keystream(
        createHmac('sha256', key)
          .update(JSON.stringify(purpose.map(String)), 'utf8')
          .digest(),
      ),
  }
}

/** Bytes. */
export const streamKeyLength = 32

/** AES-256 in counter mode, over zeros: each byte is given out once. */
export function keystream(key: Buffer): Random {
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return { isRepeatable: true, bytes: (length) => cipher.update(Buffer.alloc(length)) }
}

/**
 * A stream of bytes that can be repeated, for a client: `connect({ random: seededRandom(42, 'alice') })` draws keys, GUIDs and paddings from it.
 * @param purpose what tells it from other streams of the seed
 * @throws BadSeed
 */
export function seededRandom(seed: string | number, ...purpose: readonly (string | number)[]): Random {
  return randomSeed(seed).stream(...purpose)
}
