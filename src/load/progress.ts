/** How a load run is going, told once a second. */
import type { Clock, Timers } from '../effects.js'
import { summaryOf } from '../sizing/percentiles.js'
import { good } from './answer.js'
import type { Sample } from './open-loop.js'

/** Of the last second, unless told otherwise. */
export interface LoadProgress {
  /** Since the start. */
  readonly seconds: number
  readonly of: number
  readonly answered: number
  readonly refused: number
  /** Milliseconds; NaN when nothing was answered. */
  readonly p50: number
  readonly p95: number
  /** Requests without an answer yet. */
  readonly underWay: number
  /** Answers since the start. */
  readonly answeredInAll: number
  readonly refusedInAll: number
}

/** Milliseconds. */
const interval = 1000

export function watchProgress(
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
  of: number,
  tell: (progress: LoadProgress) => void,
): { readonly add: (sample: Sample, underWay: number) => void; readonly stop: () => void } {
  const start = clock.monotonic()
  let recent: Sample[] = []
  let [underWay, answeredInAll, refusedInAll] = [0, 0, 0]
  const timer = timers.every(interval, () => {
    const answered = recent.filter(({ outcome }) => outcome === good)
    const { p50, p95 } = summaryOf(answered.map(({ took }) => took))
    const refused = recent.length - answered.length
    tell({
      seconds: (clock.monotonic() - start) / 1000,
      of,
      answered: answered.length,
      refused,
      p50,
      p95,
      underWay,
      answeredInAll,
      refusedInAll,
    })
    recent = []
  })
  return {
    add: (sample, now) => {
      recent.push(sample)
      underWay = now
      if (sample.outcome === good) answeredInAll++
      else refusedInAll++
    },
    stop: () => timer.stop(),
  }
}
