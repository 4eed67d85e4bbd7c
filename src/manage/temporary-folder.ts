/**
 * Folders of this process among the system's temporary files: what stands in them (keys, a token) is gone when the process ends, however it ends. Each
 * is locked for as long as its process lives, so that the next start can tell those of processes that were killed, and removes them. The lock is the
 * operating system's: it counts between containers that share the folder for temporary files too, where process numbers say nothing.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'

export interface TemporaryFolder {
  readonly path: string
  /** May be called again. */
  remove(): void
}

/** Of the folders' names. */
export const temporaryPrefix = 'rms-emulator-'
const lockName = 'owner.lock'

/** Those of this process, to be removed when it ends. */
const own = new Map<string, Libsql.Database>()

/**
 * A new folder that only this account may look into. Before, those that killed processes of this account left behind are removed.
 * @throws the system's errors
 */
export function makeTemporaryFolder(): TemporaryFolder {
  removeForsaken()
  const path = mkdtempSync(join(tmpdir(), temporaryPrefix))
  if (own.size === 0) process.on('exit', removeOwn)
  own.set(path, lockedBy(path))
  return { path, remove: () => remove(path) }
}

/** The file gets its name when it is locked: nobody takes a folder that is being made for one that was left behind. */
function lockedBy(folder: string): Libsql.Database {
  const made = join(folder, `${lockName}.new`)
  const lock = new Libsql(made)
  lock.exec('BEGIN EXCLUSIVE')
  try {
    renameSync(made, join(folder, lockName))
  } catch {
    // Where open files cannot be renamed the folder is removed at the end, and not by others.
  }
  return lock
}

function removeOwn(): void {
  for (const path of own.keys()) remove(path)
}

function remove(path: string): void {
  const lock = own.get(path)
  if (lock === undefined) return
  own.delete(path)
  if (own.size === 0) process.off('exit', removeOwn)
  lock.close()
  erase(path)
}

function removeForsaken(): void {
  const { uid } = userInfo()
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name)
    if (!name.startsWith(temporaryPrefix) || own.has(path) || !isOf(uid, join(path, lockName))) continue
    if (isForsaken(join(path, lockName))) erase(path)
  }
}

/** False also where there is no such file: a folder that is no folder of ours. */
function isOf(uid: number, path: string): boolean {
  try {
    return process.platform === 'win32' || statSync(path).uid === uid
  } catch {
    return false
  }
}

function isForsaken(path: string): boolean {
  let lock: Libsql.Database | undefined
  try {
    lock = new Libsql(path)
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch {
    return false
  } finally {
    lock?.close()
  }
}

/** What another start removes at the same time is no error. */
function erase(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // The next start tries again.
  }
}
