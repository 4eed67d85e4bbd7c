/** The extranet listener of a cluster, and how the cluster's URLs follow it (adrms-deployment 1.7). */
import { sameServiceUrl } from '../client/service-url.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { changeConfiguration } from '../administration/change-configuration.js'

/** Names of the listeners that a balancer of an installation has. */
export const [intranet, extranet] = ['intranet', 'extranet'] as const

/**
 * Sets the extranet URLs of a cluster to its listener: licensing, at a root certification too. Those that an administrator gave, such as that of
 * a proxy in front, stay.
 * @param url of the listener, without a path; undefined when it has none any more
 * @returns the configuration that has them
 * @throws Problem 404, 409
 */
export async function followListener(
  store: Store,
  cluster: { readonly name: string; readonly kind: ClusterKind },
  url: string | undefined,
): Promise<ServerConfiguration> {
  const { name, kind } = cluster
  return changeConfiguration(store, name, undefined, (stored) => ({
    extranetListener: url ?? null,
    externalLicensingUrl: followed(stored, stored.externalLicensingUrl, 'licensing', url),
    ...(kind === 'root'
      ? {
          externalCertificationUrl: followed(stored, stored.externalCertificationUrl, 'certification', url),
        }
      : {}),
  }))
}

function followed(
  { extranetListener }: ServerConfiguration,
  stored: string | null,
  folder: string,
  url: string | undefined,
): string | null {
  const isOurs =
    stored === null || (extranetListener !== null && sameServiceUrl(stored, urlOf(extranetListener, folder)))
  if (!isOurs) return stored
  return url === undefined ? null : urlOf(url, folder)
}

function urlOf(listener: string, folder: string): string {
  return `${listener}/_wmcs/${folder}`
}
