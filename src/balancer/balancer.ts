/** Starts a balancer: the front door of clusters. Knows URLs and health only, nothing of RMS. */
import { pino } from 'pino'
import { systemClock, systemRandom, systemTimers } from '../effects.js'
import { nameConnections } from './connection-names.js'
import { createCluster, UnknownNode, type BalancedCluster } from './cluster.js'
import type { Forwarding } from './forward.js'
import { listenerMark, trustOf } from './headers.js'
import { listen, type Listener } from './listener.js'
import { createBalancerMetrics, type Observed } from './metrics.js'
import { nobodyTrusted } from '../http/trusted-proxies.js'
import { requestIds } from '../http/request-ids.js'
import { refuseBy } from './refusals.js'
import { NodeListError, parseNodes } from './node-list.js'
import { defaultLimits, type BalancerOptions, type ListenerOptions, type NodeEntry } from './options.js'
import { createPinning } from './pinning.js'
import { clusterStatus, serveStatus, type BalancerStatus, type StatusServer } from './status.js'

export interface RunningBalancer {
  readonly clusters: readonly {
    readonly name: string
    readonly listeners: readonly { readonly name: string; readonly url: string }[]
  }[]
  /** Status page; also /status, /metrics, and POST /nodes, /drain, /resume, /open, /close with the token. */
  readonly statusUrl: string
  readonly token: string
  status(): BalancerStatus
  /** Resolves when the status is as wanted; looked at after every change of a node's state. */
  waitUntil(isWanted: (status: BalancerStatus) => boolean): Promise<void>
  /**
   * The nodes of a cluster from now on. A new node gets requests as soon as it is ready; one that is no longer named gets none.
   * @returns when nodes that left have finished their requests, or were cut after `limits.drainTimeout`
   * @throws UnknownNode when there is no such cluster; NodeListError
   */
  setNodes(cluster: string, nodes: readonly NodeEntry[]): Promise<void>
  /**
   * No new requests for the node; it stays in the list.
   * @returns when the running ones have ended
   * @throws UnknownNode
   */
  drain(cluster: string, node: string): Promise<void>
  /** Takes a draining node back. @throws UnknownNode */
  resume(cluster: string, node: string): void
  /** One more listener of the cluster. @throws UnknownNode, NodeListError when there is one of this name, or while the balancer closes; or the system's error when the port is taken */
  openListener(cluster: string, listener: ListenerOptions): Promise<void>
  /** The listener takes no more connections. @returns when what runs is finished, or cut after `limits.drainTimeout` @throws UnknownNode, NodeListError for the last one */
  closeListener(cluster: string, listener: string): Promise<void>
  /** Takes no more connections, finishes what runs (`limits.drainTimeout` at most), and closes everything. */
  close(): Promise<void>
}

interface Door extends Observed {
  readonly listeners: Listener[]
  /** Names of those that are about to listen. */
  readonly opening: Set<string>
  /** What its listeners share. */
  readonly forwarding: Omit<Forwarding, 'mark' | 'isClosing'>
  /** As a cluster of one node: what requests of scopes go to. */
  readonly scopes: BalancedCluster | undefined
}

/** @throws when a port is taken or a node list is wrong; nothing is left behind then */
export async function startBalancer(options: BalancerOptions): Promise<RunningBalancer> {
  const { clock = systemClock, timers = systemTimers, random = systemRandom, log = pino({ level: 'silent' }) } = options
  const { trustedProxies = nobodyTrusted } = options
  const limits = { ...defaultLimits, ...options.limits }
  const token = options.status?.token ?? random.bytes(24).toString('base64url')
  const kept = { used: 0 }
  const nextId = requestIds(clock.now())
  const refuse = refuseBy(() => `balancer-${nextId()}`, log)
  const trust = trustOf(trustedProxies, options.listenerKey)
  const connectionName = nameConnections(random)
  const observed: Door[] = []
  const metrics = createBalancerMetrics(() => observed)
  const status = (): BalancerStatus => ({
    clusters: observed.map(({ cluster, listeners }) => clusterStatus(cluster, listeners)),
  })
  const waiting = new Set<() => void>()
  const waitUntil = (isWanted: (status: BalancerStatus) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isWanted(status())) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const changed = (): void => {
    for (const look of waiting) look()
  }
  let statusServer: StatusServer | undefined
  let closed: Promise<void> | undefined

  function doorOf(name: string): Door {
    const found = observed.find(({ cluster }) => cluster.name === name)
    if (found !== undefined) return found
    throw new UnknownNode(
      `There is no cluster ${JSON.stringify(name)}; there are ${observed.map(({ cluster }) => cluster.name).join(', ')}`,
    )
  }

  const clusterOf = (name: string): BalancedCluster => doorOf(name).cluster

  async function openListener(
    { cluster, listeners, opening, forwarding }: Door,
    wanted: ListenerOptions,
  ): Promise<void> {
    const { name } = wanted
    requireOpen(name)
    if (opening.has(name) || listeners.some((listener) => listener.name === name))
      throw new NodeListError(`The cluster ${cluster.name} has a listener ${name} already`)
    opening.add(name)
    try {
      const mark = listenerMark(name, options.listenerKey)
      const listener = await listen({ ...wanted, tls: options.tls }, limits, { ...forwarding, mark })
      if (closed !== undefined) await listener.close(0)
      requireOpen(name)
      listeners.push(listener)
    } finally {
      opening.delete(name)
    }
  }

  function requireOpen(name: string): void {
    if (closed !== undefined) throw new NodeListError(`The listener ${name} cannot be opened: the balancer is closing`)
  }

  async function closeListener({ cluster, listeners }: Door, name: string): Promise<void> {
    const at = listeners.findIndex((listener) => listener.name === name)
    if (at < 0) throw new UnknownNode(`The cluster ${cluster.name} has no listener ${JSON.stringify(name)}`)
    if (listeners.length === 1)
      throw new NodeListError(`${name} is the last listener of the cluster ${cluster.name}: nobody would get in`)
    await listeners.splice(at, 1)[0]?.close(limits.drainTimeout)
  }

  const actions = {
    status,
    openListener: async (cluster: string, listener: ListenerOptions) => openListener(doorOf(cluster), listener),
    closeListener: async (cluster: string, listener: string) => closeListener(doorOf(cluster), listener),
    setNodes: async (cluster: string, nodes: readonly NodeEntry[]) => clusterOf(cluster).setNodes(parseNodes(nodes)),
    drain: async (cluster: string, node: string) => clusterOf(cluster).drain(node),
    resume: (cluster: string, node: string) => clusterOf(cluster).resume(node),
  }

  const untilChecked = async (cluster: string, id: string): Promise<void> =>
    waitUntil(({ clusters }) => {
      const nodes = clusters.find(({ name }) => name === cluster)?.nodes ?? []
      return !nodes.some((node) => node.id === id && node.state === 'unknown')
    })

  async function closeAll(): Promise<void> {
    await Promise.all(
      observed.flatMap(({ listeners }) => listeners.map((listener) => listener.close(limits.drainTimeout))),
    )
    const all = observed.flatMap(({ cluster, scopes }) => [cluster, scopes ?? []].flat())
    await Promise.all([statusServer?.close(), ...all.map((cluster) => cluster.close())])
  }

  try {
    for (const { name, nodes, listeners: wanted, scopes: scopesUrl } of options.clusters) {
      const effects = { clock, timers, log, changed }
      const cluster = createCluster(name, parseNodes(nodes), limits, effects)
      const scopes =
        scopesUrl === undefined
          ? undefined
          : createCluster(`${name}, scopes`, [{ id: 'scopes', url: scopesUrl }], limits, effects)
      const forwarding = {
        cluster,
        listenerKey: options.listenerKey,
        connectionName,
        limits,
        pinning: createPinning(cluster, limits),
        scopes: scopes && { cluster: scopes, pinning: createPinning(scopes, limits) },
        kept,
        refuse,
        trust,
        observe: metrics.observer(name),
        monotonic: () => clock.monotonic(),
        timers,
      }
      const door: Door = { cluster, listeners: [], opening: new Set(), forwarding, scopes }
      observed.push(door)
      for (const listener of wanted) await openListener(door, listener)
    }
    statusServer = await serveStatus(
      { host: '127.0.0.1', port: 0, ...options.status, token, nextId: refuse.nextId },
      metrics.registry,
      { ...actions, untilChecked },
    )
  } catch (error) {
    await closeAll()
    throw error
  }
  return {
    clusters: observed.map(({ cluster, listeners }) => ({
      name: cluster.name,
      listeners: listeners.map(({ name, url }) => ({ name, url })),
    })),
    statusUrl: statusServer.url,
    token,
    ...actions,
    waitUntil,
    close: async () => (closed ??= closeAll()),
  }
}
