/** How far a start is, as one line that moves on a terminal; nothing elsewhere. */
import type { Clock, Timers } from '../effects.js'
import { clipped } from './text-width.js'

/** A part of a start: the database, the keys of a cluster, a server. */
export interface StartPart {
  readonly name: string
  readonly isReady: boolean
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** @param tick how often it has moved, @param seconds since the start, @param width of the terminal */
export function startingText(
  parts: readonly StartPart[],
  { tick, seconds, width }: { readonly tick: number; readonly seconds: number; readonly width: number },
): string {
  const awaited = parts.filter(({ isReady }) => !isReady).map(({ name }) => name)
  const ready = parts.length - awaited.length
  const what = parts.length === 0 ? '' : ` ${ready} of ${parts.length} ready`
  const time = `  ${Math.floor(seconds)} s`
  const begin = `${frames[tick % frames.length]} Starting${what}`
  // The last column is left free: a cursor beyond it begins a new line.
  const room = width - 1 - time.length
  return `${clipped(`${begin}${waitingFor(awaited, room - begin.length)}`, room)}${time}`
}

/** As many names as there is room for, and how many more there are. */
function waitingFor(names: readonly string[], room: number): string {
  for (let count = names.length; count > 0; count--) {
    const others = names.length - count
    const text = `, waiting for ${names.slice(0, count).join(', ')}${others === 0 ? '' : ` and ${others} more`}`
    if (text.length <= room) return text
  }
  return ''
}

export interface StartingLine {
  readonly show: (part: StartPart) => void
  /** May be called again. */
  readonly end: () => void
}

interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write?(text: string): unknown
}

const movesEvery = 120

export function createStartingLine(screen: Screen, clock: Clock, timers: Timers): StartingLine {
  if (screen.isTTY !== true) return { show: () => undefined, end: () => undefined }
  const parts = new Map<string, StartPart>()
  const began = clock.monotonic()
  let tick = 0
  let hasEnded = false
  const draw = (): void => {
    const seconds = (clock.monotonic() - began) / 1000
    screen.write?.(
      `\r\u001B[K${startingText([...parts.values()], { tick: tick++, seconds, width: screen.columns || 80 })}`,
    )
  }
  draw()
  const timer = timers.every(movesEvery, draw)
  timer.unref()
  return {
    show: (part) => void parts.set(part.name, part),
    end: () => {
      if (hasEnded) return
      hasEnded = true
      timer.stop()
      screen.write?.('\r\u001B[K')
    },
  }
}
