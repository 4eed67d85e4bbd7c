/** Ends this process when the one that started it is gone: its channel closes, whatever became of it. */

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
