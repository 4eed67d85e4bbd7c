/** Changes to a cluster's configuration: compare and set, so that two administrators do not undo each other. */
import { isDeepStrictEqual } from 'node:util'
import { certificationUrlOf, type ServerConfiguration } from '../../cluster/configuration.js'
import type { ClusterRow } from '../../cluster/store/cluster-store.js'
import type { Store } from '../../cluster/store/open.js'
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
 * Makes a change and writes it; one that changes nothing is not written. Without `ifMatch` it is made anew, once, when somebody else was faster.
 * @param ifMatch ETag of the configuration it is based on
 * @returns what is stored now
 * @throws Problem 404, 409, 412, InvalidConfiguration
 */
export async function changeConfiguration(store: Store, name: string, ifMatch: string | undefined, change: Change): Promise<ServerConfiguration> {
  for (let tries = 2; tries > 0; tries--) {
    const cluster = await requireCluster(store, name)
    const { configuration } = cluster
    requireVersion(configuration, ifMatch)
    const wanted = { ...configuration, ...change(configuration, cluster) }
    if (isDeepStrictEqual(wanted, configuration)) return configuration
    const saved = await store.clusters.saveConfiguration(name, wanted)
    if (saved === undefined) continue
    if (cluster.kind === 'root') await followCertificationUrls(store, configuration, saved)
    return saved
  }
  return problem(409, `The configuration of cluster "${name}" is being changed by somebody else at this moment: try again`)
}

function requireVersion({ configurationVersion }: ServerConfiguration, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || Number(/\d+/.exec(ifMatch)?.[0]) === configurationVersion) return
  problem(412, `The configuration is of version ${configurationVersion} now, the change is based on ${ifMatch}: read it again`)
}

/**
 * Makes the nodes of a cluster load everything again, templates and service connection point too: they look at the configuration's version
 * alone. To be called after the change is stored.
 */
export async function announceChange(store: Store, name: string): Promise<void> {
  for (let tries = 20; tries > 0; tries--) {
    const { configuration } = await requireCluster(store, name)
    if ((await store.clusters.saveConfiguration(name, configuration)) !== undefined) return
  }
  problem(409, `The change is stored, but the nodes of cluster "${name}" could not be told: repeat it`)
}

/** The service connection point goes with the root that it names; licensing-only clusters send accounts there. */
async function followCertificationUrls(store: Store, before: ServerConfiguration, after: ServerConfiguration): Promise<void> {
  const [from, to] = [certificationUrlOf(before), certificationUrlOf(after)]
  if (from === to && before.externalCertificationUrl === after.externalCertificationUrl) return
  const { serviceConnectionPoint } = await store.forest.read()
  if (serviceConnectionPoint?.toLowerCase() === from.toLowerCase()) await store.forest.moveServiceConnectionPoint(to)
  await tellLicensingClusters(store)
}

/** Their nodes keep the certification URLs of the root in their state. */
export async function tellLicensingClusters(store: Store): Promise<void> {
  for (const { name, kind } of await store.clusters.list()) if (kind === 'licensing') await announceChange(store, name)
}

export function etagOf({ configurationVersion }: ServerConfiguration): string {
  return `"${configurationVersion}"`
}
