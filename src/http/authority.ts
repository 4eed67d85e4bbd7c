/** Host and port as a Host header names them (RFC 9110, 7.2; RFC 3986, 3.2.2): what is legal, and what is the same. */
import { isIPv6 } from 'node:net'

export type Scheme = 'http' | 'https'

/** Unreserved characters, sub-delims, and octets in percent notation; an IPv4 address and every name of DNS are among them. */
const registeredName = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/
const futureLiteral = /^v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+$/i
/** RFC 6874 writes the percent sign as %25; most clients write it as it is. */
const zoned = /^([^%]+)%(?:25)?([A-Za-z0-9._~-]+)$/
const longestName = 255
const highestPort = 65_535

/**
 * @param value of a Host header, without blanks around it
 * @returns the value as the client wrote it, but without a colon that no port follows; undefined when it is no legal host with a port
 */
export function legalAuthority(value: string): string | undefined {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(value) ?? []
  if (host.length > longestName || Number(port) > highestPort) return undefined
  if (!(host.startsWith('[') ? isLiteral(host.slice(1, -1)) : registeredName.test(host))) return undefined
  return port === '' ? host : `${host}:${port}`
}

function isLiteral(address: string): boolean {
  const [, plain] = zoned.exec(address) ?? []
  return isIPv6(plain ?? address) || futureLiteral.test(address)
}

/** Whether two name one place for this scheme: without regard to case, and with the port that goes without saying. */
export function isSameAuthority(scheme: Scheme, one: string, other: string): boolean {
  return withPort(scheme, one) === withPort(scheme, other)
}

const usualPort: Readonly<Record<Scheme, string>> = { http: '80', https: '443' }

function withPort(scheme: Scheme, authority: string): string {
  const lower = authority.toLowerCase()
  if (!/:\d+$/.test(lower)) return `${lower}:${usualPort[scheme]}`
  const colon = lower.lastIndexOf(':')
  return `${lower.slice(0, colon)}:${Number(lower.slice(colon + 1))}`
}

/** @param authority without a port it gets this one, unless it goes without saying */
export function atPort(scheme: Scheme, authority: string, port: string): string {
  return !/:\d+$/.test(authority) && port !== usualPort[scheme] ? `${authority}:${port}` : authority
}
