/** A child process that is started again when it dies, a little later each time, until it is told to stop. */
import type { Logger } from 'pino'
import { pause, type Clock, type Timers } from '../effects.js'
import type { Child } from './child.js'

export interface SupervisedOptions {
  /** For the log. */
  readonly name: string
  readonly start: () => Promise<Child>
  readonly restart: boolean
  readonly log: Logger
  readonly clock: Clock
  readonly timers: Timers
  /** The process of the moment has ended; what there was of it is gone. */
  readonly onEnd?: () => Promise<void>
  /** A new one is ready in its place. */
  readonly onRestart?: (child: Child) => Promise<void>
}

export interface Supervised {
  /** The process of the moment; undefined while there is none. */
  child(): Child | undefined
  /** How the last one that died ended, as `signal SIGKILL`; undefined when none did. */
  lastEnd(): string | undefined
  /** Ends it, and does not start it again. */
  stop(within?: number): Promise<void>
}

/** Milliseconds. A process that lived for `healthy` died of something else than its start. */
const shortest = 100
const longest = 5000
const healthy = 10_000

/** @throws ChildFailed when the first one does not become ready */
export async function supervise({
  name,
  start,
  restart,
  log,
  clock,
  timers,
  onEnd,
  onRestart,
}: SupervisedOptions): Promise<Supervised> {
  const stopping = new AbortController()
  let child: Child | undefined = await start()
  let startedAt = clock.monotonic()
  let delay = shortest
  let lastEnd: string | undefined

  const startAgain = async (): Promise<void> => {
    while (!stopping.signal.aborted && child === undefined) {
      await pause(timers, delay, stopping.signal)
      delay = Math.min(2 * delay, longest)
      if (stopping.signal.aborted) return
      try {
        child = await start()
      } catch (error) {
        log.error(
          { process: name, why: (error as Error).message, again: delay },
          'the process could not be started again',
        )
      }
    }
  }

  const watch = async (): Promise<void> => {
    while (child !== undefined) {
      const how = await child.ended
      child = undefined
      lastEnd = how
      if (stopping.signal.aborted) return
      log.warn({ process: name, how, restart }, 'a process died')
      await quietly(onEnd?.())
      if (!restart) return
      if (clock.monotonic() - startedAt > healthy) delay = shortest
      await startAgain()
      startedAt = clock.monotonic()
      await replaced()
    }
  }

  const replaced = async (): Promise<void> => {
    if (child === undefined) return
    if (stopping.signal.aborted) await child.stop()
    else await quietly(onRestart?.(child))
  }

  const quietly = async (work: Promise<void> | undefined): Promise<void> => {
    try {
      await work
    } catch (error) {
      log.error({ process: name, err: error }, 'the restart of a process could not be followed')
    }
  }

  const watching = watch()
  return {
    child: () => child,
    lastEnd: () => lastEnd,
    stop: async (within) => {
      stopping.abort()
      await child?.stop(within)
      await watching
    },
  }
}
