/** Header lists on their way through: what ends at each hop (RFC 9110, 7.6.1), and what the balancer adds for the nodes. */
import type { IncomingMessage } from 'node:http'
import { legalAuthority } from '../http/authority.js'
import { forwardedAsked, forwardedFor, type Asked } from '../http/forwarded.js'
import { valuesOf } from '../http/raw-headers.js'
import type { TrustedProxies } from '../http/trusted-proxies.js'
import { showsProxy } from '../proxy-headers.js'
import { isSameSecret } from '../same-secret.js'

/** Those of RFC 9110, 7.6.1 and RFC 2616, 13.5.1. Length and expectation are said anew for each connection. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Set by the balancer itself; what a client sends under these names never reaches a node as it is. X-Forwarded-For is continued. */
const replaced = new Set([
  'content-length',
  'expect',
  'host',
  // Said on in the other form.
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-balancer-listener',
  'x-balancer-key',
  'x-balancer-connection',
])

/** Names that the Connection header declares to end here, in lower case. */
function connectionNames(values: readonly string[]): ReadonlySet<string> | undefined {
  // Nearly every message says this or nothing.
  if (values.length === 0 || (values.length === 1 && values[0] === 'keep-alive')) return undefined
  const names = values.flatMap((value) => value.toLowerCase().split(',')).map((name) => name.trim())
  return names.every((name) => name === '' || name === 'keep-alive' || name === 'close') ? undefined : new Set(names)
}

export interface Target {
  /** Path and query; begins with a slash. */
  readonly path: string
  /** As the client named it; undefined when it named none, as HTTP/1.0 may. */
  readonly host: string | undefined
}

/** Which refusal it is. */
export type BadTarget = 'badTarget' | 'badHost'

/**
 * Where a request wants to go. A target in absolute form names the host itself (RFC 9112, 3.2.2).
 * @returns why not, when the target is no path, when there are several hosts, or the host is none
 */
export function targetOf(request: IncomingMessage): Target | BadTarget {
  const url = request.url ?? ''
  const hosts = valuesOf(request.rawHeaders, 'host')
  if (hosts.length > 1 || (hosts.length === 0 && request.httpVersion !== '1.0')) return 'badTarget'
  const [host = ''] = hosts
  if (url.startsWith('/')) return named(url, host)
  const absolute = /^https?:\/\/([^/?#@\s]+)(\/[^#\s]*)?(\?[^#\s]*)?$/i.exec(url)
  if (absolute === null) return 'badTarget'
  return named(`${absolute[2] ?? '/'}${absolute[3] ?? ''}`, absolute[1] ?? host)
}

function named(path: string, host: string): Target | BadTarget {
  if (host === '') return { path, host: undefined }
  const legal = legalAuthority(host)
  return legal === undefined ? 'badHost' : { path, host: legal }
}

/**
 * What nodes are told of a listener, as a flat list of names and values.
 * @param key shows that the balancer says so, to nodes that know it; left out when undefined
 */
export function listenerMark(listener: string, key: string | undefined): readonly string[] {
  return ['X-Balancer-Listener', listener, ...(key === undefined ? [] : ['X-Balancer-Key', key])]
}

export interface Said {
  /** About the listener that the client came by. */
  readonly mark: readonly string[]
  /** Name of the client's connection. */
  readonly connection: string
  /** What another balancer of ours shows. */
  readonly key: string | undefined
}

/**
 * The headers that a node gets, as a flat list of names and values in the client's order and spelling. They do not name the connection of a
 * proxy: it may carry requests of several people, and who has signed in on it would be all of them. Another balancer of ours gives each a
 * connection, and names it unless there is a proxy before it.
 * @param asked how the client asked, as far as is known
 */
export function nodeHeaders(request: IncomingMessage, asked: Asked, { mark, connection, key }: Said): string[] {
  const { rawHeaders, socket } = request
  const { scheme, host } = asked
  const dropped = connectionNames(valuesOf(rawHeaders, 'connection'))
  const headers = host === undefined ? [] : ['Host', host]
  const before = forwardedFor((name) => valuesOf(rawHeaders, name))
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const lower = name.toLowerCase()
    if (!hopByHop.has(lower) && !replaced.has(lower) && dropped?.has(lower) !== true) headers.push(name, value)
  }
  headers.push(
    'X-Forwarded-For',
    [...before, socket.remoteAddress ?? 'unknown'].join(', '),
    'X-Forwarded-Proto',
    scheme,
  )
  // Empty, it tells that the Host of this connection is not the client's.
  headers.push('X-Forwarded-Host', host ?? '', ...mark)
  if (isOneClients(request, key)) headers.push('X-Balancer-Connection', connection)
  return headers
}

/** Whether the connection carries the requests of one client only, as far as can be seen. */
function isOneClients({ headers }: IncomingMessage, key: string | undefined): boolean {
  const isFromOurs = showsKey(headers, key)
  return isFromOurs ? headers['x-balancer-connection'] !== undefined : !Object.keys(headers).some(showsProxy)
}

/** As another balancer of ours does. */
function showsKey({ 'x-balancer-key': shown }: IncomingMessage['headers'], key: string | undefined): boolean {
  return typeof shown === 'string' && key !== undefined && isSameSecret(shown, key)
}

/** Whether this peer is believed in what it says of the request that it had. */
export type Trust = (request: IncomingMessage) => boolean

/** Proxies that were named are believed, and other balancers of ours. */
export function trustOf(proxies: TrustedProxies, key: string | undefined): Trust {
  return ({ socket, headers }) => proxies(socket.remoteAddress) || showsKey(headers, key)
}

/** How the client asked: as it came here, or as a proxy that is believed says. */
export function askedOf(request: IncomingMessage, host: string | undefined, trust: Trust): Asked {
  const own: Asked = { scheme: 'encrypted' in request.socket ? 'https' : 'http', host }
  return trust(request) ? forwardedAsked((name) => valuesOf(request.rawHeaders, name), own) : own
}

export interface AnswerHeaders {
  readonly headers: string[]
  /** The node closes its connection after this answer. */
  readonly closes: boolean
}

/** @param raw names and values as the node sent them, in Latin-1 */
export function answerHeaders(raw: readonly (Buffer | string)[]): AnswerHeaders {
  const given = raw.map((item) => (typeof item === 'string' ? item : item.toString('latin1')))
  const connection = valuesOf(given, 'connection')
  const dropped = connectionNames(connection)
  const headers: string[] = []
  for (let at = 0; at + 1 < given.length; at += 2) {
    const name = given[at] ?? ''
    const lower = name.toLowerCase()
    if (!hopByHop.has(lower) && dropped?.has(lower) !== true) headers.push(name, given[at + 1] ?? '')
  }
  return { headers, closes: connection.some((value) => /(?:^|[,\s])close(?:[,\s]|$)/i.test(value)) }
}

/** Whether a request signs its connection in: NTLM, or Negotiate (RFC 4559). */
export function signsInConnection(authorization: string | undefined): boolean {
  return authorization !== undefined && /^\s*(?:ntlm|negotiate)(?:\s|$)/i.test(authorization)
}

/** Whether a token goes on with a dialogue that one node has begun: NTLM message 3, or a SPNEGO answer (first byte 0xA1). */
export function continuesDialogue(authorization: string | undefined): boolean {
  return authorization !== undefined && /^\s*(?:ntlm|negotiate)\s+(?:TlRMTVNTUAAD|o)/i.test(authorization)
}
