/** The clock of the forest, as a node has it: what stands in certificates and tokens, and what ends by them. Durations stay real. */
import type { Clock } from '../effects.js'
import { realClock, type ClockSetting } from './clock-setting.js'
import { addDuration, millisecondsOf, parseDuration } from './duration.js'

export interface LabClock extends Clock {
  /** Without a skew it says what the machine says. */
  readonly isReal: () => boolean
  /** Whether each request is to be counted. */
  readonly steps: () => boolean
  /** @param skew ISO 8601: how much this clock alone differs from that of the forest */
  readonly follow: (setting: ClockSetting, skew?: string) => void
  /** That many steps have been gone in the installation: a clock that steps stands there from now on. It never steps back. */
  readonly stepTo: (count: number) => void
}

/** @param real of the machine */
export function createLabClock(real: Clock): LabClock {
  let setting = realClock
  let skew: string | undefined
  let count = 0
  let now = (): Date => real.now()
  const decide = (): void => {
    const forest = timeOf(setting, real, () => count)
    now = skew === undefined ? forest : moved(forest, skew)
  }
  return {
    now: () => now(),
    monotonic: () => real.monotonic(),
    isReal: () => setting.mode === 'real' && skew === undefined,
    steps: () => setting.mode === 'step',
    follow: (next, nextSkew) => {
      if (next.mode === 'step') count = Math.max(count, next.from)
      setting = next
      skew = nextSkew
      decide()
    },
    stepTo: (reached) => {
      count = Math.max(count, reached)
    },
  }
}

/** What a clock with this setting says, after that many steps. */
export function timeBy(setting: ClockSetting, real: Clock, steps: number): Date {
  return timeOf(setting, real, () => steps)()
}

function timeOf(setting: ClockSetting, real: Clock, steps: () => number): () => Date {
  switch (setting.mode) {
    case 'real':
      return () => real.now()
    case 'offset':
      return moved(() => real.now(), setting.by)
    case 'frozen': {
      const at = new Date(setting.at)
      return () => new Date(at)
    }
    case 'step': {
      const at = new Date(setting.at)
      const by = parseDuration(setting.by, '"by" of the clock')
      return () => addDuration(at, by, Math.max(0, steps() - setting.from))
    }
  }
}

function moved(time: () => Date, by: string): () => Date {
  const duration = parseDuration(by, 'The offset of the clock')
  const fixed = millisecondsOf(duration)
  return fixed === undefined ? () => addDuration(time(), duration) : () => new Date(time().getTime() + fixed)
}
