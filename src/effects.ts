/**
 * Time and chance are inputs. This is the one file that reads the real clock, sets real timers and reads the real random source (lint
 * enforces it).
 */
import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface Clock {
  /** The time now. */
  now(): Date
  /** Milliseconds of a clock that never goes back, for durations. */
  monotonic(): number
}

export interface Random {
  /** That many unpredictable bytes. */
  bytes(length: number): Buffer
  /** Whether another run draws the same from it: then all that is to be drawn is drawn from it, and nothing is left to OpenSSL. */
  readonly isRepeatable?: boolean
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
}

/** What is to be done later, or again and again. */
export interface Timers {
  /** Runs it once, that many milliseconds from now. */
  after(milliseconds: number, run: () => void): Timer
  /** Runs it whenever that many milliseconds have gone by. */
  every(milliseconds: number, run: () => void): Timer
}

export interface Timer {
  /** It does not run any more. */
  stop(): void
  /** From now on this timer alone does not keep the process alive. */
  unref(): void
}

export const systemTimers: Timers = {
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds)
    return { stop: () => clearTimeout(timer), unref: () => void timer.unref() }
  },
  every: (milliseconds, run) => {
    const timer = setInterval(run, milliseconds)
    return { stop: () => clearInterval(timer), unref: () => void timer.unref() }
  },
}

/** Resolves after that many milliseconds, or as soon as `signal` is aborted. */
export function pause(timers: Timers, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const done = (): void => {
      timer.stop()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = timers.after(milliseconds, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Aborted after that much real time: a limit for an answer that may never come from elsewhere. Whatever is to happen at a time takes a timer. */
export function answerWithin(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(milliseconds)
}

/** A call into OpenSSL costs more than the few bytes of a GUID or a session key: they are fetched in stock, and given out once each. */
const stockSize = 4096
let stock = Buffer.alloc(0)

export const systemRandom: Random = {
  bytes: (length) => {
    if (length > 64) return randomBytes(length)
    if (stock.length < length) stock = randomBytes(stockSize)
    const given = stock.subarray(0, length)
    stock = stock.subarray(length)
    return given
  },
}

/** All of them, for the edge of a program. */
export const systemEffects = { clock: systemClock, timers: systemTimers, random: systemRandom } as const

/** How late this process does what is due: what it was too busy for. */
export interface LatenessWatch {
  /** Milliseconds that one of a hundred looks was late at least. */
  p99(): number
  stop(): void
}

export function watchLateness(): LatenessWatch {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  // What it measures are the times between looks, the resolution included.
  return { p99: () => Math.max(0, delays.percentile(99) / 1e6 - 10), stop: () => void delays.disable() }
}

/** A new GUID (RFC 9562, version 4) in braces and lower case, as RMS documents write it. */
export function newGuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `{${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}}`
}
