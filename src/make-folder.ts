/** Folders that are made where they are not there. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes the folder and those above it that are missing, one after the other: below `/proc`, where none can be made, Node's own `recursive` never ends.
 * @param mode of each that is made
 * @throws the system's error, with code and path
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = []
  for (let at = resolve(path); !isThere(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) makeOne(folder, mode)
  // A file in its place: the system says so.
  if (missing.length === 0 && !statSync(path).isDirectory()) mkdirSync(path)
}

/** Also when somebody else has made it in between. */
function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, mode)
  } catch (error) {
    if (!isThere(folder)) throw error
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
