/** SQLite through the `libsql` package, whose binary comes inside npm packages: no compiler, no server. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { SqliteDialect } from 'kysely'
import type { Dialect, SqliteDatabase, SqliteStatement } from 'kysely'
import Libsql from 'libsql'

/** Kysely makes the same few texts again and again; batches of each size are texts of their own. */
const rememberedStatements = 500

/** Milliseconds that a writer waits for another one. */
const busyTimeout = 5000

/**
 * A dialect over one connection to this file, which is made (readable by its owner alone) when it is not there.
 * @param path of the file, or `:memory:`
 * @throws SqliteError when the file is no database or stays locked
 */
export async function sqliteDialect(path: string): Promise<Dialect> {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true })
    closeSync(openSync(path, 'a', 0o600))
  }
  const database = new Libsql(path)
  database.pragma(`busy_timeout = ${busyTimeout}`)
  await useWriteAheadLog(database)
  database.pragma('synchronous = NORMAL')
  return new SqliteDialect({ database: rememberingStatements(database) })
}

/** Processes that make the same new file at once get in each other's way here, and SQLite does not wait by itself for this one. */
async function useWriteAheadLog(database: Libsql.Database): Promise<void> {
  const pause = 20
  for (let tries = busyTimeout / pause; ; tries--) {
    try {
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const busy = error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!busy || tries <= 0) {
        database.close()
        throw error
      }
      await wait(pause)
    }
  }
}

/**
 * Prepares each text once, and begins every transaction as a writing one: we use them for nothing else, and one that begins reading
 * fails at its first write, without waiting, when another process wrote in between.
 */
function rememberingStatements(database: Libsql.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => {
      statements.clear()
      database.close()
    },
    prepare: (text) => {
      const known = statements.get(text)
      if (known !== undefined) return known
      const statement = database.prepare(text === 'begin' ? 'begin immediate' : text) as unknown as SqliteStatement
      const oldest = statements.keys().next()
      if (statements.size >= rememberedStatements && !oldest.done) statements.delete(oldest.value)
      statements.set(text, statement)
      return statement
    },
  }
}
