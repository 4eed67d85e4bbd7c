/** The last records, as many as a number and the memory for them allow. Whoever waits for one is told when it comes. */
import { createArena, looseBody, type Given, type KeptBody } from './arena.js'

export interface RingLimits {
  readonly bytes: number
  readonly entries: number
}

/** Pieces of octets: the bodies that came with a record, and what is written of the rest. */
export type Pieces<Piece> = readonly [asked: Piece, answered: Piece, common: Piece, rare: Piece]

export interface RingOptions<Facts, Item> {
  readonly limits: RingLimits
  readonly write: (facts: Facts) => readonly [common: string, rare: Given]
  /** What readers get of a record. Asked once, when the first of them reads. */
  readonly read: (pieces: Pieces<KeptBody>) => Item
  /** Hears once that there is no memory: from then on none is kept, and those who listen are told all the same. */
  readonly onNoMemory?: ((error: unknown) => void) | undefined
}

export interface Ring<Facts, Item> {
  /** A record that is larger than the whole ring is told to those who listen, and not kept. One whose facts cannot be written is neither. */
  push(facts: Facts, asked: Given, answered: Given): void
  /** Those that are kept, the oldest first. The same objects each time. */
  items(): readonly Item[]
  /** @returns whether it was there */
  remove(item: Item): boolean
  clear(): void
  /** How many are kept. */
  count(): number
  /** How many had to make room, since the last time that it was cleared. */
  dropped(): number
  /** @returns ends it */
  onPush(listener: (item: Item) => void): () => void
}

/**
 * Facts are written several at a time: one alone, between two signatures, takes two to three times as long, since nothing of it is in the caches. More of them would
 * live long enough to be moved among what is old, where only a search through the whole heap ends them.
 */
const mostWaiting = 8

/** Of a slot: start and length of each piece. */
const slotLength = 8
const commonStart = 4

export function createRing<Facts, Item>({
  limits,
  write,
  read,
  onNoMemory,
}: RingOptions<Facts, Item>): Ring<Facts, Item> {
  const arena = createArena(limits.bytes, onNoMemory)
  // Where the pieces of each record are. Grows as it is filled: most installations of a test never fill it.
  let slots = new Float64Array(0)
  let first = 0
  let count = 0
  let dropped = 0
  /** Facts of the last records, which are not written yet. */
  let waiting: Facts[] = []
  /** What readers got, by where the common piece is. */
  const made = new Map<number, Item>()
  const listeners = new Set<(item: Item) => void>()

  const slotAt = (index: number): number => (first + index * slotLength) % slots.length
  const valueAt = (index: number, value: number): number => slots[slotAt(index) + value] ?? 0

  const dropFirst = (): void => {
    if (made.size > 0) made.delete(valueAt(0, commonStart))
    if (waiting.length === count) waiting.shift()
    first = slotAt(1)
    count--
    dropped++
  }

  /** The body of the request is the first that is written over. */
  const isFirstGone = (): boolean => count > 0 && valueAt(0, 0) < arena.end() - arena.capacity()

  const dropGone = (): void => {
    while (isFirstGone()) dropFirst()
  }

  /** @param kept indexes of those that stay */
  const layOut = (kept: readonly number[], length: number): void => {
    const next = new Float64Array(length)
    for (const [to, from] of kept.entries())
      next.set(slots.subarray(slotAt(from), slotAt(from) + slotLength), to * slotLength)
    slots = next
    first = 0
    count = kept.length
  }

  const indexes = (): number[] => Array.from({ length: count }, (_, index) => index)

  const removeAt = (index: number): void => {
    made.delete(valueAt(index, commonStart))
    layOut(
      indexes().filter((other) => other !== index),
      slots.length,
    )
  }

  const addSlot = (): number => {
    if (count === limits.entries) dropFirst()
    if (count * slotLength === slots.length)
      layOut(indexes(), slotLength * Math.min(limits.entries, Math.max(16, 2 * count)))
    return slotAt(count++)
  }

  /** @returns false when it is too large */
  const writeTo = (slot: number, given: Given): boolean => {
    const length = arena.write(given)
    if (length === undefined) return false
    slots[slot] = arena.end() - length
    slots[slot + 1] = length
    return true
  }

  /** Facts that are no data are in no journal: whoever comes next, and whoever reads, has nothing to do with them. */
  const written = (facts: Facts): ReturnType<typeof write> | undefined => {
    try {
      return write(facts)
    } catch {
      return undefined
    }
  }

  const writeWaiting = (): void => {
    for (let facts = waiting[0]; facts !== undefined; facts = waiting[0]) {
      const index = count - waiting.length
      const slot = slotAt(index) + commonStart
      waiting.shift()
      const pieces = written(facts)
      if (pieces === undefined || !writeTo(slot, pieces[0]) || !writeTo(slot + 2, pieces[1])) {
        removeAt(index)
        dropped++
      }
      dropGone()
    }
  }

  const itemAt = (index: number): Item => {
    const start = valueAt(index, commonStart)
    const before = made.get(start)
    if (before !== undefined) return before
    const piece = (at: number): KeptBody => arena.kept(valueAt(index, at), valueAt(index, at + 1))
    const item = read([piece(0), piece(2), piece(4), piece(6)])
    made.set(start, item)
    return item
  }

  /** Of what is not kept; undefined when it cannot be written either. */
  const looseItem = (facts: Facts, asked: Given, answered: Given): Item | undefined => {
    const pieces = written(facts)
    if (pieces === undefined) return undefined
    return read([looseBody(asked), looseBody(answered), looseBody(pieces[0]), looseBody(pieces[1])])
  }

  /** @returns false when it is too large */
  const keep = (facts: Facts, asked: Given, answered: Given): boolean => {
    if (limits.entries === 0) return false
    const slot = addSlot()
    if (!writeTo(slot, asked) || !writeTo(slot + 2, answered)) {
      count--
      dropGone()
      return false
    }
    waiting.push(facts)
    dropGone()
    return true
  }

  return {
    push(facts, asked, answered) {
      const before = arena.end()
      if (!keep(facts, asked, answered)) dropped++
      if (waiting.length === mostWaiting) writeWaiting()
      if (listeners.size === 0) return
      writeWaiting()
      const isKept = count > 0 && valueAt(count - 1, commonStart) >= before
      const item = isKept ? itemAt(count - 1) : looseItem(facts, asked, answered)
      if (item === undefined) return
      for (const listener of listeners) listener(item)
    },
    remove(item) {
      writeWaiting()
      const index = indexes().find((one) => made.get(valueAt(one, commonStart)) === item)
      if (index === undefined) return false
      removeAt(index)
      return true
    },
    items() {
      writeWaiting()
      return indexes().map(itemAt)
    },
    clear() {
      made.clear()
      waiting = []
      slots = new Float64Array(0)
      first = count = dropped = 0
    },
    count: () => count,
    dropped: () => dropped,
    onPush(listener) {
      // From here on nothing waits when the next one comes: what is written at its push is that one.
      writeWaiting()
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
