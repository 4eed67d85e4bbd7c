/** Where clients reach what listens on this machine. */

/**
 * @param listener where it listens, without a path: scheme and port are its own
 * @param publicUrl of the root cluster: its host names this machine to clients; they use the listener's own when undefined
 */
export function seenUrl(listener: string, publicUrl: string | undefined): string {
  if (publicUrl === undefined) return listener
  const seen = new URL(listener)
  seen.hostname = new URL(publicUrl).hostname
  return seen.origin
}

/** Of an http or https URL, also where it goes without saying. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
