/** The state of a server of a running installation: its process as management knows it, all else as its balancer does. */
import type { SeenNode } from './balancer-process.js'
import type { NodeStatus } from './status.js'

export interface ServerProcess {
  readonly id: string
  /** As the balancer was told it. */
  readonly url: string
  readonly pid: number
}

/** What the balancer says of its nodes, or why it says nothing. */
export type Seen = { readonly nodes: readonly SeenNode[] } | { readonly failure: string }

const states: Readonly<Record<SeenNode['state'], NodeStatus['state']>> = {
  unknown: 'starting',
  ready: 'serving',
  draining: 'draining',
  down: 'down',
}

export function serverStatus({ id, url, pid }: ServerProcess, seen: Seen): NodeStatus {
  if ('failure' in seen) return { id, url, pid, state: 'down', reason: `its balancer ${seen.failure}` }
  // One that was started again has another address.
  const node = seen.nodes.find((one) => one.id === id && one.url === url)
  if (node === undefined) return { id, url, pid, state: 'starting', reason: 'its balancer does not know it yet' }
  const { state, reason, since, running, counters } = node
  const answered = counters.answers.reduce((sum, count) => sum + count, 0)
  return {
    id,
    url,
    pid,
    state: states[state],
    reason,
    since,
    requests: { running, answered, failed: counters.failures },
  }
}

/** @param how its process ended */
export function awayStatus(id: string, how: string | undefined, isRestarted: boolean): NodeStatus {
  const ended = how === undefined ? 'its process has ended' : `its process ended with ${how}`
  const next = isRestarted ? 'it is being started again' : 'it is not started again, as --no-restart says'
  return { id, url: '', pid: 0, state: 'away', reason: `${ended}; ${next}` }
}
