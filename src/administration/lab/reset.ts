/** The state of the start: kept when the installation is ready first, to be returned to. */
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ClusterKind } from '../../cluster/store/cluster-store.js'
import { schemaVersion } from '../../cluster/store/schema.js'
import { startSnapshot } from '../../cluster/store/snapshot-store.js'
import { mostRows, TooManyRows, type StateRows } from '../../cluster/store/state-rows.js'
import { Problem, problem } from '../problem.js'
import type { ServersByCluster } from './arrangement.js'
import type { LabOffice } from './ask-server.js'
import { keptStateOf, largestSnapshot, snapshotOf, type KeptState } from './kept-state.js'
import { returnTo, type Returned } from './return-to.js'

/** @throws Problem 409, NotEverywhere, DatabaseAway */
export async function resetLab(office: LabOffice): Promise<Returned> {
  const kept = await office.store.snapshots.find(startSnapshot)
  if (kept === undefined)
    problem(
      409,
      `There is no state of the start to return to: the installation is starting, or had more than is kept (${mostRows} rows of accounts, groups, keys and templates, ${largestSnapshot} characters), of which the log of its start tells`,
    )
  return returnTo(office, keptStateOf(kept, 'The state of the start'))
}

/** What this start gave the installation, for one that was started before. */
export interface ThisStart {
  readonly settings: (kind: ClusterKind, stored: ServerConfiguration) => Partial<ServerConfiguration>
  /** Names of the clusters that were asked for. */
  readonly clusters: readonly string[]
  /** Whether it set the clock. */
  readonly setsClock?: boolean
}

/**
 * Keeps the state of now, when none is kept yet. Of an installation that was started before, that of its first start stays, with the settings, servers and
 * clusters that this start gave it.
 * @param start undefined: whoever starts the servers is somebody else
 * @returns what is to be known of it, for people: that none is kept, or another one than before
 * @throws DatabaseAway
 */
export async function keepStart(office: LabOffice, start: ThisStart | undefined): Promise<string | undefined> {
  const { snapshots, state: states } = office.store
  try {
    const before = await snapshots.find(startSnapshot)
    const isOurs = before?.about.schema === schemaVersion
    if (isOurs && start === undefined) return undefined
    const now = { state: await states.read(), servers: office.arrangement?.present() }
    const kept =
      isOurs && start !== undefined ? startedAgain(keptStateOf(before, 'The state of the start'), now, start) : now
    await snapshots.put(await snapshotOf(office, startSnapshot, kept), Infinity)
    return before === undefined || isOurs ? undefined : replacedText(before.about.schema)
  } catch (error) {
    // Too large, or of somebody else: the installation serves all the same.
    if (error instanceof TooManyRows || error instanceof Problem)
      return `The state of this start is not kept, and a reset cannot return to it: ${error.message}`
    throw error
  }
}

function replacedText(schema: number): string {
  return `The state of the first start was kept with schema version ${schema}, which this program cannot return to: a reset returns to the state of this start from now on`
}

function startedAgain(
  first: KeptState,
  now: KeptState,
  { settings, clusters, setsClock = false }: ThisStart,
): KeptState {
  const added = now.state.clusters.filter(
    ({ name }) => clusters.includes(name) && !first.state.clusters.some((cluster) => cluster.name === name),
  )
  const isAdded = ({ cluster }: { readonly cluster: string }): boolean => added.some(({ name }) => name === cluster)
  const before = first.state.clusters.map((cluster) => {
    const { kind, configuration } = cluster
    const given = settings(kind === 'root' ? 'root' : 'licensing', configuration)
    // There is no way back from decommissioning, as at every start.
    const serverDecommissioned = configuration.serverDecommissioned || given.serverDecommissioned === true
    return { ...cluster, configuration: { ...configuration, ...given, serverDecommissioned } }
  })
  const state: StateRows = {
    ...first.state,
    ...(setsClock ? { lab: { ...first.state.lab, clock: now.state.lab.clock } } : {}),
    clusters: [...before, ...added].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    tables: {
      ...first.state.tables,
      account_key: [...first.state.tables.account_key, ...now.state.tables.account_key.filter(isAdded)],
      template: [...first.state.tables.template, ...now.state.tables.template.filter(isAdded)],
    },
  }
  return { state, servers: serversOf(state.clusters, now.servers) }
}

/** Clusters that came back with this start, and were not of the first one, go at a reset: so do their servers. */
function serversOf(
  clusters: StateRows['clusters'],
  present: ServersByCluster | undefined,
): ServersByCluster | undefined {
  if (present === undefined) return undefined
  return Object.fromEntries(Object.entries(present).filter(([name]) => clusters.some((one) => one.name === name)))
}
