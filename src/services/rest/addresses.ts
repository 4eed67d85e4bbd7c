/** Addresses of the REST services: beside `/_wmcs` of each cluster, on its origin (design 12). */
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ServerState } from '../../cluster/server-state.js'
import { isSameAuthority } from '../../http/authority.js'
import { siteOf } from '../../http/scoped-path.js'
import { extranetCertificationUrl } from '../standing.js'
import type { RestServiceName, RestVersion } from './operation.js'

/** Below the version. */
export const restPaths: Readonly<Record<RestServiceName, string>> = {
  EndUserLicenses: '/enduserlicenses',
  PublishingLicenses: '/publishinglicenses',
  Templates: '/templates',
  ClientDebugLogs: '/clientlogs/debug',
  ClientPerformanceLogs: '/clientlogs/performance',
}

type Urls = Pick<
  ServerConfiguration,
  'baseUrl' | 'licensingUrl' | 'certificationUrl' | 'externalCertificationUrl' | 'externalLicensingUrl'
>

/** Every URL under which a cluster is known. */
export function knownUrls({
  baseUrl,
  licensingUrl,
  externalCertificationUrl,
  externalLicensingUrl,
}: Urls): readonly string[] {
  return [baseUrl, licensingUrl, externalLicensingUrl, externalCertificationUrl].flatMap((url) => url ?? [])
}

/** Every URL that a cluster names; at a licensing-only cluster that of the root may be among them. */
export function namedUrls(urls: Urls): readonly string[] {
  return [...knownUrls(urls), ...(urls.certificationUrl === null ? [] : [urls.certificationUrl])]
}

/** The one of these URLs that who used this host came by. */
function atHost(urls: readonly string[], host: string): string | undefined {
  return urls.find((url) => {
    const { protocol, host: known } = new URL(url)
    return isSameAuthority(protocol === 'https:' ? 'https' : 'http', known, host)
  })
}

/**
 * The origin that answers name: the external one for who came by it, else that of the base URL. A Host header that is none of these is not repeated.
 * @param host as the client used it, with its port unless it is the usual one
 */
export function originOf(configuration: Urls, host: string): string {
  return siteOf(externalUrl(configuration, host) ?? configuration.baseUrl)
}

/** The external URL that who used this host came by. */
function externalUrl({ externalLicensingUrl, externalCertificationUrl }: Urls, host: string): string | undefined {
  return atHost(
    [externalLicensingUrl, externalCertificationUrl].flatMap((url) => url ?? []),
    host,
  )
}

/** Where who used this host signs in: whoever came from outside is sent to the root's address outside, when it has one. */
export function signInOriginFor(state: ServerState, host: string): string {
  const outside = externalUrl(state.configuration, host) === undefined ? undefined : extranetCertificationUrl(state)
  return outside === undefined ? signInOrigin(state) : siteOf(outside)
}

/** Where the sign-in service is for who asks it: where they asked, when that is an address of this cluster; else where it is for all. */
export function signInOriginAt(state: ServerState, host: string): string {
  const known = atHost(namedUrls(state.configuration), host)
  return known === undefined ? signInOrigin(state) : siteOf(known)
}

/** Where the sign-in service of the forest is: at its root; here, when no root is registered. */
export function signInOrigin({ certificationUrl, configuration }: ServerState): string {
  return siteOf(URL.canParse(certificationUrl) ? certificationUrl : configuration.baseUrl)
}

export function restUrl(origin: string, version: RestVersion, service: RestServiceName): string {
  return `${origin}/my/${version}${restPaths[service]}`
}
