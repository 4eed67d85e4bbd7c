/** What SQLite says of a file that it cannot use, for people. */
import { DatabaseAway, DatabaseRefused } from './database-away.js'

/** Some of SQLite's extended codes have no name in libsql, only their number: its last byte says which kind they are of. */
const kinds: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
}

/** `SQLITE_FULL`, `SQLITE_BUSY_SNAPSHOT`; '' for what is no error of SQLite. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const number = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code)?.[1]
  return (number === undefined ? undefined : kinds[Number(number) & 0xff]) ?? code
}

/** What SQLite says of a file, with the file and what to do; undefined for what is no matter of the file. */
export function explained(path: string, error: unknown): DatabaseAway | undefined {
  if (!(error instanceof Error) || error instanceof DatabaseAway) return undefined
  const because = { cause: error }
  const code = codeOf(error)
  if (code === 'SQLITE_NOTADB')
    return new DatabaseRefused(`The file ${path} is no SQLite database: name another one, or move it away`, because)
  if (code.startsWith('SQLITE_CORRUPT'))
    return new DatabaseRefused(
      `The database file ${path} is damaged, or cut off: put a whole copy in its place, or move it away (${error.message})`,
      because,
    )
  // Opening itself has no code in libsql, and a number in its text.
  if (/^SQLITE_(?:CANTOPEN|READONLY|PERM|AUTH)/.test(code) || /Unable to open connection/.test(error.message))
    return new DatabaseRefused(
      `The database file ${path} cannot be opened: this user must be able to write to it, and to its folder (${error.message})`,
      because,
    )
  return /^SQLITE_(?:FULL|IOERR)/.test(code)
    ? new DatabaseAway(`The database file ${path} cannot be used: ${error.message}`, because)
    : undefined
}
