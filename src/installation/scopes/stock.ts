/** Blank scopes in stock: made while nobody waits for one. */
import type { Logger } from 'pino'
import type { Timer, Timers } from '../../effects.js'
import type { BlankScope } from './blank-scope.js'

export interface Stock {
  /** Resolves when as many are there as are wanted. Rejects when they cannot be made. */
  fill(): Promise<void>
  /** One that nobody else gets; made now when there is none. */
  take(): BlankScope
  close(): Promise<void>
}

/** Milliseconds after one was taken: whoever took it comes first. */
const pauseBeforeNext = 250

/** @param wanted how many there should be now */
export function stockOf(
  prepare: () => BlankScope,
  wanted: () => number,
  { timers, log }: { readonly timers: Timers; readonly log: Logger },
): Stock {
  const blanks: BlankScope[] = []
  let timer: Timer | undefined
  let isClosed = false

  const isWanting = (): boolean => !isClosed && blanks.length < wanted()
  const fill = async (): Promise<void> => {
    while (isWanting()) {
      const blank = prepare()
      blanks.push(blank)
      try {
        await blank.ready
      } catch (error) {
        if (blanks.includes(blank)) blanks.splice(blanks.indexOf(blank), 1)
        throw error
      }
    }
  }
  const fillLater = (): void => {
    timer?.stop()
    if (isClosed) return
    timer = timers.after(pauseBeforeNext, () => {
      // Whoever needs one makes it, and hears why it cannot be made.
      fill().catch((err: unknown) => log.warn({ err }, 'no scope could be prepared'))
    })
    timer.unref()
  }

  return {
    fill,
    take: () => {
      fillLater()
      return blanks.shift() ?? prepare()
    },
    close: async () => {
      isClosed = true
      timer?.stop()
      await Promise.all(blanks.splice(0).map((blank) => blank.discard()))
    },
  }
}
