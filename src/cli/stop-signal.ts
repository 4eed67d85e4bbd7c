/** Ctrl-C and SIGTERM as an AbortSignal: work ends early and says what it has. A second one ends the process at once. */

export function stopSignal(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController()
  const stop = (): void => {
    // Without a listener the next one does what the system says.
    release()
    controller.abort(new Error('Stopped'))
  }
  const release = (): void => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop)
  return { signal: controller.signal, release }
}
