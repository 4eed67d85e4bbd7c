/**
 * Folders among the system's temporary files that are this account's alone: what other accounts put there, or can write to, is neither read nor removed.
 * (Beside temporary-folder.ts, because commands look for them that need no lock.)
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Of the names of such folders. */
export const temporaryPrefix = 'rms-emulator-'

/** Their paths, of whatever process; none where temporary files cannot be listed. */
export function privateFolders(): readonly string[] {
  return temporaryNames()
    .filter((name) => name.startsWith(temporaryPrefix))
    .map((name) => join(tmpdir(), name))
    .filter(isPrivateFolder)
}

function temporaryNames(): readonly string[] {
  try {
    return readdirSync(tmpdir())
  } catch {
    return []
  }
}

function isPrivateFolder(path: string): boolean {
  const facts = factsOf(path)
  // Windows has no such modes, and gives each account temporary files of its own.
  return facts?.isDirectory() === true && isOwn(facts) && (process.getuid === undefined || (facts.mode & 0o077) === 0)
}

/** Whether a file of that name itself, and not one that a link leads to, is a regular one of this account. */
export function isOwnFile(path: string): boolean {
  const facts = factsOf(path)
  return facts !== undefined && isOwnRegular(facts)
}

export function isOwnRegular(facts: Stats): boolean {
  return facts.isFile() && isOwn(facts)
}

/** By number: an account of a container need not have a name. */
function isOwn({ uid }: Stats): boolean {
  return process.getuid === undefined || process.getuid() === uid
}

function factsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}
