/** Files that people name on the command line. What is wrong with them is said with their name. */
import { readFile, writeFile } from 'node:fs/promises'
import { Failure, systemCode } from './failure.js'

/** @throws Failure */
export async function readInput(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure(`${path} cannot be read: ${reason(error)}`)
  })
}

/** @throws Failure */
export async function writeResult(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes).catch((error: unknown) => {
    throw new Failure(`${path} cannot be written: ${reason(error)}`)
  })
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
