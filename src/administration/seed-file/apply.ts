/**
 * Applies a seed file to an installation that is being made, by what administrators do: first what clusters are made by, then each cluster as soon as
 * it is made and before it serves, at last what servers are told. An installation that is kept was made so before.
 */
import { Problem } from '../problem.js'
import type { LabOffice } from '../lab/ask-server.js'
import type { Store } from '../../cluster/store/open.js'
import type { SeedMark } from '../../cluster/store/seed-mark.js'
import { NotEverywhere } from '../lab/change-lab.js'
import { putClock } from '../lab/clock.js'
import { putFault, type FaultOffice } from '../lab/faults.js'
import { applyCluster, type ClusterOffice } from './apply-cluster.js'
import { applyDirectory } from './apply-directory.js'
import type { Seed } from './parse.js'
import { rootName } from './seed-file.js'

export interface SeedOffice extends ClusterOffice {
  readonly lab: LabOffice
  readonly served: FaultOffice['served']
}

/** The installation that is kept was made otherwise than is asked for now, or was not made to its end. */
export class OtherSeedFile extends Problem {
  constructor(message: string) {
    super(409, message)
  }
}

type Beginning = Pick<SeedOffice, 'store' | 'lab'>

/**
 * Of a start without a seed file: it would serve a part of what the last one says.
 * @throws OtherSeedFile, DatabaseAway
 */
export async function requireNoneBegun({ seedMark }: Pick<Store, 'seedMark'>): Promise<void> {
  const mark = await seedMark.read()
  if (mark?.isDone === false) throw unfinished(mark)
}

/**
 * Before clusters are made.
 * @returns whether there is anything to apply
 * @throws OtherSeedFile, SeedFileError, DatabaseAway
 */
export async function beginSeed({ store, lab }: Beginning, seed: Seed): Promise<boolean> {
  const mark = await store.seedMark.read()
  const hasClusters = (await store.clusters.list()).length > 0
  if (mark === undefined && hasClusters)
    throw new OtherSeedFile(
      `This installation was made without a seed file, and ${seed.name} is for a new one: leave the seed file out to go on with what there is, or begin anew with another data folder or database`,
    )
  const isOther = mark !== undefined && mark.fingerprint !== seed.fingerprint
  if (isOther && mark.isDone)
    throw new OtherSeedFile(
      `This installation was made from a seed file that said something else (${mark.name}, ${mark.since}) than ${seed.name} says now: leave the seed file out to go on with what there is, or begin anew with another data folder or database`,
    )
  if (isOther && hasClusters) throw unfinished(mark)
  if (mark?.isDone === true) return false
  const since = lab.clock.now().toISOString()
  await store.seedMark.write({ fingerprint: seed.fingerprint, name: seed.name, since, isDone: false })
  // What another file has set before it failed is not of this one.
  const clock = seed.file.clock ?? (isOther ? { mode: 'real' } : undefined)
  if (clock !== undefined) await seed.at(['clock'], () => readByAll(() => putClock(lab, clock)))
  return true
}

function unfinished({ name, since }: SeedMark): OtherSeedFile {
  return new OtherSeedFile(
    `The last start with the seed file ${name} (${since}) did not finish, and there may be a part of what it says: start with that file as it was to finish it, or begin anew with another data folder or database`,
  )
}

/** When the cluster is made: the directory goes with the root. */
export async function seedCluster(office: ClusterOffice, seed: Seed, cluster: string): Promise<void> {
  if (cluster === rootName) await applyDirectory(office.store.directory, office.random, seed)
  await applyCluster(office, seed, cluster)
}

/** When servers serve. */
export async function endSeed({ store, lab, served }: SeedOffice, seed: Seed): Promise<void> {
  for (const [name, fault] of Object.entries(seed.file.faults ?? {}))
    await seed.at(['faults', name], () => readByAll(() => putFault({ ...lab, served }, name, fault)))
  const mark = await store.seedMark.read()
  if (mark !== undefined) await store.seedMark.write({ ...mark, isDone: true })
}

/** Servers that start read it then, and those that are busy at their next refresh. */
export async function readByAll(put: () => Promise<unknown>): Promise<void> {
  try {
    await put()
  } catch (error) {
    if (!(error instanceof NotEverywhere)) throw error
  }
}
