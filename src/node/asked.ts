/**
 * How a client asked: by which scheme, at which host. Whoever wants to know whether a request came over TLS, or which address the client used,
 * asks here. The address of a node itself is never told to a client that did not use it.
 */
import type { FastifyRequest } from 'fastify'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { isSameAuthority, legalAuthority, type Scheme } from '../http/authority.js'
import { clientAddress, plainAddress } from '../http/client-address.js'
import { forwardedAsked, forwardedFor, namesNoHost, type Asked, type HeaderValues } from '../http/forwarded.js'
import { valuesOf } from '../http/raw-headers.js'
import { scopedPath, siteOf } from '../http/scoped-path.js'
import { namedUrls } from '../services/rest/addresses.js'
import type { NodeContext } from './context.js'
import { showsKey } from './listener-mark.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** As it came to this server, or as a balancer or proxy that is believed says. */
    asked: Asked
  }
}

/** @returns undefined when the Host header is missing, doubled, or no legal host */
export function readAsked(request: FastifyRequest, context: NodeContext): Asked | undefined {
  const { headers, raw } = request
  const named = headers.host ?? ''
  const legal = legalAuthority(named)
  if (legal === undefined && named !== '') return undefined
  if (valuesOf(raw.rawHeaders, 'host').length !== 1 && !(named === '' && raw.httpVersion === '1.0')) return undefined
  const values: HeaderValues = (name) => valuesOf(raw.rawHeaders, name)
  const host = namesNoHost(values) ? undefined : legal
  const own: Asked = { scheme: request.protocol === 'https' ? 'https' : 'http', host }
  return isBelieved(request, context) ? forwardedAsked(values, own) : own
}

/** IP address of the client, as far as those that are believed name it; '' for one that is gone already. */
export function clientAddressOf(request: FastifyRequest, context: NodeContext): string {
  const peer = plainAddress(request.raw.socket.remoteAddress ?? '') ?? ''
  if (!isBelieved(request, context)) return peer
  const named = forwardedFor((name) => valuesOf(request.raw.rawHeaders, name))
  return clientAddress(peer, named, context.trustedProxies)
}

function isBelieved({ headers, raw }: FastifyRequest, { listenerKey, trustedProxies }: NodeContext): boolean {
  return (listenerKey !== undefined && showsKey(headers, listenerKey)) || trustedProxies(raw.socket.remoteAddress)
}

/** Whether the client came over TLS: it did so, a proxy that is believed says so, or its host is that of an https URL of the cluster. */
export function isSecure({ asked: { scheme, host } }: FastifyRequest, { state }: NodeContext): boolean {
  if (scheme === 'https') return true
  return host !== undefined && secureHosts(state().configuration).some((known) => isSameAuthority('https', known, host))
}

/** Where the paths of this server begin for the client: the origin that it used, or the cluster's own where that is not known, and the path of the scope. */
export function askedSite(request: FastifyRequest, context: NodeContext): string {
  const { host } = request.asked
  if (host === undefined) return siteOf(context.state().configuration.baseUrl)
  const scheme: Scheme = isSecure(request, context) ? 'https' : 'http'
  return `${scheme}://${host}${prefixOf(request)}`
}

/** What the client wrote before the paths of this server: `/f/NAME` for a scope, otherwise nothing. */
export function prefixOf({ originalUrl, url }: FastifyRequest): string {
  const path = originalUrl === url ? undefined : scopedPath(originalUrl)
  return path === undefined ? '' : `/f/${path.name}`
}

/** A configuration never changes: there is a new one then. */
const remembered = new WeakMap<ServerConfiguration, readonly string[]>()

function secureHosts(configuration: ServerConfiguration): readonly string[] {
  const found = remembered.get(configuration)
  if (found !== undefined) return found
  const hosts = namedUrls(configuration)
    .map((url) => new URL(url))
    .filter(({ protocol }) => protocol === 'https:')
    .map(({ host }) => host)
  remembered.set(configuration, hosts)
  return hosts
}
