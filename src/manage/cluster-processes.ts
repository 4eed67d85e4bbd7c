/** One cluster of a running installation: its balancer and its nodes, each a process; nodes come and go while it serves. */
import type { Logger } from 'pino'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { Clock, Timers } from '../effects.js'
import type { ClusterStatus, NodeStatus } from './status.js'
import type { BalancerProcess } from './balancer-process.js'
import { startChild, type Child } from './child.js'
import { supervise, type Supervised } from './supervised.js'

export interface ClusterProcessesOptions {
  readonly name: string
  readonly kind: ClusterKind
  /** Public base URL, with /_wmcs. */
  readonly url: string
  readonly balancer: BalancerProcess
  /** Flags of the command `node`, and its secrets as environment variables. */
  readonly flags: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  readonly restart: boolean
  readonly log: Logger
  readonly onLine: (line: string) => void
  /** Told of each node that begins to start, and when it takes requests. */
  readonly onStart?: (part: { readonly name: string; readonly isReady: boolean }) => void
  readonly clock: Clock
  readonly timers: Timers
  /** Ends what is being started. */
  readonly signal?: AbortSignal | undefined
}

export interface ClusterProcesses {
  readonly name: string
  readonly kind: ClusterKind
  status(): ClusterStatus
  hasNode(id: string): boolean
  size(): number
  /** The cluster's front door. */
  readonly balancer: BalancerProcess
  /**
   * Starts nodes; they take requests when this resolves.
   * @param made when the cluster is in the database; the processes load meanwhile
   * @throws ChildFailed, and what `made` is rejected with; then none of them stays
   */
  addServers(count: number, made?: Promise<unknown>): Promise<readonly NodeStatus[]>
  /** The node takes no new requests; resolves when it has finished those it had. */
  drain(id: string): Promise<void>
  /** Gives a drained node requests again. */
  resume(id: string): Promise<void>
  /** Nodes that others started: those of ours among them do not count. */
  setJoined(nodes: readonly JoinedNode[]): Promise<void>
  hasJoined(id: string): boolean
  /** Drains the node and ends it. */
  remove(id: string): Promise<void>
  /** Ends the process at once, as a power failure would. */
  kill(id: string): void
  /** The balancer finishes what runs; then the nodes end. */
  stop(): Promise<void>
}

/** A node that was started by hand, or on another machine. */
export interface JoinedNode {
  readonly id: string
  readonly url: string
  readonly pid: number
}

interface NodeProcess {
  readonly id: string
  readonly supervised: Supervised
  isDraining: boolean
  /** The process that the balancer has found ready. */
  serving: Child | undefined
}

/** Milliseconds. A node is started beside others on a machine that may be busy. */
const readyWithin = 60_000

export function createClusterProcesses(options: ClusterProcessesOptions): ClusterProcesses {
  const { name, kind, url, balancer, log, clock, timers, signal } = options
  const nodes = new Map<string, NodeProcess>()
  let count = 0
  /** Also of those that were removed: they are in the member list for a moment still. */
  const ownIds = new Set<string>()
  let joined: readonly NodeStatus[] = []
  let isStopping = false

  const startNode = async (id: string, begin?: Promise<unknown>): Promise<NodeProcess> => {
    const args = ['node', '--json', '--cluster', name, '--id', id, ...options.flags]
    const supervised = await supervise({
      name: id,
      start: () =>
        startChild({ args, secrets: options.secrets, begin, onLine: options.onLine, readyWithin, timers, signal }),
      restart: options.restart,
      log,
      clock,
      timers,
      onEnd: tellBalancer,
      onRestart: async () => {
        // The new process knows nothing of the draining of the old one, nor does the balancer.
        const node = nodes.get(id)
        if (node !== undefined) node.isDraining = false
        await tellBalancer()
        // Not awaited: it may die before the balancer finds it.
        if (node !== undefined) void followReadiness(node)
      },
    })
    return { id, supervised, isDraining: false, serving: undefined }
  }

  /** A node without a process is not in the list, and is there again under its new address. */
  const tellBalancer = async (): Promise<void> =>
    balancer.setNodes([
      ...[...nodes.values()].flatMap(({ id, supervised }) => entryOf(id, supervised.child())),
      ...joined.map(({ id, url }) => ({ id, url })),
    ])

  /** Until the process that runs now takes requests, or is gone. */
  const followReadiness = async (node: NodeProcess): Promise<void> => {
    const child = node.supervised.child()
    const isCurrent = (): boolean => !isStopping && child !== undefined && child === node.supervised.child()
    while (isCurrent()) {
      try {
        await balancer.waitUntilReady([node.id])
        node.serving = child
        return
      } catch (error) {
        log.warn(
          { node: node.id, why: (error as Error).message },
          'a server that was started again takes no requests yet',
        )
      }
    }
  }

  /** Nodes that were not added after all. */
  const takeBack = async (added: readonly NodeProcess[]): Promise<void> => {
    for (const { id } of added) nodes.delete(id)
    await tellBalancer().catch((error: unknown) =>
      log.warn({ cluster: name, err: error }, 'the balancer was not told that nodes are taken back'),
    )
    await Promise.all(added.map(({ supervised }) => supervised.stop()))
  }

  const nodeOf = (id: string): NodeProcess => {
    const found = nodes.get(id)
    if (found === undefined) throw new Error(`Cluster ${name} has no node ${id}`)
    return found
  }

  const drain = async (id: string): Promise<void> => {
    const node = nodeOf(id)
    node.isDraining = true
    if (node.supervised.child() !== undefined) await balancer.drain(id)
  }

  return {
    name,
    kind,
    balancer,
    status: () => ({
      name,
      kind,
      url,
      ...extranetOf(balancer),
      nodes: [...[...nodes.values()].map(statusOf), ...joined],
    }),
    hasNode: (id) => nodes.has(id),
    size: () => nodes.size,
    addServers: async (wanted, made) => {
      const ids = Array.from({ length: wanted }, () => `${name}-${++count}`)
      for (const id of ids) ownIds.add(id)
      for (const id of ids) options.onStart?.({ name: id, isReady: false })
      const started = await Promise.allSettled(ids.map((id) => startNode(id, made)))
      const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      const failed = started.find((result) => result.status === 'rejected')
      if (failed !== undefined) {
        await Promise.all(running.map(({ supervised }) => supervised.stop()))
        throw failed.reason
      }
      await made
      for (const node of running) nodes.set(node.id, node)
      try {
        await tellBalancer()
        await balancer.waitUntilReady(ids)
        for (const node of running) {
          node.serving = node.supervised.child()
          options.onStart?.({ name: node.id, isReady: true })
        }
      } catch (error) {
        await takeBack(running)
        throw error
      }
      return running.map(statusOf)
    },
    drain,
    resume: async (id) => {
      const node = nodeOf(id)
      node.isDraining = false
      if (node.supervised.child() !== undefined) await balancer.resume(id)
    },
    hasJoined: (id) => joined.some((node) => node.id === id),
    setJoined: async (members) => {
      if (isStopping) return
      const others = members.filter(({ id }) => !ownIds.has(id))
      const isNews = others.map(placeOf).join() !== joined.map(placeOf).join()
      if (!isNews && others.length === 0) return
      const stateOf = (id: string) => joined.find((node) => node.id === id)?.state ?? 'starting'
      joined = others.map((member) => ({ ...member, state: stateOf(member.id) }))
      if (isNews) await tellBalancer()
      const states = await balancer.states()
      joined = others.map((member) => ({ ...member, state: joinedStates[states.get(member.id) ?? ''] ?? 'starting' }))
    },
    remove: async (id) => {
      await drain(id)
      const { supervised } = nodeOf(id)
      nodes.delete(id)
      await tellBalancer()
      await supervised.stop()
    },
    kill: (id) => nodeOf(id).supervised.child()?.kill(),
    stop: async () => {
      isStopping = true
      await balancer.stop()
      await Promise.all([...nodes.values()].map(({ supervised }) => supervised.stop()))
    },
  }
}

const joinedStates: Readonly<Record<string, NodeStatus['state']>> = {
  ready: 'serving',
  draining: 'draining',
  down: 'away',
}

function placeOf({ id, url }: { readonly id: string; readonly url: string }): string {
  return `${id} ${url}`
}

function extranetOf(balancer: BalancerProcess): { readonly extranetUrl?: string } {
  const url = balancer.extranetUrl()
  return url === undefined ? {} : { extranetUrl: `${url}/_wmcs` }
}

function entryOf(id: string, child: Child | undefined): readonly { readonly id: string; readonly url: string }[] {
  return child === undefined ? [] : [{ id, url: urlOf(child) }]
}

function urlOf(child: Child): string {
  return String(child.ready['url'])
}

function statusOf({ id, supervised, isDraining, serving }: NodeProcess): NodeStatus {
  const child = supervised.child()
  if (child === undefined) return { id, url: '', pid: 0, state: 'away' }
  const state = isDraining ? 'draining' : child === serving ? 'serving' : 'starting'
  return { id, url: urlOf(child), pid: child.pid, state }
}
