/**
 * Servers that joined the database of a running installation by hand (`rms-emulator node`), on this machine or another one: as the member list says,
 * they come behind the balancers, and leave them again.
 */
import type { Logger } from 'pino'
import { livingMembers } from '../cluster/living-members.js'
import type { Member } from '../cluster/store/member-store.js'
import type { Store } from '../cluster/store/open.js'
import type { Timers } from '../effects.js'
import type { ClusterProcesses } from './cluster-processes.js'

interface Following {
  readonly store: Store
  readonly clusters: () => readonly ClusterProcesses[]
  readonly timers: Timers
  readonly log: Logger
}

/** Milliseconds between two looks at the member list. */
const interval = 1000

/** @returns ends it, when the look of the moment is done */
export function followJoinedNodes({ store, clusters, timers, log }: Following): () => Promise<void> {
  /** When each was seen as it was first found: one that was killed before us is in the list, and is not seen any more. */
  const first = new Map<string, string>()
  let known = false
  let looking: Promise<void> | undefined

  const isAlive = ({ nodeId, lastSeen }: Member): boolean => {
    const before = first.get(nodeId)
    if (before === undefined) first.set(nodeId, known ? '' : lastSeen)
    return first.get(nodeId) !== lastSeen
  }

  /** A database or a balancer is away: who serves goes on. */
  const noteFailure =
    (text: string) =>
    (error: unknown): void =>
      log.debug({ why: (error as Error).message }, text)

  const look = async (): Promise<void> => {
    const members = await store.members.list()
    const moving = members.filter(isAlive)
    known = true
    for (const id of first.keys()) if (!members.some(({ nodeId }) => nodeId === id)) first.delete(id)
    const stored = await store.clusters.list()
    for (const cluster of clusters()) {
      const refresh = stored.find(({ name }) => name === cluster.name)?.configuration
        .configurationRefreshIntervalSeconds
      const living = livingMembers(
        moving.filter((member) => member.cluster === cluster.name),
        refresh ?? 1,
      )
      await cluster
        .setJoined(living.map(({ nodeId: id, url, pid }) => ({ id, url, pid })))
        .catch(noteFailure(`the balancer of ${cluster.name} was not told of nodes that joined: it is the next time`))
    }
  }

  const timer = timers.every(interval, () => {
    looking ??= look()
      .catch(noteFailure('the member list could not be followed'))
      .finally(() => {
        looking = undefined
      })
  })
  timer.unref()
  return async () => {
    timer.stop()
    await looking
  }
}
