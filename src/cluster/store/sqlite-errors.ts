/** What SQLite says of a file that it cannot use, for people. */
import { closeSync, openSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
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
      `The database file ${path} cannot be opened: ${objectionTo(path, error)} (${error.message})`,
      because,
    )
  return isAboutWriting(error)
    ? new DatabaseAway(`The database file ${path} cannot be used: ${objectionTo(path, error)}`, because)
    : undefined
}

/** A disk that is full, fails or is read-only, or missing rights. */
export function isAboutWriting(error: unknown): boolean {
  return /^SQLITE_(?:FULL|IOERR|READONLY)/.test(codeOf(error))
}

/** What is wrong with a file that SQLite cannot write, and what to do: a full disk and missing rights are not mended in the same way. */
export function objectionTo(path: string, error: unknown): string {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL' || (code.startsWith('SQLITE_IOERR') && isFull(path))) return objectionOf('ENOSPC', path)
  // SQLite tells a quota that is used up like a disk that fails.
  if (code.startsWith('SQLITE_IOERR'))
    return `the disk fails, or the quota of this user is used up (${error instanceof Error ? error.message : code})`
  return objectionOf(openingCode(path), path)
}

/** In words, of an error code of the system. */
export function objectionOf(code: string, path: string): string {
  switch (code) {
    case 'ENOSPC':
      return 'there is no space left on its disk: make room, or name a place on another one'
    case 'EDQUOT':
      return 'the disk quota of this user is used up: make room, or name a place on another disk'
    case 'EROFS':
      return 'its disk is read-only: name a place on another one'
    default:
      return `this user must be able to write to ${path}, and to its folder`
  }
}

/** Bytes: the shared memory beside a database grows by as much, and SQLite tells its lack like a disk that fails. */
const smallestRoom = 32 * 1024

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize < smallestRoom
  } catch {
    return false
  }
}

/** SQLite does not say what the system said: it is asked again. '' when it says nothing. */
function openingCode(path: string): string {
  try {
    closeSync(openSync(path, 'a'))
    return ''
  } catch (error) {
    return codeOf(error)
  }
}
