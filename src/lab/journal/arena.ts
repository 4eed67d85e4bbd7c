/**
 * One piece of memory for all that a journal keeps, written round and round. Objects of their own would survive until the garbage collector goes through the
 * whole heap: a tenth of what a license costs. Here nothing is left to be collected.
 */

/** What is to be kept. */
export type Given = string | Uint8Array | undefined

/** What is kept of it. It is empty when it has been written over. */
export interface KeptBody {
  /** Octets. */
  readonly length: number
  text(): string
  bytes(): Uint8Array
}

export interface Arena {
  /** Octets. None from the time when there was no memory for it. */
  capacity(): number
  /** How much was ever written, with what was left out at the end of the memory. As many octets as the capacity are still there. */
  end(): number
  /**
   * @param given text is kept in UTF-8
   * @returns octets, which are the last ones before the end; undefined when it is too large
   */
  write(given: Given): number | undefined
  /** @param start of all that was ever written */
  kept(start: number, length: number): KeptBody
}

/** A character of UTF-16 has no more octets in UTF-8. */
const mostOctetsOfCharacter = 3

/** @param onNoMemory hears once that there is none: from then on all is too large to be kept */
export function createArena(size: number, onNoMemory: (error: unknown) => void = () => undefined): Arena {
  let capacity = size
  let memory: Buffer | undefined
  let end = 0

  /**
   * At the first write. Untouched pages of it take no memory, but V8 looks for garbage the sooner the more of it there is: allocated at a start, it makes the
   * second one in a process take half as much CPU again.
   */
  const allocated = (): Buffer | undefined => {
    if (memory !== undefined) return memory
    try {
      memory = Buffer.allocUnsafeSlow(capacity)
    } catch (error) {
      // Whoever tries again and again waits each time, until V8 has looked everywhere for some.
      capacity = 0
      onNoMemory(error)
    }
    return memory
  }

  class Kept implements KeptBody {
    readonly #start: number
    readonly length: number
    constructor(start: number, length: number) {
      this.#start = start
      this.length = length
    }
    bytes(): Buffer {
      if (memory === undefined || this.length === 0 || this.#start < end - capacity) return none
      const at = this.#start % capacity
      return memory.subarray(at, at + this.length)
    }
    text(): string {
      return this.bytes().toString('utf8')
    }
  }

  /** It stands in one piece: where the rest of the memory may not hold it, it is measured, and begins at the front if need be. */
  const makeRoom = (given: string | Uint8Array): boolean => {
    const rest = capacity - (end % capacity)
    if (mostOctetsOf(given) <= rest) return true
    const length = typeof given === 'string' ? Buffer.byteLength(given) : given.length
    if (length > capacity) return false
    if (length > rest) end += rest
    return true
  }

  return {
    capacity: () => capacity,
    end: () => end,
    write(given) {
      if (given === undefined || given.length === 0) return 0
      if (!makeRoom(given)) return undefined
      const target = allocated()
      if (target === undefined) return undefined
      const at = end % capacity
      // Text is measured and written in one.
      const length = typeof given === 'string' ? target.write(given, at, 'utf8') : copy(given, target, at)
      end += length
      return length
    },
    kept: (start, length) => new Kept(start, length),
  }
}

/** What no arena keeps. */
export function looseBody(given: Given): KeptBody {
  const bytes = typeof given === 'string' ? Buffer.from(given, 'utf8') : Buffer.from(given ?? none)
  return { length: bytes.length, bytes: () => bytes, text: () => bytes.toString('utf8') }
}

const none = Buffer.alloc(0)

function mostOctetsOf(given: string | Uint8Array): number {
  return typeof given === 'string' ? mostOctetsOfCharacter * given.length : given.length
}

function copy(bytes: Uint8Array, memory: Buffer, at: number): number {
  memory.set(bytes, at)
  return bytes.length
}
