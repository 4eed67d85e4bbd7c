/** States of the installation that are kept by name; that of the start has one, too. */
import { startSnapshot, type Snapshot, type SnapshotAbout } from '../../cluster/store/snapshot-store.js'
import { nearest } from '../../config/nearest.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { keptStateOf, snapshotOf } from './kept-state.js'
import { returnTo, type Returned } from './return-to.js'
import { openSnapshot, sealSnapshot, type SnapshotFile } from './snapshot-file.js'
import { keptNow } from './state.js'

/** They are in the database of the installation. */
export const mostSnapshots = 50

/** That of the start first, where one is kept. @throws DatabaseAway */
export async function listSnapshots({ store }: LabOffice): Promise<readonly SnapshotAbout[]> {
  const [start, others] = await Promise.all([store.snapshots.about(startSnapshot), store.snapshots.list()])
  return start === undefined ? others : [start, ...others]
}

/** @throws Problem 404, DatabaseAway */
export async function findSnapshot(office: LabOffice, name: string): Promise<SnapshotAbout> {
  return (await requireSnapshot(office, name)).about
}

/**
 * Keeps the state of now, in place of that of the same name.
 * @throws Problem 400 for a name that cannot be, 409 when it is too large or there are too many, DatabaseAway
 */
export async function takeSnapshot(office: LabOffice, name: string): Promise<SnapshotAbout> {
  requireName(name)
  const kept = await keptNow(office)
  return keep(office, await snapshotOf(office, name, kept))
}

/** @throws Problem 404, 409, NotEverywhere, DatabaseAway */
export async function restoreSnapshot(office: LabOffice, name: string): Promise<Returned & { readonly name: string }> {
  const snapshot = await requireSnapshot(office, name)
  return { name, ...(await returnTo(office, keptStateOf(snapshot, `The snapshot "${name}"`))) }
}

/** @throws Problem 400, 404, DatabaseAway */
export async function removeSnapshot(office: LabOffice, name: string): Promise<void> {
  requireOther(name)
  if (!(await office.store.snapshots.remove(name))) await refuseUnknown(office, name)
}

/**
 * @param password that its keys are sealed under
 * @throws Problem 400, 404, 409, DatabaseAway
 */
export async function exportSnapshot(office: LabOffice, name: string, password: string): Promise<SnapshotFile> {
  return sealSnapshot(office, await requireSnapshot(office, name), password)
}

/**
 * Keeps what is in a file, in place of a snapshot of that name; it is restored by itself.
 * @throws Problem 400, 409, DatabaseAway: nothing is kept then
 */
export async function importSnapshot(
  office: LabOffice,
  name: string,
  { file, password }: { readonly file: SnapshotFile; readonly password: string },
): Promise<SnapshotAbout> {
  requireName(name)
  const snapshot = await snapshotOf(office, name, await openSnapshot(office, file, password))
  return keep(office, { ...snapshot, about: { ...snapshot.about, taken: file.taken } })
}

async function keep({ store }: LabOffice, snapshot: Snapshot): Promise<SnapshotAbout> {
  if (await store.snapshots.put(snapshot, mostSnapshots)) return snapshot.about
  return problem(409, `There are ${mostSnapshots} snapshots already, and no more are kept: remove one first`)
}

async function requireSnapshot(office: LabOffice, name: string): Promise<Snapshot> {
  return (isName(name) ? await office.store.snapshots.find(name) : undefined) ?? refuseUnknown(office, name)
}

async function refuseUnknown({ store }: LabOffice, name: string): Promise<never> {
  const names = [startSnapshot, ...(await store.snapshots.list()).map((one) => one.name)]
  const meant = nearest(name, names)
  const hint = meant === undefined ? `there is ${names.join(', ')}` : `did you mean "${meant}"?`
  return problem(404, `There is no snapshot "${name.slice(0, 100)}": ${hint}`)
}

/** It stands in addresses, and in names of files. */
function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
}

function requireName(name: string): void {
  if (!isName(name))
    problem(
      400,
      `A snapshot cannot be called "${name.slice(0, 100)}": a name has letters, digits, dots, hyphens and underscores, at most 64 of them, and begins with a letter or digit`,
    )
  requireOther(name)
}

/** That of the start is there to be restored and exported. */
function requireOther(name: string): void {
  if (name.toLowerCase() === startSnapshot)
    problem(400, `"${startSnapshot}" is the state of the start, which is kept by itself: choose another name`)
}
