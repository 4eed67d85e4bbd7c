/** A seed file of a running installation: a new one that begins with it has the same, but for what no such file can say, which is named. */
import { livingMembers } from '../../cluster/living-members.js'
import type { ClusterRow } from '../../cluster/store/cluster-store.js'
import type { Store } from '../../cluster/store/open.js'
import { usualForestName } from '../../directory/forest.js'
import type { LabState } from '../../lab/state.js'
import { readClock, type ClockWanted } from '../lab/clock.js'
import type { LabOffice } from '../lab/ask-server.js'
import { exportCluster } from './export-cluster.js'
import { exportDirectory } from './export-directory.js'
import { exportFaults } from './export-faults.js'
import type { SeedSurroundings } from './references.js'
import { mostClusters, type SeedFile } from './seed-file.js'
import { tooMuch } from './too-much.js'

export interface ExportOffice {
  readonly store: Store
  readonly lab: LabOffice
  readonly served: SeedSurroundings['served']
  readonly endpoints: SeedSurroundings['endpoints']
}

export interface SeedExport {
  readonly seedFile: SeedFile
  /** What the installation has and the file has not, with the reason; for people. */
  readonly leftOut: readonly string[]
}

/**
 * Passwords of accounts are in it: they are those of a lab, and who has the file has to sign in. No other secret is.
 * @throws Problem 409 when there is more than a seed file takes; DatabaseAway
 */
export async function exportSeed(office: ExportOffice): Promise<SeedExport> {
  return office.lab.turns.together(() => readSeed(office))
}

async function readSeed(office: ExportOffice): Promise<SeedExport> {
  const { store, lab, served } = office
  const leftOut: string[] = []
  const rows = await store.clusters.list()
  if (rows.length > mostClusters) tooMuch('clusters', rows.length, mostClusters)
  const { dnsName } = await store.forest.read()
  const directory = await exportDirectory(store.directory)
  const clusters = []
  for (const row of rows.toSorted(rootFirst))
    clusters.push({ ...(await exportCluster(office, row, leftOut)), servers: await serversOf(store, row) })
  const state = await lab.store.lab.read()
  leftOut.push(...unsaid(state))
  const clock = await exportClock(lab)
  const seed = await lab.store.randomSeed.find()
  const faults = await exportFaults(state, { directory: store.directory, served, clusters }, leftOut)
  return {
    seedFile: {
      // Most are of the usual one.
      ...(dnsName === usualForestName ? {} : { forest: dnsName }),
      builtIn: false,
      ...directory,
      clusters,
      ...(seed?.of === 'everything' ? { seed: seed.seed } : {}),
      ...(clock === undefined ? {} : { clock }),
      ...(Object.keys(faults).length === 0 ? {} : { faults }),
    },
    leftOut,
  }
}

function rootFirst(one: ClusterRow, other: ClusterRow): number {
  if (one.kind !== other.kind) return one.kind === 'root' ? -1 : 1
  return one.name < other.name ? -1 : 1
}

async function serversOf({ members }: Store, { name, configuration }: ClusterRow): Promise<number> {
  const all = await members.list(name)
  return Math.max(1, livingMembers(all, configuration.configurationRefreshIntervalSeconds).length)
}

function unsaid({ servers, installation }: LabState): readonly string[] {
  return [...Object.keys(servers).map((node) => `server ${node}`), ...Object.keys(installation)].map(
    (name) => `what is set in the lab for ${name}: it ends with the installation`,
  )
}

/** One that steps goes on from where it is. */
async function exportClock(lab: LabOffice): Promise<ClockWanted | undefined> {
  const { now, ...clock } = await readClock(lab)
  if (clock.mode === 'real') return undefined
  return clock.mode === 'step' ? { ...clock, at: now } : clock
}
