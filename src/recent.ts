/** A map that keeps what is used: for everything that is remembered to be quick, and can be made again. */

export interface Recent<Key, Value> {
  get(key: Key): Value | undefined
  /** @param size what the value counts for the limit, 1 unless told */
  set(key: Key, value: Value, size?: number): void
}

interface Entry<Value> {
  readonly value: Value
  readonly size: number
  /** Asked for since it was last passed over. */
  used: boolean
}

/**
 * When it is full, the oldest goes that was not asked for since it was last passed over (second chance): nearly as good as the order of use, and
 * asking costs nothing but the mark.
 * @param most sum of all sizes
 */
export function recentMap<Key, Value>(most: number): Recent<Key, Value> {
  const entries = new Map<Key, Entry<Value>>()
  let sum = 0

  const remove = (key: Key, { size }: Entry<Value>): void => {
    entries.delete(key)
    sum -= size
  }

  const makeRoom = (size: number): void => {
    for (const [key, entry] of entries) {
      if (sum + size <= most) return
      remove(key, entry)
      if (entry.used) insert(key, { ...entry, used: false })
    }
  }

  const insert = (key: Key, entry: Entry<Value>): void => {
    entries.set(key, entry)
    sum += entry.size
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entry.used = true
      return entry.value
    },
    set(key, value, size = 1) {
      const before = entries.get(key)
      if (before !== undefined) remove(key, before)
      if (size > most) return
      makeRoom(size)
      insert(key, { value, size, used: false })
    },
  }
}
