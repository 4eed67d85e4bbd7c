/**
 * The line of requests before an emulated server (`--capacity`). One request is worked on at a time, for as long as a server of that rate
 * takes; the others wait in order, and those above the limit are refused, as IIS does when the queue of an application pool is full. The
 * real work is done meanwhile. Waiting costs a timer, nothing else. Who resets the connection leaves the line; who only ends its half may still
 * wait for the answer, and keeps the place.
 */
import { pause, type Clock, type Timers } from '../effects.js'
import type { Chance } from '../sizing/chance.js'
import { serviceSeconds, type EmulatedServer } from '../sizing/emulated-server.js'

export interface ServiceQueueOptions {
  /** Of this moment; null: nobody waits. */
  readonly server: () => EmulatedServer | null
  readonly clock: Clock
  readonly timers: Timers
  readonly chance: Chance
  /** Told of each request whose turn has come, how long it has waited. */
  readonly onTurn: (waitedSeconds: number) => void
}

/** A request that is being worked on. */
export interface Turn {
  /** Call when the real work is done: resolves when the emulated server would have answered, and the next request has its turn. */
  end(): Promise<void>
}

export interface ServiceQueue {
  /** Requests that wait, without the one that is worked on. */
  length(): number
  /** Whether nobody has to wait: there is no server to emulate, and none of before is being worked for. */
  isOpen(): boolean
  /**
   * @param gone aborted when the client goes away: it leaves the line then
   * @throws QueueFull
   * @returns undefined when the client went away
   */
  enter(gone: AbortSignal): Promise<Turn | undefined>
}

/** No more requests may wait. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
  constructor(limit: number) {
    super(`the queue is full: ${limit} requests wait`)
  }
}

interface Waiting {
  readonly arrived: number
  readonly call: () => void
}

export function createServiceQueue({ server, clock, timers, chance, onTurn }: ServiceQueueOptions): ServiceQueue {
  const line = new Set<Waiting>()
  let isBusy = false
  /** When the emulated server was free last: its own time, so that late timers do not make it slower. */
  let freeSince = 0

  const next = (): void => {
    isBusy = false
    for (const first of line) {
      line.delete(first)
      isBusy = true
      first.call()
      return
    }
  }

  const turnSince = (arrived: number): Turn => {
    isBusy = true
    const emulated = server()
    const starts = Math.max(arrived, freeSince)
    onTurn((starts - arrived) / 1000)
    const answers = starts + (emulated === null ? 0 : serviceSeconds(emulated, chance) * 1000)
    let ending: Promise<void> | undefined
    const end = async (): Promise<void> => {
      const done = clock.monotonic()
      // A machine that is slower than the server it emulates makes that one slower too.
      freeSince = Math.max(answers, done)
      if (done < answers) await pause(timers, answers - done)
      next()
    }
    return { end: () => (ending ??= end()) }
  }

  return {
    length: () => line.size,
    isOpen: () => !isBusy && server() === null,
    enter: async (gone) => {
      const arrived = clock.monotonic()
      const limit = server()?.queueLimit ?? Infinity
      if (gone.aborted) return undefined
      if (!isBusy) return turnSince(arrived)
      if (line.size >= limit) throw new QueueFull(limit)
      return new Promise((resolve) => {
        const leave = (): void => {
          line.delete(waiting)
          resolve(undefined)
        }
        const call = (): void => {
          gone.removeEventListener('abort', leave)
          resolve(turnSince(arrived))
        }
        const waiting: Waiting = { arrived, call }
        line.add(waiting)
        gone.addEventListener('abort', leave, { once: true })
      })
    },
  }
}
