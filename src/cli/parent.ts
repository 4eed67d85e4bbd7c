/** Ends this process when the one that started it is gone: its channel closes, whatever became of it. */

/** @param end called once; nothing happens in a process that was not started with a channel */
export function endWithParent(end: () => void): void {
  if (process.channel === undefined) return
  process.once('disconnect', end)
  // The channel alone must not keep us running.
  process.channel.unref()
}
