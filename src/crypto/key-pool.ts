/**
 * Key pairs made ahead of need: the search for primes takes longer than all the rest of a certification. A pool keeps half as many pairs in stock as were
 * taken from it so far, up to its size, and makes them while nothing else is asked of it, one after the other: who certifies two accounts pays for three
 * pairs, not for ten.
 */
import type { Random, Timer, Timers } from '../effects.js'
import { generateKeyPair, type RsaPrivateKey } from './keys.js'

export interface KeyPool {
  /**
   * A pair that nobody else has or will get; made now when there is none in stock.
   * @param owner names who has one pair for good: where chance is repeated, it is the same one in each run and at each server
   */
  take(bits: number, owner?: readonly string[]): Promise<RsaPrivateKey>
  /** Makes no more. */
  close(): void
}

export interface KeyPoolOptions {
  readonly timers: Timers
  /** Most pairs of each length in stock, 8 unless told. */
  readonly size?: number
  /** Milliseconds without a request before a pair is made, 200 unless told: requests come first. */
  readonly pause?: number
  readonly make?: (bits: number) => Promise<RsaPrivateKey>
}

/**
 * Pairs that follow from a seed: those of an owner from who that is, the others from `random`.
 * @param pool closed with this one
 */
export function seededPairs(
  pool: Pick<KeyPool, 'close'>,
  { random, of }: { readonly random: Random; readonly of: (...owner: readonly string[]) => Random },
): KeyPool {
  return {
    take: (bits, owner) => generateKeyPair(bits, owner === undefined ? random : of('key pair', ...owner)),
    close: () => pool.close(),
  }
}

interface Stock {
  readonly pairs: RsaPrivateKey[]
  /** How many were taken since the start. */
  readonly taken: number
}

export function keyPool({ timers, size = 8, pause = 200, make = generateKeyPair }: KeyPoolOptions): KeyPool {
  const stock = new Map<number, Stock>()
  let timer: Timer | undefined
  let isMaking = false
  let isClosed = false

  const fillLater = (): void => {
    timer?.stop()
    if (isClosed) return
    timer = timers.after(pause, () => void makeOne())
    timer.unref()
  }

  const makeOne = async (): Promise<void> => {
    const wanted = [...stock].find(([, { pairs, taken }]) => pairs.length < Math.min(Math.floor(taken / 2), size))
    if (wanted === undefined || isMaking) return
    const [bits, { pairs }] = wanted
    isMaking = true
    try {
      pairs.push(await make(bits))
    } catch {
      // Whoever takes one makes it, and hears why it cannot be made.
      return
    } finally {
      isMaking = false
    }
    fillLater()
  }

  return {
    take: async (bits) => {
      const { pairs, taken } = stock.get(bits) ?? { pairs: [], taken: 0 }
      stock.set(bits, { pairs, taken: taken + 1 })
      fillLater()
      return pairs.pop() ?? make(bits)
    },
    close: () => {
      isClosed = true
      timer?.stop()
      stock.clear()
    },
  }
}
