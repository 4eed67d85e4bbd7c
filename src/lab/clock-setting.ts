/** What the clock of the forest says: the real time, one beside it, one that stands, or one that goes on with each request. */
import { addDuration, durationOf, formatDuration, parseDuration } from './duration.js'
import { formatInstant, parseInstant, requireInReach } from './instant.js'
import { LabInputError } from './input-error.js'
import { readChoice, readObject } from './json-object.js'

/** Durations and instants are ISO 8601, as they are written in JSON. */
export type ClockSetting =
  | { readonly mode: 'real' }
  | { readonly mode: 'offset'; readonly by: string }
  | { readonly mode: 'frozen'; readonly at: string }
  | {
      readonly mode: 'step'
      readonly at: string
      readonly by: string
      /** How many steps the installation had gone when it was set: it counts on, so that no request of before can disturb. */
      readonly from: number
    }

export const realClock: ClockSetting = { mode: 'real' }

export const clockModes = ['real', 'offset', 'frozen', 'step'] as const

const members = { real: ['mode'], offset: ['mode', 'by'], frozen: ['mode', 'at'], step: ['mode', 'at', 'by'] } as const

/**
 * What somebody asks for.
 * @param realNow what an offset is reckoned from, to know that it leads to a time of the lab; undefined for one that was looked at when it was set
 * @param steps how many steps the installation has gone
 * @throws LabInputError
 */
export function parseClockSetting(value: unknown, realNow: Date | undefined, steps: number): ClockSetting {
  const { mode: given } = readObject(value, 'The clock', ['mode', 'by', 'at'])
  const mode = readChoice(given, 'The mode of the clock', clockModes)
  const { by, at } = readObject(value, `A clock of mode "${mode}"`, members[mode])
  switch (mode) {
    case 'real':
      return realClock
    case 'offset': {
      const duration = parseDuration(by, '"by" of the clock')
      if (realNow !== undefined) requireInReach(addDuration(realNow, duration), '"by" of the clock')
      return { mode, by: formatDuration(duration) }
    }
    case 'frozen':
      return { mode, at: formatInstant(parseInstant(at, '"at" of the clock')) }
    case 'step': {
      const start = parseInstant(at, '"at" of the clock')
      const duration = parseDuration(by, '"by" of the clock')
      if (addDuration(start, duration).getTime() === start.getTime())
        throw new LabInputError('"by" of the clock is no time at all: set the mode "frozen" for a clock that stands')
      requireInReach(addDuration(start, duration), '"by" of the clock')
      return { mode, at: formatInstant(start), by: formatDuration(duration), from: steps }
    }
  }
}

/**
 * A clock in one word: `real`; an instant, at which it stands; a duration, by which it is off; or both with a slash between them, from where and by how
 * much it goes on with each request.
 * @returns for `parseClockSetting`, which judges it
 */
export function clockOfWord(
  word: string,
):
  | { mode: 'real' }
  | { mode: 'offset'; by: string }
  | { mode: 'frozen'; at: string }
  | { mode: 'step'; at: string; by: string } {
  if (word === 'real') return { mode: 'real' }
  const [at, by, ...rest] = word.split('/')
  if (by !== undefined && rest.length === 0) return { mode: 'step', at: at ?? '', by }
  return /^[+-]?P/i.test(word) ? { mode: 'offset', by: word } : { mode: 'frozen', at: word }
}

/**
 * The setting by which it is that much later: one that stood stands there, one that ran runs on from there.
 * @param now what the clock says, as it is set
 * @throws LabInputError when that leads out of the years of the lab
 */
export function advanced(
  setting: ClockSetting,
  by: unknown,
  { now, realNow, steps }: { readonly now: Date; readonly realNow: Date; readonly steps: number },
): ClockSetting {
  const then = requireInReach(addDuration(now, parseDuration(by, '"by"')), '"by"')
  switch (setting.mode) {
    case 'real':
    case 'offset': {
      const ahead = then.getTime() - realNow.getTime()
      return ahead === 0 ? realClock : { mode: 'offset', by: formatDuration(durationOf(ahead)) }
    }
    case 'frozen':
      return { ...setting, at: formatInstant(then) }
    case 'step':
      return { ...setting, at: formatInstant(then), from: steps }
  }
}
