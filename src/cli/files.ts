/** Files that people name on the command line. What is wrong with them is said with their name. */
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
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

/** A file that a command writes. */
export interface Target {
  readonly path: string
  /** Write over what is there; without it only the same bytes may be there already. */
  readonly force: boolean
  /** The option that names the file; an argument names it when left out. */
  readonly option?: '--out FILE'
  /** Only its owner may read it: mode 0600. */
  readonly isSecret?: boolean
}

/** @throws Failure */
export async function writeResult(target: Target, bytes: Uint8Array): Promise<void> {
  const { path } = target
  await write(target, bytes).catch(async (error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw new Failure(`${path} cannot be written: ${reason(error)}`)
    const present = await readFile(path).catch(() => undefined)
    if (present?.equals(bytes) !== true) throw alreadyThere(target)
  })
}

async function write({ path, force, isSecret = false }: Target, bytes: Uint8Array): Promise<void> {
  const file = await open(path, force ? 'w' : 'wx', isSecret ? 0o600 : 0o666)
  try {
    // A file that was there has kept its mode. A device keeps it.
    if (isSecret && (await file.stat()).isFile()) await file.chmod(0o600)
    await file.writeFile(bytes)
  } finally {
    await file.close()
  }
}

/** Before work is done for it. @throws Failure */
export function requireFree(target: Pick<Target, 'path' | 'force' | 'option'>): void {
  if (!target.force && existsSync(target.path)) throw alreadyThere(target)
}

function alreadyThere({ path, option }: Pick<Target, 'path' | 'option'>): Failure {
  const otherName = option === undefined ? 'give another name' : `give another name with ${option}`
  return new Failure(`${path} is there already: write over it with --force, or ${otherName}`)
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
  EDQUOT: 'the disk quota of this user is used up',
  ERR_FS_FILE_TOO_LARGE: 'it has more than 2 GiB',
}

/** Why a file or folder cannot be used, without the path. */
export function reason(error: unknown): string {
  return reasons[systemCode(error)] ?? (error instanceof Error ? error.message : String(error))
}
