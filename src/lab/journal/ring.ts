/** The last items, as many as a number and a sum of sizes allow. Whoever waits for one is told when it comes. */

export interface RingLimits {
  readonly bytes: number
  readonly entries: number
}

export interface Ring<Item> {
  /** An item that is larger than the whole ring is told to those who listen, and not kept. */
  push(item: Item, size: number): void
  /** Those that are kept, the oldest first. */
  items(): readonly Item[]
  /** @returns whether it was there */
  remove(item: Item): boolean
  clear(): void
  /** How many are kept. */
  count(): number
  /** Sum of their sizes. */
  bytes(): number
  /** How many had to make room, since the last time that it was cleared. */
  dropped(): number
  /** @returns ends it */
  onPush(listener: (item: Item) => void): () => void
}

interface Slot<Item> {
  readonly item: Item
  readonly size: number
}

export function createRing<Item>(limits: RingLimits): Ring<Item> {
  // Grows as it is filled: most installations of a test never fill it.
  let slots: (Slot<Item> | undefined)[] = []
  let first = 0
  let count = 0
  let bytes = 0
  let dropped = 0
  const listeners = new Set<(item: Item) => void>()

  const mustDropFor = (size: number): boolean => count > 0 && (bytes + size > limits.bytes || count === limits.entries)

  const dropFirst = (): void => {
    bytes -= slots[first]?.size ?? 0
    slots[first] = undefined
    first = (first + 1) % slots.length
    count--
    dropped++
  }

  const grow = (): void => {
    slots = kept()
    first = 0
    slots.length = Math.min(limits.entries, Math.max(16, 2 * count))
  }

  const kept = (): (Slot<Item> | undefined)[] =>
    Array.from({ length: count }, (_, index) => slots[(first + index) % slots.length])

  return {
    push(item, size) {
      if (size > limits.bytes || limits.entries === 0) dropped++
      else {
        while (mustDropFor(size)) dropFirst()
        if (count === slots.length) grow()
        slots[(first + count) % slots.length] = { item, size }
        count++
        bytes += size
      }
      for (const listener of listeners) listener(item)
    },
    remove(item) {
      const before = kept()
      const after = before.filter((slot) => slot?.item !== item)
      if (after.length === before.length) return false
      slots = after
      first = 0
      count = after.length
      bytes = after.reduce((sum, slot) => sum + (slot?.size ?? 0), 0)
      return true
    },
    items: () => kept().flatMap((slot) => (slot === undefined ? [] : [slot.item])),
    clear() {
      slots = []
      first = count = bytes = dropped = 0
    },
    count: () => count,
    bytes: () => bytes,
    dropped: () => dropped,
    onPush(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
