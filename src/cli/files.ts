/** Files that people name on the command line. What is wrong with them is said with their name. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { Failure, systemCode } from './failure.js'

/** @throws Failure */
export async function readInput(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure(`${path} cannot be read: ${reason(error)}`)
  })
}

/**
 * @param path `-` is standard input
 * @throws Failure
 */
export async function readInputOrStandard(path: string): Promise<Buffer> {
  if (path !== '-') return readInput(path)
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/**
 * @param force write over what is there; without it only the same bytes may be there already
 * @throws Failure
 */
export async function writeResult(path: string, bytes: Uint8Array, force: boolean): Promise<void> {
  await writeFile(path, bytes, { flag: force ? 'w' : 'wx' }).catch(async (error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw new Failure(`${path} cannot be written: ${reason(error)}`)
    const present = await readFile(path).catch(() => undefined)
    if (present?.equals(bytes) !== true) throw alreadyThere(path)
  })
}

/** Before work is done for it. @throws Failure */
export function requireFree(path: string, force: boolean): void {
  if (!force && existsSync(path)) throw alreadyThere(path)
}

function alreadyThere(path: string): Failure {
  return new Failure(`${path} is there already: write over it with --force, or give another name with --out FILE`)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'it is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ERR_FS_FILE_TOO_LARGE: 'it has more than 2 GiB',
}

/** Why a file or folder cannot be used, without the path. */
export function reason(error: unknown): string {
  return reasons[systemCode(error)] ?? (error instanceof Error ? error.message : String(error))
}
