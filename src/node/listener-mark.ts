/** What the balancer says of a request: by which listener it came, and on which of its clients' connections. */
import type { IncomingHttpHeaders } from 'node:http'
import { isSameSecret } from '../same-secret.js'

/** Of a request that came to the node itself, or by somebody who cannot show to be its balancer. */
export const direct = 'direct'

/**
 * What X-Balancer-Listener says, when X-Balancer-Key proves that the balancer wrote it; any client could send the first one.
 * @param key secret of balancer and nodes; without one nobody is believed
 * @returns name of the listener, or `direct`
 */
export function listenerOf(headers: IncomingHttpHeaders, key: string | undefined): string {
  const listener = headers['x-balancer-listener']
  return typeof listener === 'string' && key !== undefined && showsKey(headers, key) ? listener : direct
}

/**
 * What X-Balancer-Connection says. A node with a key believes it only from who shows the key: any proxy might write the same name for all its clients.
 * @param key secret of balancer and nodes; without one everybody is believed
 * @returns name of the client's connection; undefined when nobody says, or nobody who is believed
 */
export function connectionOf(headers: IncomingHttpHeaders, key: string | undefined): string | undefined {
  const connection = headers['x-balancer-connection']
  return typeof connection === 'string' && (key === undefined || showsKey(headers, key)) ? connection : undefined
}

/** Whether a balancer of ours wrote this. */
export function showsKey(headers: IncomingHttpHeaders, key: string): boolean {
  const shown = headers['x-balancer-key']
  return typeof shown === 'string' && isSameSecret(shown, key)
}
