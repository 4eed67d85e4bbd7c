/**
 * One piece of memory for all bodies of a journal, written round and round. Objects of their own would survive until the garbage collector goes through the
 * whole heap: a tenth of what a license costs. Here nothing is left to be collected.
 */

/** A body that is kept. It is empty when it has been written over. */
export interface KeptBody {
  /** Octets. */
  readonly length: number
  text(): string
  bytes(): Uint8Array
}

export interface Arena {
  readonly capacity: number
  /**
   * @param bodies of one exchange: text is kept in UTF-8
   * @returns the bodies, and how much the arena has gone on: what is farther back than its capacity is written over. Undefined when they are too large
   */
  keep(
    ...bodies: readonly (string | Uint8Array | undefined)[]
  ): { readonly kept: readonly KeptBody[]; readonly span: number } | undefined
}

export function createArena(capacity: number): Arena {
  // Untouched pages of it take no memory.
  let memory: Buffer | undefined
  /** Of all that was ever written: where it stands is the remainder. */
  let end = 0

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

  const write = (body: string | Uint8Array, at: number, length: number): void => {
    if (typeof body !== 'string') memory?.set(body, at)
    // As many octets as characters: all of it is ASCII, which is copied as it stands.
    else memory?.write(body, at, length, length === body.length ? 'latin1' : 'utf8')
  }

  return {
    capacity,
    keep(...bodies) {
      const lengths = bodies.map(lengthOf)
      const length = lengths.reduce((sum, one) => sum + one, 0)
      if (length > capacity) return undefined
      memory ??= Buffer.allocUnsafeSlow(capacity)
      const before = end
      // One exchange stands in one piece.
      if ((end % capacity) + length > capacity) end += capacity - (end % capacity)
      const kept = bodies.map((body, index) => {
        const start = end
        const own = lengths[index] ?? 0
        if (body !== undefined) write(body, start % capacity, own)
        end += own
        return new Kept(start, own)
      })
      return { kept, span: end - before }
    },
  }
}

const none = Buffer.alloc(0)

function lengthOf(body: string | Uint8Array | undefined): number {
  if (body === undefined) return 0
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}
