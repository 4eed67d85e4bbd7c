/** A licensing-only cluster leaves the installation, with its key. */
import { problem } from '../administration/problem.js'
import type { Store } from '../cluster/store/open.js'
import type { ClusterProcesses } from './cluster-processes.js'
import { forgetServer } from './whole-servers.js'

export interface Removing {
  readonly store: Store
  /** It is no cluster of the installation any more, and nobody listens for it. */
  readonly end: (cluster: ClusterProcesses) => Promise<void>
}

/**
 * Its servers finish their requests first.
 * @param force it is known that what the cluster protected is lost
 * @throws Problem 409
 */
export async function removeCluster(
  cluster: ClusterProcesses,
  force: boolean,
  { store, end }: Removing,
): Promise<void> {
  const { name, kind } = cluster
  requireRemovable(name, kind, force)
  const joined = cluster.nodeIds().filter((id) => cluster.hasJoined(id))
  if (joined.length > 0)
    problem(
      409,
      `${joined.join(', ')} of "${name}" was started by hand: stop its process with SIGTERM where it runs first`,
    )
  for (const id of cluster.nodeIds()) {
    await cluster.remove(id)
    // One that was dead could not do it.
    await store.members.leave(id)
    await forgetServer(store.lab, id)
  }
  // While this fails it is a cluster without servers, which can be removed again.
  await store.clusters.remove(name)
  await end(cluster)
}

/** @throws Problem 409 */
export function requireRemovable(name: string, kind: ClusterProcesses['kind'], force: boolean): void {
  if (kind === 'root')
    problem(
      409,
      `"${name}" is the root cluster, without which no account is certified: it stays as long as the installation`,
    )
  if (!force)
    problem(
      409,
      `The key of "${name}" goes with it: nobody opens what it has protected, not even behind a new cluster of this name, unless lab reset or a snapshot brings it back. Export its trusted publishing domain first, or remove it with --force (over HTTP: ?force=true)`,
    )
}
