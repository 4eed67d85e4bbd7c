/** What an installation says of itself: forest, clusters and nodes. */
import type { ClusterKind } from '../cluster/store/cluster-store.js'

export interface NodeStatus {
  readonly id: string
  readonly url: string
  readonly pid: number
  /** `away`: it died, and is being started again; `starting`: it runs, but the balancer gives it no requests yet. */
  readonly state: 'serving' | 'draining' | 'starting' | 'away'
}

export interface ClusterStatus {
  readonly name: string
  readonly kind: ClusterKind
  /** Public base URL, with /_wmcs. */
  readonly url: string
  /** Base URL of its extranet listener, with /_wmcs, where it has one. */
  readonly extranetUrl?: string
  readonly nodes: readonly NodeStatus[]
}

export interface InstallationStatus {
  readonly forest: string
  readonly clusters: readonly ClusterStatus[]
}
