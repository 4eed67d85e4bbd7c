/** One cluster of a running installation: its balancer and its nodes, each a process; nodes come and go while it serves. */
import type { Logger } from 'pino'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { Clock, Timers } from '../effects.js'
import type { BalancerStatus, NodeStatus, ServersStatus } from './status.js'
import { NoAnswer, type BalancerProcess } from './balancer-process.js'
import { startChild, type Child } from './child.js'
import { awayStatus, serverStatus, type Seen, type ServerProcess } from './server-status.js'
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
  /** Public base URL, with /_wmcs. */
  readonly url: string
  /** Its balancer is asked. */
  status(): Promise<ServersStatus>
  /** Ids of its own nodes, and of those that joined. */
  nodeIds(): readonly string[]
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
  /** Ids of its own nodes. */
  ownIds(): readonly string[]
  /**
   * Has these own nodes and no others, and all of them take requests when this resolves: one that drains has requests again, one that ended is started.
   * The next one that is added has the next number.
   * @returns ids of those that went
   * @throws as addServers
   */
  setServers(ids: readonly string[]): Promise<readonly string[]>
  /** The node takes no new requests; resolves when it has finished those it had. */
  drain(id: string): Promise<void>
  /** Gives a drained node requests again. */
  resume(id: string): Promise<void>
  /** Nodes that others started: those of ours among them do not count. */
  setJoined(nodes: readonly ServerProcess[]): Promise<void>
  hasJoined(id: string): boolean
  /** Drains the node and ends it. */
  remove(id: string): Promise<void>
  /** Ends the process at once, as a power failure would; resolves when it has ended. */
  kill(id: string): Promise<void>
  /** The balancer finishes what runs; then the nodes end. */
  stop(): Promise<void>
}

interface NodeProcess {
  readonly id: string
  readonly supervised: Supervised
}

/** Milliseconds. A node is started beside others on a machine that may be busy. */
const readyWithin = 60_000

export function createClusterProcesses(options: ClusterProcessesOptions): ClusterProcesses {
  const { name, kind, url, balancer, log, clock, timers, signal } = options
  const nodes = new Map<string, NodeProcess>()
  let count = 0
  /** Also of those that were removed: they are in the member list for a moment still. */
  const ownIds = new Set<string>()
  const drained = new Set<string>()
  /** Started by hand, or on another machine. */
  let joined: readonly ServerProcess[] = []
  /** Where those are that the balancer knows of; undefined when it may not know. */
  let toldOf: string | undefined = ''
  let isStopping = false

  const startNode = async (id: string, begin?: Promise<unknown>): Promise<NodeProcess> => {
    const args = ['node', '--json', '--cluster', name, '--id', id, ...options.flags]
    const supervised = await supervise({
      name: id,
      start: () =>
        startChild({
          args,
          secrets: options.secrets,
          begin,
          onLine: options.onLine,
          readyWithin,
          timers,
          signal,
        }),
      restart: options.restart,
      log,
      clock,
      timers,
      onEnd: tellBalancer,
      onRestart: tellBalancer,
    })
    return { id, supervised }
  }

  /** A node without a process is not in the list, and is there again under its new address. */
  const tellBalancer = async (): Promise<void> =>
    balancer.setNodes([
      ...[...nodes.values()].flatMap(({ id, supervised }) => entryOf(id, supervised.child())),
      ...joined.map(({ id, url }) => ({ id, url })),
    ])

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
    const { supervised } = nodeOf(id)
    drained.add(id)
    if (supervised.child() !== undefined) await balancer.drain(id)
  }

  const resume = async (id: string): Promise<void> => {
    const { supervised } = nodeOf(id)
    drained.delete(id)
    if (supervised.child() !== undefined) await balancer.resume(id)
  }

  const remove = async (id: string): Promise<void> => {
    await drain(id)
    const { supervised } = nodeOf(id)
    nodes.delete(id)
    drained.delete(id)
    await tellBalancer()
    await supervised.stop()
  }

  const startNodes = async (ids: readonly string[], made?: Promise<unknown>): Promise<readonly NodeProcess[]> => {
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
      for (const id of ids) options.onStart?.({ name: id, isReady: true })
    } catch (error) {
      await takeBack(running)
      throw error
    }
    return running
  }

  /** One that is not started again by itself. */
  const hasEnded = (id: string): boolean => !options.restart && nodes.get(id)?.supervised.child() === undefined

  const statusOf = ({ id, supervised }: NodeProcess, seen: Seen): NodeStatus => {
    const child = supervised.child()
    return child === undefined
      ? awayStatus(id, supervised.lastEnd(), options.restart)
      : serverStatus({ id, url: urlOf(child), pid: child.pid }, seen)
  }

  const nodesOf = (seen: Seen): readonly NodeStatus[] => [
    ...[...nodes.values()].map((node) => statusOf(node, seen)),
    ...joined.map((node) => serverStatus(node, seen)),
  ]

  return {
    name,
    kind,
    url,
    balancer,
    status: async () => {
      const seen = await look(balancer)
      return {
        name,
        kind,
        url,
        ...extranetOf(balancer),
        balancer: balancerStatus(balancer, seen, options.restart),
        nodes: nodesOf(seen),
      }
    },
    nodeIds: () => [...nodes.keys(), ...joined.map(({ id }) => id)],
    hasNode: (id) => nodes.has(id),
    size: () => nodes.size,
    addServers: async (wanted, made) => {
      const running = await startNodes(
        Array.from({ length: wanted }, () => `${name}-${++count}`),
        made,
      )
      const seen = await look(balancer)
      return running.map((node) => statusOf(node, seen))
    },
    ownIds: () => [...nodes.keys()],
    setServers: async (ids) => {
      const surplus = [...nodes.keys()].filter((id) => !ids.includes(id))
      await Promise.all(surplus.map(remove))
      for (const id of ids.filter(hasEnded)) nodes.delete(id)
      const missing = ids.filter((id) => !nodes.has(id))
      if (missing.length > 0) await startNodes(missing)
      await Promise.all([...drained].map(resume))
      // In the order in which they are asked for, as it was.
      const known = new Map(nodes)
      nodes.clear()
      for (const id of ids) nodes.set(id, known.get(id) as NodeProcess)
      count = Math.max(0, ...ids.map((id) => Number(/\d+$/.exec(id)?.[0] ?? 0)))
      await balancer.waitUntilReady(ids)
      return surplus
    },
    drain,
    resume,
    hasJoined: (id) => joined.some((node) => node.id === id),
    setJoined: async (members) => {
      if (isStopping) return
      joined = members.filter(({ id }) => !ownIds.has(id))
      const places = joined.map(placeOf).join()
      if (places === toldOf) return
      toldOf = undefined
      await tellBalancer()
      toldOf = places
    },
    remove,
    kill: async (id) => {
      const child = nodeOf(id).supervised.child()
      child?.kill()
      await child?.ended
    },
    stop: async () => {
      isStopping = true
      await balancer.stop()
      await Promise.all([...nodes.values()].map(({ supervised }) => supervised.stop()))
    },
  }
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

async function look(balancer: BalancerProcess): Promise<Seen> {
  try {
    return { nodes: await balancer.nodes() }
  } catch (error) {
    if (error instanceof NoAnswer) return { failure: error.message }
    throw error
  }
}

function balancerStatus(balancer: BalancerProcess, seen: Seen, isRestarted: boolean): BalancerStatus {
  const [url, pid] = [balancer.statusUrl(), balancer.pid()]
  if (pid === 0) {
    const next = isRestarted ? 'it is being started again' : 'it is not started again, as --no-restart says'
    return { url, pid, state: 'away', reason: `its process has ended; ${next}` }
  }
  if ('failure' in seen) return { url, pid, state: 'down', reason: `it ${seen.failure}` }
  return { url, pid, state: 'serving', reason: '/status answered' }
}
