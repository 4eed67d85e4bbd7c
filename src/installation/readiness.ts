/** Whether an installation can serve: whether each of its clusters has a server that is ready. */
import type { ClusterStatus, NodeStatus } from './status.js'

export interface InstallationReadiness {
  readonly status: 'ready' | 'unable'
  readonly clusters: readonly ClusterReadiness[]
  /** For people, where it is not ready. */
  readonly reason?: string
}

export interface ClusterReadiness {
  readonly name: string
  /** Ids of the servers that are ready. */
  readonly ready: readonly string[]
  readonly others: readonly Pick<NodeStatus, 'id' | 'state' | 'reason'>[]
}

export function readinessOf(clusters: readonly Pick<ClusterStatus, 'name' | 'nodes'>[]): InstallationReadiness {
  const found = clusters.map(({ name, nodes }): ClusterReadiness => {
    const isReady = ({ state }: NodeStatus): boolean => state === 'serving'
    const others = nodes.filter((node) => !isReady(node)).map(({ id, state, reason }) => ({ id, state, reason }))
    return { name, ready: nodes.filter(isReady).map(({ id }) => id), others }
  })
  if (found.length === 0) return { status: 'unable', clusters: [], reason: 'There is no cluster' }
  const missing = found.filter(({ ready }) => ready.length === 0)
  return missing.length === 0
    ? { status: 'ready', clusters: found }
    : { status: 'unable', clusters: found, reason: missing.map(whyNot).join('; ') }
}

function whyNot({ name, others }: ClusterReadiness): string {
  const servers = others.map(({ id, state, reason }) => `${id}: ${state}, ${reason}`).join('; ')
  return others.length === 0 ? `${name} has no server` : `${name} has no server that is ready (${servers})`
}
