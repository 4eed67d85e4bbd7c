/** Settings of clusters that a start of the installation gives them, and the access lists among them. */
import { defaultConfiguration, type ServerConfiguration } from '../cluster/configuration.js'
import { forestNamed, serviceGroupOf, usualForestName } from '../directory/forest.js'
import { withClients, type RegisteredClient } from '../cluster/oauth-clients.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { endpointsNamed, unknownEndpoint } from '../identity/access.js'
import { endpointPaths } from '../node/roles.js'

/** An endpoint named in an access setting that no server has. */
export class UnknownEndpoint extends Error {
  override readonly name = 'UnknownEndpoint'
}

export interface GivenSettings {
  /** DNS name of the forest; the usual one when left out. */
  readonly forest?: string | undefined
  /** Accounts and groups to add to the access lists of endpoints. */
  readonly admit?: readonly { readonly endpoint: string; readonly group: string }[] | undefined
  /** Applications to add to those that the sign-in service sends users back to. */
  readonly oauthClients?: readonly RegisteredClient[] | undefined
  readonly settings?: Partial<ServerConfiguration> | undefined
}

/**
 * Decommissioning is about the root cluster; a licensing-only one is told the rest.
 * @param stored configuration of a cluster that is there already
 */
export function settingsOf(
  { settings, admit = [], oauthClients = [], forest = usualForestName }: GivenSettings,
  kind: ClusterKind,
  stored?: ServerConfiguration,
): Partial<ServerConfiguration> {
  const { serverDecommissioned, ...others } = settings ?? {}
  const decommissioned = kind === 'root' && serverDecommissioned !== undefined ? { serverDecommissioned } : {}
  const registered = others.oauthClients ?? stored?.oauthClients ?? []
  const clients = oauthClients.length === 0 ? {} : { oauthClients: withClients(registered, oauthClients) }
  return {
    ...others,
    ...decommissioned,
    ...clients,
    ...accessSettings(admit, kind, stored?.admittedGroups ?? defaultAccessLists(forest)),
  }
}

/** @throws UnknownEndpoint */
export function requireEndpoints(admit: NonNullable<GivenSettings['admit']>): void {
  const paths = endpointPaths('root')
  const unknown = admit.find(({ endpoint }) => endpointsNamed(endpoint, paths).length === 0)
  if (unknown !== undefined) throw new UnknownEndpoint(unknownEndpoint(unknown.endpoint, paths))
}

/** Added to what is kept, or to the defaults, not in their place: the service account keeps its access, and whoever was admitted since. */
function accessSettings(
  admit: NonNullable<GivenSettings['admit']>,
  kind: ClusterKind,
  present: ServerConfiguration['admittedGroups'],
): Partial<ServerConfiguration> {
  if (admit.length === 0) return {}
  const lists = new Map(Object.entries(present))
  for (const { endpoint, group } of admit) {
    for (const path of endpointsNamed(endpoint, endpointPaths(kind)))
      lists.set(path, [...new Set([...(lists.get(path) ?? []), group])])
  }
  return { admittedGroups: Object.fromEntries(lists) }
}

function defaultAccessLists(forest: string): ServerConfiguration['admittedGroups'] {
  const own = {
    serverName: '-',
    baseUrl: 'http://localhost',
    cryptographicMode: 2 as const,
    slc: [],
    trustedSpcCAKeys: [],
    trustedRacIssuers: [],
  }
  return defaultConfiguration(own, serviceGroupOf(forestNamed(forest))).admittedGroups
}
