/** One installation at a time works on a database file. The lock is the operating system's: it ends with the process, also with one that was killed. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Libsql from 'libsql'

/** Another process, or another installation of this one, has the database. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse'
}

/**
 * Locks the file beside the database; one in memory needs no lock.
 * @param location as for `openStore`: path of an SQLite file, also as `sqlite:path`, or `:memory:`
 * @returns gives the lock back
 * @throws DatabaseInUse, RangeError when it is no file
 */
export function lockDatabase(location: string): () => void {
  const path = location.replace(/^sqlite:(?:\/\/)?/, '')
  if (path === ':memory:') return () => undefined
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]
  // Only the scheme is shown: a URL may hold a password.
  if (scheme !== undefined) throw new RangeError(`The database ${scheme}:… cannot be opened: give the path of an SQLite file`)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const lock = new Libsql(`${path}.lock`)
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    const busy = error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')
    throw busy ? new DatabaseInUse(`An installation already runs on ${path}. Use that one, stop it, or give this one a folder of its own`) : error
  }
  return () => lock.close()
}
