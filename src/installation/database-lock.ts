/** One installation at a time works on a database. The lock ends with the process, also with one that was killed. */
import { dirname } from 'node:path'
import Libsql from 'libsql'
import { pino, type Logger } from 'pino'
import { DatabaseRefused } from '../cluster/store/database-away.js'
import type { LockEvent } from '../cluster/store/postgres-lock.js'
import { objectionTo } from '../cluster/store/sqlite-errors.js'
import { makeFolder } from '../make-folder.js'
import { commandLine } from '../command-line.js'

/** Another process, or another installation of this one, has the database. */
export class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse'
}

/**
 * Locks a file beside an SQLite database, or a PostgreSQL database by a connection of its own; one in memory needs no lock. Nodes do not ask
 * for it: those of other machines share the database.
 * @param location as for `openStore`
 * @returns gives the lock back
 * @throws DatabaseInUse, DatabaseAway, DatabaseRefused, RangeError when it is no database that we know
 */
export async function lockDatabase(
  location: string,
  log: Logger = pino({ level: 'silent' }),
): Promise<() => Promise<void>> {
  if (/^postgres(?:ql)?:/i.test(location)) return lockPostgres(location, log)
  const path = location.replace(/^sqlite:(?:\/\/)?/, '')
  if (path === ':memory:') return async () => undefined
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]
  // Only the scheme is shown: a URL may hold a password.
  if (scheme !== undefined)
    throw new RangeError(`The database ${scheme}:… cannot be opened: give the path of an SQLite file, or postgres://…`)
  return lockFile(path)
}

/** The lock is the operating system's. */
function lockFile(path: string): () => Promise<void> {
  makeFolder(dirname(path), 0o700)
  let lock: Libsql.Database | undefined
  try {
    lock = new Libsql(`${path}.lock`)
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    const busy = error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')
    throw busy
      ? new DatabaseInUse(
          `An installation already runs on ${path}. Use that one, stop it, or give this one a folder of its own`,
        )
      : // Of another user's file Libsql itself says a number.
        new DatabaseRefused(`The database file ${path} cannot be used: ${objectionTo(`${path}.lock`, error)}`, {
          cause: error,
        })
  }
  return async () => void lock?.close()
}

/** What it needs is loaded when it is needed: most installations have a file. */
async function lockPostgres(location: string, log: Logger): Promise<() => Promise<void>> {
  const { holdPostgresLock } = await import('../cluster/store/postgres-lock.js')
  const lock = await holdPostgresLock(location, (event) => report(event, log))
  if (lock !== undefined) return () => lock.release()
  const { targetOf } = await import('../cluster/store/postgres.js')
  const { name } = targetOf({ connectionString: location })
  throw new DatabaseInUse(
    `An installation already runs on the ${name}. Use that one, stop it, or give this one a database of its own; further machines join with ${commandLine('node')}`,
  )
}

function report(event: LockEvent, log: Logger): void {
  switch (event) {
    case 'lost':
      log.warn('the database is away, and with it the lock of this installation')
      break
    case 'taken':
      log.error('another installation was started on the database while it was away: stop one of the two')
      break
    case 'back':
      log.info('this installation has the lock on its database again')
  }
}
