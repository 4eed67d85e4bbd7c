/** Addresses of the REST services: on the origin of each cluster (design 12). */
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ServerState } from '../../cluster/server-state.js'
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

type Urls = Pick<ServerConfiguration, 'baseUrl' | 'licensingUrl' | 'externalCertificationUrl' | 'externalLicensingUrl'>

/** Every URL under which a cluster is known. */
export function knownUrls({
  baseUrl,
  licensingUrl,
  externalCertificationUrl,
  externalLicensingUrl,
}: Urls): readonly string[] {
  return [baseUrl, licensingUrl, externalLicensingUrl, externalCertificationUrl].flatMap((url) => url ?? [])
}

/**
 * The origin that answers name: the external one for who came by it, else that of the base URL. A Host header that is none of these is not repeated.
 * @param host as the client used it, with its port unless it is the usual one
 */
export function originOf(configuration: Urls, host: string): string {
  return new URL(externalUrl(configuration, host) ?? configuration.baseUrl).origin
}

/** The external URL that who used this host came by. */
function externalUrl({ externalLicensingUrl, externalCertificationUrl }: Urls, host: string): string | undefined {
  const urls = [externalLicensingUrl, externalCertificationUrl].flatMap((url) => url ?? [])
  return urls.find((url) => new URL(url).host.toLowerCase() === host.toLowerCase())
}

/** Where who used this host signs in: whoever came from outside is sent to the root's address outside, when it has one. */
export function signInOriginFor(state: ServerState, host: string): string {
  const outside = externalUrl(state.configuration, host) === undefined ? undefined : extranetCertificationUrl(state)
  return outside === undefined ? signInOrigin(state) : new URL(outside).origin
}

/** Where the sign-in service of the forest is: at its root; here, when no root is registered. */
export function signInOrigin({ certificationUrl, configuration }: ServerState): string {
  return new URL(URL.canParse(certificationUrl) ? certificationUrl : configuration.baseUrl).origin
}

export function restUrl(origin: string, version: RestVersion, service: RestServiceName): string {
  return `${origin}/my/${version}${restPaths[service]}`
}
