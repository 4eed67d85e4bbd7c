/** Who may change the lab beside whom: a state that is returned to is in its place in two steps, and nobody is to come or look in between. */

export interface Turns {
  /** After all that has begun, and before all that comes later. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>
  /** Beside others of its kind. */
  together<Result>(work: () => Promise<Result>): Promise<Result>
}

/** Nothing that is done in a turn may ask for another one: it would wait for itself. */
export function takeTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  const running = new Set<Promise<unknown>>()
  return {
    alone: (work) => {
      const result = Promise.allSettled([last, ...running]).then(work)
      last = result.catch(() => undefined)
      return result
    },
    together: (work) => {
      const result = last.then(work)
      const ended = result.then(
        () => undefined,
        () => undefined,
      )
      running.add(ended)
      void ended.then(() => running.delete(ended))
      return result
    },
  }
}
