/** By which listener of the balancer a request came. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Of a request that came to the node itself, or by somebody who cannot show to be its balancer. */
export const direct = 'direct'

/**
 * What X-Balancer-Listener says, when X-Balancer-Key proves that the balancer wrote it; any client could send the first one.
 * @param key secret of balancer and nodes; without one nobody is believed
 * @returns name of the listener, or `direct`
 */
export function listenerOf(headers: IncomingHttpHeaders, key: string | undefined): string {
  const { 'x-balancer-listener': listener, 'x-balancer-key': shown } = headers
  if (typeof listener !== 'string' || typeof shown !== 'string' || key === undefined) return direct
  return isEqual(Buffer.from(shown), Buffer.from(key)) ? listener : direct
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
