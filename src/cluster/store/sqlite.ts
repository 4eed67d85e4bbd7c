/** SQLite through the `libsql` package, whose binary comes inside npm packages: no compiler, no server. */
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import { openSqliteFile } from './sqlite-file.js'
import type { SqliteFile, SqliteOptions } from './sqlite-file.js'

/**
 * A dialect over one connection to this file, which is made (readable by its owner alone) when it is not there.
 * @param path of the file, or `:memory:`
 * @throws DatabaseRefused when it is not there and is not to be made, SqliteError when the file is no database or stays locked
 */
export async function sqliteDialect(path: string, options: SqliteOptions = {}): Promise<Dialect> {
  const file = await openSqliteFile(path, options)
  return {
    createDriver: () => sqliteDriver(file),
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** Kysely's own driver has no place to look whether the file is still there: before and after each statement or transaction. */
function sqliteDriver(file: SqliteFile): Driver {
  let inTransaction = false
  let lastTurn: Promise<void> = Promise.resolve()
  let endTurn = (): void => undefined
  const nextTurn = async (): Promise<void> => {
    const before = lastTurn
    let end = (): void => undefined
    lastTurn = new Promise((resolve) => {
      end = resolve
    })
    await before
    endTurn = end
  }

  const connection: DatabaseConnection = {
    executeQuery: async ({ sql, parameters }): Promise<QueryResult<never>> => {
      const { rows, changes } = await file.run(sql, parameters)
      if (!inTransaction) file.check()
      return { rows: rows as never[], ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }) }
    },
    streamQuery: () => {
      throw new Error('Nothing here is streamed')
    },
  }

  return {
    init: async () => undefined,
    acquireConnection: async () => {
      await nextTurn()
      try {
        await file.ready()
        return connection
      } catch (error) {
        endTurn()
        throw error
      }
    },
    releaseConnection: async () => endTurn(),
    beginTransaction: async () => {
      // One that begins reading fails at its first write, without waiting, when another process wrote in between.
      await file.run('begin immediate', [])
      inTransaction = true
    },
    commitTransaction: async () => {
      file.check()
      await file.run('commit', [])
      inTransaction = false
      // Moved between the two: the records are in the file that was taken away.
      file.check()
    },
    rollbackTransaction: async () => {
      inTransaction = false
      file.rollback()
    },
    destroy: async () => file.close(),
  }
}
