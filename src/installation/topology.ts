/** The processes of an installation: clusters with their balancers and nodes, as planned at the start and changed while they run. */
import type { Arrangement } from '../administration/lab/arrangement.js'
import { problem } from '../administration/problem.js'
import { provisionLicensing, provisionRoot } from '../cluster/provision.js'
import { adjustConfiguration, defaultNodeOptions } from '../node/start.js'
import { untilApplied } from './applied.js'
import { arrangeServers, presentServers, type Arranging } from './arrange-servers.js'
import { startBalancerProcess, type BalancerProcess } from './balancer-process.js'
import { followListener } from './extranet.js'
import { followJoinedNodes } from './joined-nodes.js'
import { freePorts } from './free-ports.js'
import { explain } from './mendable.js'
import { createClusterProcesses, type ClusterProcesses } from './cluster-processes.js'
import { keptNotices } from './kept-settings.js'
import { removeCluster } from './remove-cluster.js'
import { planOf, type Plan, type StartPlan } from './start-plan.js'
import { withStored, type ClusterStatus, type NodeStatus } from './status.js'
import { seenUrl } from './seen-url.js'
import type { TopologyOptions } from './topology-options.js'
import { forgetServer } from './whole-servers.js'
import type { ExtranetPlan, NewClusterPlan, Topology } from './changes.js'
import { commandLine, shellWord } from '../command-line.js'

export interface RunningTopology extends Topology {
  readonly arrangement: Arrangement
  status(): Promise<readonly ClusterStatus[]>
  stop(): Promise<void>
}

/** Milliseconds after which a member is taken for dead; one that lives after all joins again by itself. */
const silence = 60_000

/** @throws PortRefused, ChildFailed, CannotProvision, and the reason of the signal; nothing runs then */
export async function startTopology(options: TopologyOptions): Promise<RunningTopology> {
  const { store, log, clock, timers, random, host, keyPassword } = options
  const effects = { clock, timers, random }
  const clusters: ClusterProcesses[] = []
  const balancers: BalancerProcess[] = []
  const { listenerKey } = options
  const ports = freePorts(options.port)
  let stopping: Promise<void> | undefined
  let changes: Promise<unknown> = Promise.resolve()

  const openDoor = async ({ name, port }: Pick<Plan, 'name' | 'port'>): Promise<BalancerProcess> => {
    const { folder, balancerFlags, environment, restart, onLine, signal } = options
    const balancer = await startBalancerProcess({
      cluster: name,
      folder,
      host,
      port,
      publicUrl: options.publicUrl,
      flags: balancerFlags,
      environment,
      restart,
      log,
      onLine,
      listenerKey,
      scopesUrl: options.scopesUrl,
      signal,
      ...effects,
    })
    balancers.push(balancer)
    ports.take(balancer.url)
    return balancer
  }

  const closeDoor = async (balancer: BalancerProcess): Promise<void> => {
    const urls = [balancer.url, balancer.extranetUrl() ?? []].flat()
    await balancer.stop()
    balancers.splice(balancers.indexOf(balancer), 1)
    for (const url of urls) ports.release(url)
  }

  /** True when it was not there before. */
  const makeCluster = async ({ name, kind, enrollment }: Plan, baseUrl: string): Promise<boolean> => {
    const stored = await store.clusters.find(name)
    const settings = options.settings(kind, stored?.configuration)
    options.signal?.throwIfAborted()
    // At its address of now; the service connection point goes with its root.
    if (stored !== undefined) {
      const wanted = { ...settings, baseUrl, cryptographicMode: options.mode }
      for (const notice of keptNotices(stored.configuration, wanted)) log.warn({ cluster: name, news: true }, notice)
      await adjustConfiguration(store, name, { ...settings, baseUrl })
      return false
    }
    const mode = options.mode ?? defaultNodeOptions.mode
    const making = { clock: await options.forestClock(), random, draws: await options.draws() }
    if (kind === 'root') await provisionRoot(store, { name, baseUrl, mode, keyPassword, settings }, making)
    else await provisionLicensing(store, { name, baseUrl, keyPassword, enrollment, settings, ca: options.ca }, making)
    return true
  }

  const serve = async (
    { name, kind, nodes }: Plan,
    url: string,
    balancer: BalancerProcess,
    made: Promise<unknown>,
  ): Promise<ClusterProcesses> => {
    const cluster = behind({ name, kind }, url, balancer)
    await cluster.addServers(nodes, made)
    return cluster
  }

  /** A cluster without servers. */
  const behind = (
    { name, kind }: Pick<Plan, 'name' | 'kind'>,
    url: string,
    balancer: BalancerProcess,
  ): ClusterProcesses => {
    const { nodeFlags: flags, restart, onLine, signal } = options
    const secrets = { ...options.environment, ...options.secrets, RMS_LISTENER_KEY: listenerKey }
    const cluster = createClusterProcesses({
      name,
      kind,
      url,
      balancer,
      flags,
      secrets,
      restart,
      log,
      onLine,
      onStart: options.onStart,
      clock,
      timers,
      signal,
    })
    clusters.push(cluster)
    return cluster
  }

  const baseUrlOf = ({ name, kind }: Pick<Plan, 'name' | 'kind'>, { url }: BalancerProcess): string => {
    const given = options.clusterUrls.find((cluster) => cluster.name === name)?.url
    const own = kind === 'root' ? (options.publicUrl ?? url) : seenUrl(url, options.publicUrl)
    return `${(given ?? own).replace(/\/+$/, '')}/_wmcs`
  }

  const stop = async (): Promise<void> => {
    await Promise.allSettled(clusters.map((cluster) => cluster.stop()))
    // Those of clusters that were not made.
    await Promise.allSettled(balancers.map((balancer) => balancer.stop()))
  }

  /** Tells when it begins and when it is ready. */
  const told = async <Result>(name: string, work: Promise<Result>): Promise<Result> => {
    options.onStart({ name, isReady: false })
    const result = await work
    options.onStart({ name, isReady: true })
    return result
  }

  const startAll = async (): Promise<void> => {
    await store.members.removeSilent(new Date(clock.now().getTime() - silence).toISOString())
    const plans = await planOf(options)
    const doors = await allOf(plans.map((plan) => told(`balancer of ${plan.name}`, openDoor(plan))))
    // One after the other, so that ports are given in order.
    for (const [index, { extranet }] of plans.entries())
      if (extranet !== undefined) await openExtranet(doors[index] as BalancerProcess, extranet)
    const make = async (index: number): Promise<void> => {
      const [plan, door] = [plans[index] as StartPlan, doors[index] as BalancerProcess]
      await makeCluster(plan, url(index))
      await options.seeding.cluster(store, plan.name)
      if (plan.extranet !== undefined) await followListener(store, plan, door.extranetUrl())
    }
    const url = (index: number): string => baseUrlOf(plans[index] as Plan, doors[index] as BalancerProcess)
    const nameOf = (index: number): string => plans[index]?.name ?? ''
    const rootMade = told(`keys of ${nameOf(0)}`, make(0))
    const serving = plans.map((plan, index) => {
      const made =
        index === 0
          ? rootMade
          : told(
              `keys of ${nameOf(index)}`,
              rootMade.then(() => make(index)),
            )
      return serve(plan, url(index), doors[index] as BalancerProcess, made)
    })
    await allOf(serving)
    log.debug({ clusters: plans.length }, 'all clusters serve')
  }

  /** One after the other: who is the last node must not change while it is decided. */
  const inTurn = <Result>(change: () => Promise<Result>): Promise<Result> => {
    const result = changes
      .then(() => {
        if (stopping !== undefined) problem(409, 'The installation is being stopped')
        return change()
      })
      .catch(explain)
    changes = result.catch(() => undefined)
    return result
  }

  const clusterNamed = (name: string): ClusterProcesses =>
    clusters.find((cluster) => cluster.name === name) ??
    problem(404, `There is no cluster "${name}"; there are ${clusters.map((cluster) => cluster.name).join(', ')}`)

  const clusterWith = (id: string): ClusterProcesses => {
    requireOwn(id)
    return (
      clusters.find((cluster) => cluster.hasNode(id)) ??
      problem(
        404,
        `There is no server "${id}"; there are ${clusters.flatMap((cluster) => cluster.nodeIds()).join(', ')}`,
      )
    )
  }

  const requireOwn = (id: string): void => {
    if (clusters.some((cluster) => cluster.hasJoined(id)))
      problem(
        409,
        `${id} was started by hand: stop its process with SIGTERM where it runs; it finishes its requests and leaves the list by itself`,
      )
  }

  const openExtranet = async (
    balancer: BalancerProcess,
    { port, formerPort }: ExtranetPlan & { readonly formerPort?: number | undefined },
  ): Promise<void> => {
    await ports.openAt(port, formerPort, (at) => balancer.openExtranet(at))
    ports.take(balancer.extranetUrl() ?? '')
  }

  const closeExtranet = async (balancer: BalancerProcess): Promise<void> => {
    const url = balancer.extranetUrl()
    await balancer.closeExtranet()
    if (url !== undefined) ports.release(url)
  }

  const setExtranet = async (name: string, wanted: ExtranetPlan | undefined): Promise<ClusterStatus> => {
    const cluster = clusterNamed(name)
    const { balancer } = cluster
    const before = balancer.extranetUrl()
    if (wanted === undefined && before === undefined) problem(404, `The cluster "${name}" has no extranet listener`)
    if (wanted !== undefined && before !== undefined)
      problem(
        409,
        `The cluster "${name}" has an extranet listener at ${before} already. Close it first: ${commandLine(`remove-extranet ${shellWord(name)}`)}`,
      )
    if (balancer.pid() === 0) problem(409, `The balancer of "${name}" is being started again: try again in a moment`)
    if (wanted === undefined) {
      const without = await followListener(store, cluster, undefined)
      // Until every server has read it, what is issued names the listener still. One that is late keeps nobody from closing it.
      await untilApplied(name, without, { store, clock, timers, ca: options.ca })
      await closeExtranet(balancer)
      return statusOf(cluster)
    }
    await openExtranet(balancer, wanted)
    const followed = await followListener(store, cluster, balancer.extranetUrl()).catch(async (error: unknown) => {
      await closeExtranet(balancer)
      throw error
    })
    const { late } = await untilApplied(name, followed, { store, clock, timers, ca: options.ca })
    if (late.length > 0)
      problem(
        503,
        `The extranet listener of "${name}" is open at ${balancer.extranetUrl()}, but ${late.join(', ')} did not read the new address in time: what it issues has the old one until it does`,
      )
    return statusOf(cluster)
  }

  const addCluster = async (wanted: NewClusterPlan): Promise<ClusterStatus> => {
    const { name } = wanted
    const same = clusters.find((cluster) => cluster.name.toLowerCase() === name.toLowerCase())
    if (same !== undefined)
      problem(409, `There is a cluster "${same.name}" already: choose another name, or add a server to it`)
    const plan: Plan = { ...wanted, kind: 'licensing', port: wanted.port ?? 0 }
    let balancer: BalancerProcess | undefined
    let isNew = false
    try {
      balancer = await ports.openAt(wanted.port, undefined, (port) => openDoor({ name, port }))
      if (wanted.extranet !== undefined) await openExtranet(balancer, wanted.extranet)
      const door = balancer
      const url = baseUrlOf(plan, door)
      const make = async (): Promise<void> => {
        isNew = await makeCluster(plan, url)
        if (wanted.extranet !== undefined) await followListener(store, plan, door.extranetUrl())
      }
      return await statusOf(await serve(plan, url, door, make()))
    } catch (error) {
      await takeBack(name, balancer, isNew)
      throw error
    }
  }

  /** A cluster that was not added after all. */
  const takeBack = async (name: string, balancer: BalancerProcess | undefined, isNew: boolean): Promise<void> => {
    const at = clusters.findIndex((cluster) => cluster.name === name)
    if (at >= 0) clusters.splice(at, 1)
    if (balancer !== undefined) await closeDoor(balancer)
    if (!isNew) return
    const remains =
      'a cluster that was not added remains in the database: add it again, or it serves from the next start on'
    await store.clusters.remove(name).catch((error: unknown) => log.warn({ cluster: name, err: error }, remains))
  }

  const end = async (cluster: ClusterProcesses): Promise<void> => {
    clusters.splice(clusters.indexOf(cluster), 1)
    await closeDoor(cluster.balancer)
  }

  const arranging: Arranging = {
    clusters: () => clusters,
    openDoor: (name, asked) => ports.openAt(asked, undefined, (port) => openDoor({ name, port })),
    closeDoor,
    openExtranet: (door, formerPort) => openExtranet(door, { formerPort }),
    closeExtranet,
    baseUrlOf,
    serve: async (cluster, door, ids) => {
      await behind(cluster, baseUrlOf(cluster, door), door).setServers(ids)
    },
    forget: (id) => store.members.leave(id),
    order: (names) => {
      const ordered = clusters.toSorted((one, other) => names.indexOf(one.name) - names.indexOf(other.name))
      clusters.splice(0, clusters.length, ...ordered)
    },
    end: async (cluster) => {
      await cluster.setServers([])
      await end(cluster)
    },
  }

  const statusOf = async (cluster: ClusterProcesses): Promise<ClusterStatus> =>
    withStored(store, await cluster.status())

  const statusOfServer = async (id: string): Promise<NodeStatus> =>
    (await clusterWith(id).status()).nodes.find((node) => node.id === id) ??
    problem(404, `The server "${id}" was removed meanwhile`)

  const removeServer = async (id: string, force: boolean): Promise<void> => {
    const cluster = clusterWith(id)
    if (cluster.size() === 1 && cluster.kind === 'root') {
      problem(
        409,
        `${id} is the last server of the root cluster, without which no account is certified: add another one first, then remove this one`,
      )
    }
    if (cluster.size() === 1 && !force) {
      problem(
        409,
        `${id} is the last server of the cluster "${cluster.name}", whose content nobody could open then: add another one first, or remove it with --force (over HTTP: ?force=true)`,
      )
    }
    await cluster.remove(id)
    // One that was dead could not do it.
    await store.members.leave(id)
    await forgetServer(store.lab, id)
  }

  try {
    await startAll()
  } catch (error) {
    await stop()
    throw error
  }
  const stopFollowing = followJoinedNodes({ store, clusters: () => clusters, timers, log })
  return {
    arrangement: {
      present: () => presentServers(clusters),
      inTurn,
      arrange: (wanted, write) => inTurn(() => arrangeServers(wanted, write, arranging)),
    },
    status: () => Promise.all(clusters.map(statusOf)),
    addCluster: (plan) => inTurn(() => addCluster(plan)),
    removeCluster: (name, force) => inTurn(() => removeCluster(clusterNamed(name), force, { store, end })),
    setExtranet: (name, wanted) => inTurn(() => setExtranet(name, wanted)),
    addServer: (name) =>
      inTurn(async () => {
        const [added] = await clusterNamed(name).addServers(1)
        return added ?? problem(409, `No server was added to ${name}`)
      }),
    removeServer: (id, force) => inTurn(() => removeServer(id, force)),
    drainServer: async (id) => {
      await clusterWith(id).drain(id)
      return statusOfServer(id)
    },
    resumeServer: async (id) => {
      await clusterWith(id).resume(id)
      return statusOfServer(id)
    },
    killServer: async (id) => clusterWith(id).kill(id),
    stop: () =>
      (stopping ??= (async () => {
        await changes
        await stopFollowing()
        await stop()
      })()),
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
