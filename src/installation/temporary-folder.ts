/**
 * Folders of this process among the system's temporary files: what stands in them (keys, a token) is gone when the process ends, however it ends. Each
 * is locked for as long as its process lives, so that the next start can tell those of processes that were killed, and removes them. The lock is the
 * operating system's: it counts between containers that share the folder for temporary files too, where process numbers say nothing.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Libsql from 'libsql'
import { isOwnFile, privateFolders, temporaryPrefix } from './private-folder.js'

export interface TemporaryFolder {
  readonly path: string
  /** May be called again. */
  remove(): void
}

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
  for (const path of privateFolders()) {
    const lock = join(path, lockName)
    if (!own.has(path) && isOwnFile(lock) && isForsaken(lock)) erase(path)
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
