/** What the engines behind a signer have in common. An engine works on the thread that calls it. */
import type { KeyObject } from 'node:crypto'

export type EngineName = 'openssl' | 'forge'
export type Padding = 'PKCS1' | 'OAEP'

/** The private exponentiation alone, or the opening of a block with that padding. */
export type PrivateKeyOperation = 'exponentiate' | Padding

/**
 * @param block as long as the modulus; big-endian, as is what comes out
 * @throws whatever it finds wrong with it
 */
export type Engine = (operation: PrivateKeyOperation, block: Buffer) => Buffer

export type MakeEngine = (key: KeyObject) => Engine

/** Undefined where the engine finds something wrong: what it was must not be told. */
export function tryWith(engine: Engine, operation: PrivateKeyOperation, block: Buffer): Buffer | undefined {
  try {
    return engine(operation, block)
  } catch {
    return undefined
  }
}

/**
 * Takes off the padding of RFC 8017, 7.2.2: 00 02, at least eight bytes that are not zero, 00, message.
 * @throws RangeError
 */
export function withoutPadding(block: Buffer): Buffer {
  const end = block.indexOf(0, 2)
  if (block[0] !== 0 || block[1] !== 2 || end < 10) throw new RangeError('The padding is broken')
  return block.subarray(end + 1)
}
