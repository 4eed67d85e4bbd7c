/** A copy of an SQLite file beside it, made while it is in use. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import Libsql from 'libsql'
import { DatabaseRefused } from './database-away.js'
import { codeOf } from './sqlite-errors.js'

/**
 * Copies what was committed, also while another connection writes. The copy is whole, and on the disk, when it has its name.
 * @param path of the file
 * @param suffix what is added to its name for that of the copy
 * @returns path of the copy, readable by its owner alone
 * @throws DatabaseRefused, with nothing left behind, when it cannot be written, as on a full disk
 */
export function copySqliteFile(path: string, suffix: string): string {
  const copy = `${path}${suffix}`
  // Always the same one: what a process left that was killed goes with the next copy. Only one at a time makes one.
  const partial = `${path}.copy.partial`
  let source: Libsql.Database | undefined
  try {
    rmSync(partial, { force: true })
    // SQLite fills an empty file as well as none, and this one nobody else can read.
    closeSync(openSync(partial, 'ax', 0o600))
    source = new Libsql(path)
    source.prepare('vacuum into ?').run(partial)
    sync(partial)
    renameSync(partial, copy)
    return copy
  } catch (error) {
    rmSync(partial, { force: true })
    const why = error instanceof Error ? error.message : String(error)
    const room = codeOf(error) === 'SQLITE_FULL' || /ENOSPC/.test(why) ? 'there is no room for it: make some' : why
    throw new DatabaseRefused(
      `The database file ${path} is to be copied to ${copy} before it is upgraded, and ${room}. Nothing was changed`,
      { cause: error },
    )
  } finally {
    source?.close()
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
