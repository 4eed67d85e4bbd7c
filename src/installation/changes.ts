/** Clusters and servers that come and go while the installation runs: what can be asked for. */
import type { ClusterStatus, NodeStatus } from './status.js'

export interface ExtranetPlan {
  /** 0 takes any free one; the next free one when left out. */
  readonly port?: number | undefined
}

export interface NewClusterPlan {
  readonly name: string
  readonly nodes: number
  readonly enrollment: 'self' | 'root'
  /** 0 takes any free one; the next free one when left out. */
  readonly port?: number | undefined
  /** Without one, there is no extranet listener. */
  readonly extranet?: ExtranetPlan | undefined
}

/** All of them throw Problem when they are refused, with the reason. */
export interface Topology {
  addCluster(plan: NewClusterPlan): Promise<ClusterStatus>
  /** A licensing-only one, with its servers and its key. `force`: what it protected is lost. */
  removeCluster(name: string, force: boolean): Promise<void>
  /** Opens the extranet listener of a cluster; closes it when undefined. */
  setExtranet(cluster: string, wanted: ExtranetPlan | undefined): Promise<ClusterStatus>
  addServer(cluster: string): Promise<NodeStatus>
  /** Drains first. `force`: also the last one of a licensing-only cluster. */
  removeServer(id: string, force: boolean): Promise<void>
  drainServer(id: string): Promise<NodeStatus>
  /** Gives a drained server requests again. */
  resumeServer(id: string): Promise<NodeStatus>
  killServer(id: string): Promise<void>
}
