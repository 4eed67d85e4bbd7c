/** A lock between processes of one machine that ends with its holder, also when it is killed: SQLite's lock on an empty file. */
import Libsql from 'libsql'

/**
 * Does not wait.
 * @param path of the lock file, which is made and stays
 * @returns what gives the lock back; undefined when somebody else has it
 */
export function takeLock(path: string): (() => void) | undefined {
  const database = new Libsql(path)
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
  return () => {
    database.exec('rollback')
    database.close()
  }
}
