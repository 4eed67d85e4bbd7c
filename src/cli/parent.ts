/** What ties this process to the one that started it: it waits for its word, and ends when that one is gone and its channel closes. */
import { once } from 'node:events'
import type { Environment } from '../config/environment.js'
import type { Timers } from '../effects.js'

/** @param end called once, at once when the parent is gone already; nothing happens in a process that was not started with a channel */
export function endWithParent(end: () => void): void {
  // False, not undefined, once a channel has closed: the parent may die before we come here.
  const connected = process.connected as boolean | undefined
  if (connected === undefined) return
  if (!connected) {
    end()
    return
  }
  process.once('disconnect', end)
  // The channel alone must not keep us running.
  process.channel?.unref()
}

/** Resolves when the parent gives the word to begin; at once in a process that was not started with a channel. */
export async function wordOfParent(): Promise<void> {
  const connected = process.connected as boolean | undefined
  if (connected !== true) return
  process.channel?.ref()
  await once(process, 'message')
  process.channel?.unref()
}

/** Milliseconds. */
const betweenLooks = 1000

/**
 * `npx` and `npm start` that get a signal end without passing it on, and nobody would know what goes on without them: what they started ends, too.
 * @param end called once
 */
export function endWithNpm({ npm_execpath: npm }: Environment, timers: Timers, end: () => void): void {
  if (npm === undefined) return
  const parent = process.ppid
  const timer = timers.every(betweenLooks, () => {
    if (process.ppid === parent) return
    timer.stop()
    end()
  })
  timer.unref()
}
