/** The servers of an installation, as a part of what is returned to: who starts and stops them is asked through this. */
import type { Places } from '../../cluster/state-places.js'
import type { ClusterKind } from '../../cluster/store/cluster-store.js'

export interface ClusterServers {
  /** Ids, in order; those that others started are not among them. */
  readonly servers: readonly string[]
  /** Of the balancer. */
  readonly port: number
}

/** By the names of clusters, in the order in which they are shown. */
export type ServersByCluster = Readonly<Record<string, ClusterServers>>

export interface WantedCluster extends Partial<ClusterServers> {
  readonly name: string
  readonly kind: ClusterKind
  /** Where its extranet listener was; null for none. */
  readonly extranetListener: string | null
}

export interface Arrangement {
  present(): ServersByCluster
  /** While it runs, no cluster and no server comes or goes: what is read then of both belongs together. */
  inTurn<Result>(read: () => Promise<Result>): Promise<Result>
  /**
   * Brings the servers to what is wanted (where servers are not told, those that there are, and one of a cluster that is not there): others go, those that are missing come, all of them serve when this resolves. Where a cluster is already it
   * stays, with its port.
   * @param write puts the state of these clusters into the database, as soon as it is known where they are
   * @throws Problem, and what `write` throws
   */
  arrange(wanted: readonly WantedCluster[], write: (places: Places) => Promise<void>): Promise<void>
}
