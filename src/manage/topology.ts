/** The processes of an installation: clusters with their balancers and nodes, as planned at the start and changed while they run. */
import type { Logger } from 'pino'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { CannotProvision, provisionLicensing, provisionRoot } from '../cluster/provision.js'
import { EnrollmentRefused } from '../cluster/sub-enroll-at-root.js'
import type { ClusterKind, ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import type { CryptoMode } from '../crypto/modes.js'
import type { Clock, Random } from '../effects.js'
import { adjustConfiguration } from '../node/start.js'
import { problem } from './api/problem.js'
import { PortRefused, startBalancerProcess, type BalancerProcess } from './balancer-process.js'
import { createClusterProcesses, type ClusterProcesses } from './cluster-processes.js'
import type { ClusterStatus } from './status.js'
import type { NewClusterPlan, Topology } from './topology-routes.js'

export interface TopologyOptions {
  readonly store: Store
  readonly folder: string
  readonly host: string
  /** Of the root cluster; the others take the next ones, or any free one when it is 0. */
  readonly port: number
  readonly publicUrl: string | undefined
  readonly root: number
  readonly licensing: readonly { readonly name: string; readonly nodes: number }[]
  readonly mode: CryptoMode
  readonly keyPassword: string
  readonly settings: (kind: ClusterKind) => Partial<ServerConfiguration>
  /** Of the commands `node` and `balancer`. */
  readonly nodeFlags: readonly string[]
  readonly balancerFlags: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  /** Environment of all processes: what they trust. */
  readonly environment: Readonly<Record<string, string>>
  /** The same, for calls of this process, in PEM. */
  readonly ca: string | undefined
  readonly restart: boolean
  readonly log: Logger
  readonly onLine: (line: string) => void
  readonly clock: Clock
  readonly random: Random
}

export interface RunningTopology extends Topology {
  status(): readonly ClusterStatus[]
  stop(): Promise<void>
}

interface Plan {
  readonly name: string
  readonly kind: ClusterKind
  readonly nodes: number
  readonly enrollment: 'self' | 'root'
  readonly port: number
}

/** How many ports are tried for a cluster that is added. */
const portsTried = 50
/** Milliseconds after which a member is taken for dead; one that lives after all joins again by itself. */
const silence = 60_000

/** @throws PortRefused, ChildFailed, CannotProvision; nothing runs then */
export async function startTopology(options: TopologyOptions): Promise<RunningTopology> {
  const { store, log, clock, random, host, keyPassword } = options
  const effects = { clock, random }
  const clusters: ClusterProcesses[] = []
  const balancers: BalancerProcess[] = []
  const ports = new Set<number>()
  let stopping: Promise<void> | undefined
  let changes: Promise<unknown> = Promise.resolve()

  const openDoor = async ({ name, port }: Pick<Plan, 'name' | 'port'>): Promise<BalancerProcess> => {
    const { folder, balancerFlags, restart, onLine } = options
    const balancer = await startBalancerProcess({ cluster: name, folder, host, port, flags: balancerFlags, environment: options.environment, restart, log, onLine, ...effects })
    balancers.push(balancer)
    ports.add(Number(new URL(balancer.url).port))
    return balancer
  }

  const makeCluster = async ({ name, kind, enrollment }: Plan, baseUrl: string): Promise<void> => {
    const stored = await store.clusters.find(name)
    const settings = options.settings(kind)
    if (stored !== undefined) return moveCluster(store, stored, baseUrl, settings)
    if (kind === 'root') await provisionRoot(store, { name, baseUrl, mode: options.mode, keyPassword, settings }, effects)
    else await provisionLicensing(store, { name, baseUrl, keyPassword, enrollment, settings, ca: options.ca }, effects)
  }

  const serve = async ({ name, kind, nodes }: Plan, url: string, balancer: BalancerProcess): Promise<ClusterProcesses> => {
    const { nodeFlags: flags, restart, onLine } = options
    const secrets = { ...options.environment, ...options.secrets }
    const cluster = createClusterProcesses({ name, kind, url, balancer, flags, secrets, restart, log, onLine, clock })
    clusters.push(cluster)
    await cluster.addServers(nodes)
    return cluster
  }

  const baseUrlOf = ({ kind }: Plan, balancer: BalancerProcess): string =>
    `${(kind === 'root' ? (options.publicUrl ?? balancer.url) : balancer.url).replace(/\/+$/, '')}/_wmcs`

  const stop = async (): Promise<void> => {
    await Promise.allSettled(clusters.map((cluster) => cluster.stop()))
    // Those of clusters that were not made.
    await Promise.allSettled(balancers.map((balancer) => balancer.stop()))
  }

  const startAll = async (): Promise<void> => {
    await store.members.removeSilent(new Date(clock.now().getTime() - silence).toISOString())
    const plans = await planOf(options)
    const doors = await allOf(plans.map(openDoor))
    const url = (index: number): string => baseUrlOf(plans[index] as Plan, doors[index] as BalancerProcess)
    const [root, ...others] = plans
    await makeCluster(root as Plan, url(0))
    const serving = plans.map(async (plan, index) => {
      if (index > 0) await makeCluster(plan, url(index))
      await serve(plan, url(index), doors[index] as BalancerProcess)
    })
    await allOf(serving)
    log.debug({ clusters: others.length + 1 }, 'all clusters serve')
  }

  /** One after the other: who is the last node must not change while it is decided. */
  const inTurn = <Result>(change: () => Promise<Result>): Promise<Result> => {
    const result = changes.then(() => {
      if (stopping !== undefined) problem(409, 'The installation is being stopped')
      return change()
    })
    changes = result.catch(() => undefined)
    return result
  }

  const clusterNamed = (name: string): ClusterProcesses =>
    clusters.find((cluster) => cluster.name === name) ?? problem(404, `There is no cluster "${name}"; there are ${clusters.map((cluster) => cluster.name).join(', ')}`)

  const clusterWith = (id: string): ClusterProcesses =>
    clusters.find((cluster) => cluster.hasNode(id)) ??
    problem(404, `There is no server "${id}"; there are ${clusters.flatMap((cluster) => cluster.status().nodes.map((node) => node.id)).join(', ')}`)

  /** The port that was asked for, or the next one that is free. */
  const openNextDoor = async ({ name, port }: NewClusterPlan): Promise<BalancerProcess> => {
    if (port !== undefined || options.port === 0) return openDoor({ name, port: port ?? 0 })
    for (let next = options.port, tried = 0; ; next++) {
      if (ports.has(next)) continue
      try {
        return await openDoor({ name, port: next })
      } catch (error) {
        if (!(error instanceof PortRefused) || ++tried >= portsTried) throw error
      }
    }
  }

  const addCluster = async (wanted: NewClusterPlan): Promise<ClusterStatus> => {
    const { name } = wanted
    if (clusters.some((cluster) => cluster.name === name)) problem(409, `There is a cluster "${name}" already: choose another name, or add a server to it`)
    const plan: Plan = { ...wanted, kind: 'licensing', port: wanted.port ?? 0 }
    let balancer: BalancerProcess | undefined
    try {
      balancer = await openNextDoor(wanted)
      const url = baseUrlOf(plan, balancer)
      await makeCluster(plan, url)
      return (await serve(plan, url, balancer)).status()
    } catch (error) {
      const at = clusters.findIndex((cluster) => cluster.name === name)
      if (at >= 0) clusters.splice(at, 1)
      await balancer?.stop()
      if (error instanceof CannotProvision || error instanceof EnrollmentRefused || error instanceof PortRefused) problem(409, error.message)
      throw error
    }
  }

  const removeServer = async (id: string, force: boolean): Promise<void> => {
    const cluster = clusterWith(id)
    if (cluster.size() === 1 && cluster.kind === 'root') {
      problem(409, `${id} is the last server of the root cluster, without which no account is certified: add another one first, then remove this one`)
    }
    if (cluster.size() === 1 && !force) {
      problem(409, `${id} is the last server of the cluster "${cluster.name}", whose content nobody could open then: add another one first, or remove it with force`)
    }
    await cluster.remove(id)
    // One that was dead could not do it.
    await store.members.leave(id)
  }

  try {
    await startAll()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    status: () => clusters.map((cluster) => cluster.status()),
    addCluster: (plan) => inTurn(() => addCluster(plan)),
    addServer: (name) =>
      inTurn(async () => {
        const [added] = await clusterNamed(name).addServers(1)
        return added ?? problem(409, `No server was added to ${name}`)
      }),
    removeServer: (id, force) => inTurn(() => removeServer(id, force)),
    drainServer: async (id) => {
      const cluster = clusterWith(id)
      await cluster.drain(id)
      return cluster.status().nodes.find((node) => node.id === id) ?? problem(404, `The server "${id}" was removed meanwhile`)
    },
    killServer: async (id) => clusterWith(id).kill(id),
    stop: () =>
      (stopping ??= (async () => {
        await changes
        await stop()
      })()),
  }
}

/** Those that were asked for, and those that the database has besides: they come back with one node each. */
async function planOf({ store, root, licensing, port }: TopologyOptions): Promise<readonly Plan[]> {
  const stored = await store.clusters.list()
  const rootName = stored.find(({ kind }) => kind === 'root')?.name ?? 'root'
  const asked = licensing.map(({ name, nodes }) => ({ name, nodes }))
  const wrong = asked.find(({ name }) => name === rootName || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
  if (wrong !== undefined) problem(400, `A licensing-only cluster cannot be called "${wrong.name}": letters, digits, dots and dashes, and not the root's name ${rootName}`)
  const further = stored.filter(({ name, kind }) => kind === 'licensing' && !asked.some((cluster) => cluster.name === name))
  const all = [{ name: rootName, nodes: root }, ...asked, ...further.map(({ name }) => ({ name, nodes: 1 }))]
  return all.map(({ name, nodes }, index) => ({
    name,
    kind: index === 0 ? 'root' : 'licensing',
    nodes,
    enrollment: 'self',
    port: port === 0 ? 0 : port + index,
  }))
}

/** A cluster of the database at its address of now; the service connection point goes with its root. */
async function moveCluster(store: Store, { name, kind, configuration }: ClusterRow, baseUrl: string, settings: Partial<ServerConfiguration>): Promise<void> {
  await adjustConfiguration(store, name, { ...settings, baseUrl })
  const { serviceConnectionPoint } = await store.forest.read()
  if (kind === 'root' && serviceConnectionPoint === `${configuration.baseUrl}/certification`) {
    await store.forest.moveServiceConnectionPoint(`${baseUrl}/certification`)
  }
}

/** All of them, also when one fails: what was started is known then, and can be stopped. */
async function allOf<Result>(promises: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
