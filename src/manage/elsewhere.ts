/**
 * Management of an installation whose nodes and balancers are started elsewhere: by hand, by containers, on several machines. It stands on the
 * database alone; what needs a process to be started or stopped is refused, with the way to do it.
 */
import type { Logger } from 'pino'
import { labOffice } from '../administration/lab/ask-server.js'
import { askReady } from '../balancer/ask-ready.js'
import { keepStart } from '../administration/lab/reset.js'
import type { StartedWith } from '../config/started-with.js'
import { forestClock } from '../cluster/forest-clock.js'
import { livingMembers } from '../cluster/living-members.js'
import { drawsOf } from '../cluster/draws.js'
import { loadServerState } from '../cluster/server-state.js'
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import type { Member } from '../cluster/store/member-store.js'
import { openStore, upgradedText, type Store, type Upgraded } from '../cluster/store/open.js'
import { systemClock, systemRandom, systemTimers, type Clock, type Timers } from '../effects.js'
import { requireCluster } from '../administration/change-configuration.js'
import { problem } from '../administration/problem.js'
import { startManagement } from './app.js'
import { version } from '../version.js'
import {
  activeInLab,
  partnersOf,
  storedStatus,
  type ClusterStatus,
  type InstallationStatus,
  type NodeStatus,
} from '../installation/status.js'
import { requireRemovable } from '../installation/remove-cluster.js'
import type { Topology } from '../installation/changes.js'
import { commandLine, shellWord } from '../command-line.js'

export interface ElsewhereOptions {
  /** As for `openStore`. */
  readonly database: string
  /** Whether a PostgreSQL database of an earlier program is upgraded. */
  readonly migrate?: boolean | undefined
  readonly keyPassword: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly token: string
  /** Whether there are controls of a lab, as when it is left out. */
  readonly lab?: boolean | undefined
  /** What it was started with, for whoever asks. */
  readonly config?: StartedWith | undefined
  readonly log: Logger
  readonly timers?: Timers
}

/** Milliseconds. */
const forgettingInterval = 5 * 60_000

/** @throws EmptyDatabase, WrongKeyPassword, MigrationNeeded, OtherSchemaVersion, DatabaseAway, or the system's error when the port is taken; nothing is left behind then */
export async function startManagementElsewhere(
  options: ElsewhereOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { database, migrate = false, keyPassword, host, port, token, log, timers = systemTimers } = options
  const onUpgraded = (upgraded: Upgraded): void => log.info({ news: true }, upgradedText(upgraded))
  const store = await openStore(database, { create: false, migrate, onUpgraded })
  const openCluster = (name: string) => loadServerState(store, name, keyPassword, 'openssl')
  try {
    for (const { name } of await store.clusters.list()) await openCluster(name)
    const effects = { clock: systemClock, timers, random: systemRandom }
    const office = options.lab === false ? undefined : labOffice({ store, keyPassword, ca: undefined, ...effects })
    const clock = async (): Promise<Clock> => (office === undefined ? systemClock : forestClock(store.lab, systemClock))
    const { random } = effects
    const draws = await drawsOf(store.randomSeed, { random })
    const api = {
      store,
      openCluster,
      ...effects,
      draws,
      forestClock: clock,
      lab: office,
      ca: undefined,
      config: options.config,
    }
    const management = await startManagement({
      host,
      port,
      token,
      log,
      status: async () => ({
        ...(await statusOf(store)),
        ...(await partnersOf(store)),
        ...(await activeInLab(office)),
      }),
      readiness: async () => askedStatus(await statusOf(store), timers),
      api,
      topology: topologyElsewhere(store),
      ca: undefined,
    })
    const kept = office === undefined ? undefined : await keepStart(office, undefined)
    if (kept !== undefined) log.warn({ news: true }, kept)
    const stopForgetting = forgetDeadNodes(store, log, timers)
    const close = async (): Promise<void> => {
      stopForgetting()
      await management.close()
      await store.close()
    }
    return { url: management.url, close }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The nodes of each cluster, the root's first; those that are gone and did not leave, as after a power failure, apart. */
async function membersOf(
  store: Store,
): Promise<
  readonly { readonly cluster: ClusterRow; readonly members: readonly Member[]; readonly living: ReadonlySet<Member> }[]
> {
  const [clusters, all] = await Promise.all([store.clusters.list(), store.members.list()])
  return clusters
    .toSorted((one, other) => Number(other.kind === 'root') - Number(one.kind === 'root'))
    .map((cluster) => {
      const members = all.filter((member) => member.cluster === cluster.name)
      return {
        cluster,
        members,
        living: new Set(livingMembers(members, cluster.configuration.configurationRefreshIntervalSeconds)),
      }
    })
}

async function statusOf(store: Store): Promise<InstallationStatus> {
  const [forest, clusters] = await Promise.all([store.forest.find(), membersOf(store)])
  return {
    forest: forest?.dnsName ?? '',
    version,
    clusters: clusters.map(({ cluster: { name, kind, configuration }, members, living }): ClusterStatus => {
      const nodes = members.map((member): NodeStatus => ({
        id: member.nodeId,
        url: member.url,
        pid: member.pid,
        ...(living.has(member)
          ? { state: 'serving', reason: 'it says in the database that it lives' }
          : { state: 'away', reason: `it was last seen in the database ${member.lastSeen}` }),
      }))
      return { name, kind, url: configuration.baseUrl, ...storedStatus(configuration), nodes }
    }),
  }
}

/** Milliseconds for a server to say whether it can serve. */
const longestLook = 2000

/** No balancer is asked here, so that each server is: what the database says of it may be a minute old. */
async function askedStatus(status: InstallationStatus, timers: Timers): Promise<InstallationStatus> {
  const asked = async (node: NodeStatus): Promise<NodeStatus> => {
    if (node.state !== 'serving') return node
    const { says, reason } = await askReady(node.url, longestLook, timers)
    return says === 'ready' ? node : { ...node, state: 'down', reason }
  }
  const clusters = status.clusters.map(async (cluster) => ({
    ...cluster,
    nodes: await Promise.all(cluster.nodes.map(asked)),
  }))
  return { ...status, clusters: await Promise.all(clusters) }
}

/**
 * Nodes that start under a new name each time, as containers do, would fill the list. One that lives after all joins again by itself.
 * @returns ends it
 */
function forgetDeadNodes(store: Store, log: Logger, timers: Timers): () => void {
  const forget = async (): Promise<void> => {
    for (const { members, living } of await membersOf(store)) {
      for (const { nodeId } of members.filter((member) => !living.has(member))) {
        await store.members.leave(nodeId)
        log.info({ node: nodeId }, 'a node that is silent has been taken from the member list')
      }
    }
  }
  const timer = timers.every(forgettingInterval, () => {
    forget().catch((error: unknown) =>
      log.warn({ why: error instanceof Error ? error.message : String(error) }, 'the member list cannot be read'),
    )
  })
  timer.unref()
  return () => timer.stop()
}

function topologyElsewhere(store: Store): Topology {
  const requireMember = async (id: string): Promise<Member> => {
    const members = await store.members.list()
    return (
      members.find(({ nodeId }) => nodeId === id) ??
      problem(404, `There is no server "${id}"; there is ${members.map(({ nodeId }) => nodeId).join(', ') || 'none'}`)
    )
  }
  const refused = 'The servers of this installation are started elsewhere, not by this process: '
  return {
    addCluster: async ({ name }) =>
      problem(
        501,
        `${refused}make the cluster with ${commandLine(`provision licensing --cluster ${shellWord(name)}`)}, then start its nodes and its balancer`,
      ),
    removeCluster: async (name, force) => {
      const { kind } = await requireCluster(store, name)
      requireRemovable(name, kind, force)
      const living = (await membersOf(store)).flatMap((one) => (one.cluster.name === name ? [...one.living] : []))
      if (living.length > 0)
        problem(
          501,
          `${refused}stop the processes of ${living.map(({ nodeId }) => nodeId).join(', ')} with SIGTERM, and its balancer`,
        )
      await store.clusters.remove(name)
    },
    addServer: async (cluster) =>
      problem(
        501,
        `${refused}start one more with ${commandLine(`node --cluster ${shellWord(cluster)}`)}, or scale its service; its balancer finds it`,
      ),
    setExtranet: async (cluster) =>
      problem(
        501,
        `${refused}give the balancer of ${cluster} one more listener, and set the URLs: PUT /clusters/${cluster}/urls`,
      ),
    removeServer: async (id) => {
      await requireMember(id)
      if ((await membersOf(store)).some(({ living }) => [...living].some(({ nodeId }) => nodeId === id))) {
        problem(
          501,
          `${refused}stop the process of ${id} with SIGTERM, or scale its service down; it finishes its requests and leaves the list by itself`,
        )
      }
      await store.members.leave(id)
    },
    drainServer: async (id) => {
      await requireMember(id)
      return problem(501, `${refused}ask the balancer before ${id} to drain it, POST /drain at its status port`)
    },
    resumeServer: async (id) => {
      await requireMember(id)
      return problem(501, `${refused}ask the balancer before ${id} to resume it, POST /resume at its status port`)
    },
    killServer: async (id) => {
      await requireMember(id)
      return problem(501, `${refused}kill the process of ${id} where it runs`)
    },
  }
}
