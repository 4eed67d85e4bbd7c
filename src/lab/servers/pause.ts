/** Whether the server stands still, and until when. */
import { setMaxListeners } from 'node:events'

export interface Pause {
  readonly isPaused: () => boolean
  /** Aborted when it goes on. */
  readonly over: () => AbortSignal
  readonly follow: (paused: boolean) => void
}

export function createPause(): Pause {
  let running: AbortController | undefined
  return {
    isPaused: () => running !== undefined,
    over: () => running?.signal ?? AbortSignal.abort(),
    follow: (paused) => {
      if (paused === (running !== undefined)) return
      const before = running
      running = paused ? new AbortController() : undefined
      // Each request that is held listens to it.
      if (running !== undefined) setMaxListeners(0, running.signal)
      before?.abort()
    },
  }
}
