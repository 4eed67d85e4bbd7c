/** The forest of a database that has none yet; one that it has stays. */
import { forestNamed } from '../directory/forest.js'
import { seedDirectoryOf } from '../directory/seed.js'
import type { Store } from './store/open.js'

/** The database is that of another forest than is asked for. */
export class OtherForest extends Error {
  override readonly name = 'OtherForest'
  constructor(present: string, wanted: string) {
    super(
      `This installation is the forest ${present}, and ${wanted} was asked for: leave --forest (the option forest) out to go on with ${present}, or begin anew with another data folder or database`,
    )
  }
}

/**
 * Before clusters are made.
 * @param name DNS name; undefined: that of the database, or the usual one when the root is made
 * @throws OtherForest, RangeError when the name is none, DatabaseAway
 */
export async function foundForest(store: Store, name: string | undefined): Promise<void> {
  if (name === undefined) return
  await requireForest(store, name)
  await store.directory.fillIfEmpty(seedDirectoryOf(forestNamed(name)))
  // Somebody else may have been faster.
  await requireForest(store, name)
}

/**
 * Changes nothing.
 * @throws OtherForest, RangeError when the name is none, DatabaseAway
 */
export async function requireForest(store: Store, name: string | undefined): Promise<void> {
  const wanted = name === undefined ? undefined : forestNamed(name).dnsName
  const present = (await store.forest.find())?.dnsName
  if (wanted !== undefined && present !== undefined && present.toLowerCase() !== wanted)
    throw new OtherForest(present, wanted)
}
