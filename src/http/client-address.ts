/** Who a request came from: the address of the client, where there are proxies between. */
import { isIP, isIPv4 } from 'node:net'

/**
 * Goes back from proxy to proxy as long as each is believed. Whatever stands before the first one that is not may be the client's own invention.
 * @param peer address of the proxy that the request came from, which is believed
 * @param forwardedFor values of X-Forwarded-For: each proxy has added whom it had the request from
 * @param isTrusted whether the proxy with an address is believed in whom it had the request from
 */
export function clientAddress(
  peer: string,
  forwardedFor: readonly string[],
  isTrusted: (address: string) => boolean,
): string {
  let found = peer
  for (const text of forwardedFor.join(',').split(',').toReversed()) {
    const address = plainAddress(text)
    // As `unknown`: nobody can tell whom that proxy had it from.
    if (address === undefined) return found
    found = address
    if (!isTrusted(address)) return found
  }
  return found
}

/** An address without port, brackets and zone, which some proxies write, and as IPv4 where it is one; undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  const [, bracketed, plain = ''] = /^\s*(?:\[([^\]]*)\](?::\d{1,5})?|(\S*))\s*$/.exec(text) ?? []
  const written = (bracketed ?? plain.replace(/^([^:]*):\d{1,5}$/, '$1')).replace(/%.*$/, '')
  const address = unmapped(written)
  return isIP(address) === 0 ? undefined : address
}

/** An IPv4 address in the IPv6 form of RFC 4291, 2.5.5.2, which a socket for both families writes: without what stands before it. */
export function unmapped(address: string): string {
  const [, plain = ''] = /^::ffff:(.*)$/i.exec(address) ?? []
  return isIPv4(plain) ? plain : address
}
