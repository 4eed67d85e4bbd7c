/** Changes to a cluster's configuration: compare and set, so that two administrators do not undo each other. */
import { isDeepStrictEqual } from 'node:util'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { problem } from './problem.js'

/** @throws Problem 404 */
export async function requireCluster(store: Store, name: string): Promise<ClusterRow> {
  const cluster = await store.clusters.find(name)
  if (cluster !== undefined) return cluster
  const known = (await store.clusters.list()).map((other) => other.name)
  return problem(404, `There is no cluster "${name}"; there is ${known.join(', ') || 'none'}`)
}

/** The fields that change, from what is stored. May refuse by throwing. Called again when somebody else wrote in between. */
export type Change = (configuration: ServerConfiguration, cluster: ClusterRow) => Partial<ServerConfiguration>

/**
 * Makes a change and writes it; one that changes nothing, and removes no key, is not written. Without `ifMatch` it is made anew, once, when somebody else was faster.
 * @param ifMatch ETag of the configuration it is based on
 * @param withoutKey account whose key pair is removed with it
 * @returns what is stored now
 * @throws Problem 404, 409, 412, InvalidConfiguration
 */
export async function changeConfiguration(
  store: Store,
  name: string,
  ifMatch: string | undefined,
  change: Change,
  withoutKey?: string,
): Promise<ServerConfiguration> {
  for (let tries = 2; tries > 0; tries--) {
    const cluster = await requireCluster(store, name)
    const { configuration } = cluster
    requireVersion(configuration, ifMatch)
    const wanted = { ...configuration, ...change(configuration, cluster) }
    if (isDeepStrictEqual(wanted, configuration) && withoutKey === undefined) return configuration
    const saved = await store.clusters.saveConfiguration(name, wanted, withoutKey)
    if (saved !== undefined) return saved
  }
  return problem(
    409,
    `The configuration of cluster "${name}" is being changed by somebody else at this moment: try again`,
  )
}

/** @throws Problem 404, 409 for what there is no way back from, 412, InvalidConfiguration */
export async function changeSettings(
  store: Store,
  name: string,
  wanted: Partial<ServerConfiguration>,
  ifMatch?: string,
): Promise<ServerConfiguration> {
  return changeConfiguration(store, name, ifMatch, ({ serverDecommissioned }) => {
    if (serverDecommissioned && wanted.serverDecommissioned === false)
      problem(409, `Cluster "${name}" is decommissioned, and there is no way back`)
    return wanted
  })
}

function requireVersion({ configurationVersion }: ServerConfiguration, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || Number(/\d+/.exec(ifMatch)?.[0]) === configurationVersion) return
  problem(
    412,
    `The configuration is of version ${configurationVersion} now, the change is based on ${ifMatch}: read it again`,
  )
}

export function etagOf({ configurationVersion }: ServerConfiguration): string {
  return `"${configurationVersion}"`
}
