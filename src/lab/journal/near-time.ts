/** By how much something is too late or too early, and by whose clock. */
import type { ClockShown, NearMiss } from './near-miss.js'

interface Held {
  readonly from: Date
  readonly until: Date
  readonly now: Date
}

export function nearTime({ from, until, now }: Held, clock: ClockShown): readonly NearMiss[] {
  const ended = now >= until
  const away = ended ? now.getTime() - until.getTime() : from.getTime() - now.getTime()
  const what = ended ? `It ended ${inWords(away)} before` : `It begins ${inWords(away)} later`
  const by =
    clock.setting === undefined
      ? 'the clock of the server, which is the real one'
      : `the lab's clock (${clock.setting})`
  const misses: NearMiss[] = [{ kind: ended ? 'ended' : 'not begun', text: `${what}, by ${by}` }]
  if (clock.setting !== undefined && clock.real >= from && clock.real < until)
    misses.push({ kind: 'real time', text: `By the real time, ${clock.real.toISOString()}, it holds` })
  else if (away <= usualSkew)
    misses.push({
      kind: 'clock skew',
      text: 'So little may be the difference of two clocks: compare that of the client with that of the server',
    })
  return misses
}

/** Milliseconds that clocks of people who do not keep them differ by. */
const usualSkew = 15 * 60_000

const units = [
  ['year', 365 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** `2 minutes`, `366 days` */
export function inWords(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000)
  const [name, size] = units.find(([, unit]) => seconds >= 2 * unit || (unit === 1 && seconds >= 1)) ?? ['second', 1]
  const count = Math.floor(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
