/** Values that cost a call: made when first needed, then kept. */

export interface Remembered<T> {
  (): Promise<T>
  /** Takes the place of what was remembered. */
  set(value: T): T
}

/** Makes a value once, also for callers at the same time; again after a failure, or when it no longer holds. */
export function remembered<T>(make: () => Promise<T>, holds: (value: T) => boolean = () => true): Remembered<T> {
  let current: Promise<T> | undefined
  const get = async (): Promise<T> => {
    const mine = (current ??= make())
    try {
      const value = await mine
      if (holds(value)) return value
    } catch (error) {
      if (current === mine) current = undefined
      throw error
    }
    if (current === mine) current = make()
    return current ?? get()
  }
  return Object.assign(get, {
    set(value: T): T {
      current = Promise.resolve(value)
      return value
    },
  })
}
