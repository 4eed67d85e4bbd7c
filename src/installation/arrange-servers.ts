/** The servers of this machine go along with a state that is returned to: clusters, servers and extranet listeners come and go, what is there stays where it is. */
import type { ServersByCluster, WantedCluster } from '../administration/lab/arrangement.js'
import { problem } from '../administration/problem.js'
import type { Place, Places } from '../cluster/state-places.js'
import { PortRefused, type BalancerProcess } from './balancer-process.js'
import type { ClusterProcesses } from './cluster-processes.js'
import { portOf } from './seen-url.js'

/** What is done with processes, each step by itself. */
export interface Arranging {
  readonly clusters: () => readonly ClusterProcesses[]
  /** Opens a balancer; at the next free port where none is told. @throws PortRefused */
  readonly openDoor: (cluster: string, port: number | undefined) => Promise<BalancerProcess>
  readonly closeDoor: (door: BalancerProcess) => Promise<void>
  readonly openExtranet: (door: BalancerProcess, formerPort: number) => Promise<void>
  readonly closeExtranet: (door: BalancerProcess) => Promise<void>
  readonly baseUrlOf: (cluster: WantedCluster, door: BalancerProcess) => string
  /** Starts the servers behind a balancer; the cluster is in the database. */
  readonly serve: (cluster: WantedCluster, door: BalancerProcess, ids: readonly string[]) => Promise<void>
  /** Stops servers and balancer. */
  readonly end: (cluster: ClusterProcesses) => Promise<void>
  /** They are shown in this order from now on. */
  readonly order: (names: readonly string[]) => void
  /** Takes a server that is gone from the member list: one that had died could not do it. */
  readonly forget: (id: string) => Promise<void>
}

export function presentServers(clusters: readonly ClusterProcesses[]): ServersByCluster {
  return Object.fromEntries(
    clusters.map((cluster) => [cluster.name, { servers: cluster.ownIds(), port: portOf(cluster.balancer.url) }]),
  )
}

/**
 * Until `write` has resolved, whatever was opened is closed again when something fails.
 * @throws Problem, PortRefused, and what `write` throws
 */
export async function arrangeServers(
  wanted: readonly WantedCluster[],
  write: (places: Places) => Promise<void>,
  steps: Arranging,
): Promise<void> {
  const present = new Map(steps.clusters().map((cluster) => [cluster.name, cluster]))
  const surplus = [...present.values()].filter(({ name }) => !wanted.some((cluster) => cluster.name === name))
  for (const cluster of surplus) requireNoneJoined(cluster)
  const undo: (() => Promise<void>)[] = []
  const doors = new Map<string, BalancerProcess>()
  try {
    for (const cluster of wanted) {
      const door = present.get(cluster.name)?.balancer ?? (await openNew(cluster))
      doors.set(cluster.name, door)
      if (cluster.extranetListener === null || door.extranetUrl() !== undefined) continue
      await steps.openExtranet(door, portOf(cluster.extranetListener))
      if (present.has(cluster.name)) undo.push(() => steps.closeExtranet(door))
    }
    await write(new Map(wanted.map((cluster) => [cluster.name, placeOf(cluster)])))
  } catch (error) {
    await Promise.allSettled(undo.map((step) => step()))
    throw error
  }
  const settled = await Promise.allSettled([...surplus.map(steps.end), ...wanted.map(settle)])
  steps.order(wanted.map(({ name }) => name))
  const failed = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
  if (failed.length > 0)
    problem(503, `The state is back, but not all that serves: ${failed.join('; ').split('\n')[0]}. Do the same again`)

  async function openNew(cluster: WantedCluster): Promise<BalancerProcess> {
    const { name, port } = cluster
    const door = await steps.openDoor(name, port).catch((error: unknown) => {
      // Somebody else has it meanwhile.
      if (error instanceof PortRefused && port !== undefined) return steps.openDoor(name, undefined)
      throw error
    })
    undo.push(() => steps.closeDoor(door))
    return door
  }

  function placeOf(cluster: WantedCluster): Place {
    const door = doors.get(cluster.name) as BalancerProcess
    const extranetListener = cluster.extranetListener === null ? null : (door.extranetUrl() ?? null)
    return { baseUrl: present.get(cluster.name)?.url ?? steps.baseUrlOf(cluster, door), extranetListener }
  }

  async function settle(cluster: WantedCluster): Promise<void> {
    const [here, door] = [present.get(cluster.name), doors.get(cluster.name) as BalancerProcess]
    const ids = cluster.servers ?? here?.ownIds() ?? [`${cluster.name}-1`]
    if (here === undefined) return steps.serve(cluster, door, ids)
    if (cluster.extranetListener === null && door.extranetUrl() !== undefined) await steps.closeExtranet(door)
    for (const id of await here.setServers(ids)) await steps.forget(id)
  }
}

/** Who started it by hand is to stop it. */
function requireNoneJoined(cluster: ClusterProcesses): void {
  const joined = cluster.nodeIds().filter((id) => cluster.hasJoined(id))
  if (joined.length > 0)
    problem(
      409,
      `The cluster "${cluster.name}" goes, and ${joined.join(', ')} of it was started by hand: stop its process with SIGTERM where it runs first. Nothing was changed`,
    )
}
