/** What ties this process to the one that started it: it waits for its word, and ends when that one is gone and its channel closes. */
import { once } from 'node:events'

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
