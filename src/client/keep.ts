/**
 * A user's machine and certificates between two runs: a folder with plain files. `key.pem` is as secret as a password; it is written
 * readable by its owner alone. A folder is for one user of one cluster.
 */
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { privateKeyFromPem, privateKeyToPem } from '../crypto/keys.js'
import { readDocuments, type XrmlDocument } from '../xrml/document.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import { openAccount, type Account } from './account.js'
import { machineOf, type Machine } from './machine.js'
import { textOf } from './publish.js'
import { openPublisher, type Publisher } from './publisher.js'
import { readable, VerificationFailed } from './verify.js'
import { makeFolder } from '../make-folder.js'

/** What a folder holds; each part needs those before it. */
export interface Kept {
  readonly machine?: Machine | undefined
  readonly account?: Account | undefined
  readonly publisher?: Publisher | undefined
}

const files = { key: 'key.pem', spc: 'spc.xrml', rac: 'rac.xrml', clc: 'clc.xrml' } as const

/** The folder holds something that cannot be used. The message says what to do. */
export class KeptFileBroken extends Error {
  override readonly name = 'KeptFileBroken'
  constructor(path: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`${path} cannot be used: ${why}. Remove the file, and what it held is made anew.`, { cause })
  }
}

/**
 * Reads what is there; a missing file is no error. Everything is verified as if it had just come from a server.
 * @throws KeptFileBroken
 */
export async function load(folder: string, trustRoots: readonly TrustRoot[]): Promise<Kept> {
  const [pem, spc] = await Promise.all([read(folder, 'key'), read(folder, 'spc')])
  if (pem === undefined || spc === undefined) return {}
  const machine = await using(folder, 'key', () =>
    readable('SPC', () => machineOf(documentsOf(spc), privateKeyFromPem(pem))),
  )
  const rac = await read(folder, 'rac')
  if (rac === undefined) return { machine }
  const account = await using(folder, 'rac', () => openAccount(documentsOf(rac), machine, trustRoots))
  const clc = await read(folder, 'clc')
  if (clc === undefined) return { machine, account }
  return {
    machine,
    account,
    publisher: await using(folder, 'clc', () => openPublisher(documentsOf(clc), account, trustRoots)),
  }
}

/**
 * Writes what is given. What stands below something given and is not given itself is removed: it was sealed to what is replaced. The
 * folder is made when there is none.
 */
export async function save(folder: string, { machine, account, publisher }: Kept): Promise<void> {
  makeFolder(folder, 0o700)
  if (machine !== undefined || account !== undefined) await remove(folder, 'clc')
  if (machine !== undefined) {
    await remove(folder, 'rac')
    await write(folder, 'key', privateKeyToPem(machine.key))
    await write(folder, 'spc', textOf(machine.chain))
  }
  if (account !== undefined) await write(folder, 'rac', textOf(account.chain))
  if (publisher !== undefined) await write(folder, 'clc', textOf(publisher.chain))
}

type FileName = keyof typeof files

async function read(folder: string, name: FileName): Promise<string | undefined> {
  const path = join(folder, files[name])
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new KeptFileBroken(path, error)
  })
}

function remove(folder: string, name: FileName): Promise<void> {
  return rm(join(folder, files[name]), { force: true })
}

/** Into a new file that then takes the place of the old one: a crash in between leaves the old one whole. */
async function write(folder: string, name: FileName, content: string): Promise<void> {
  const path = join(folder, files[name])
  const mode = name === 'key' ? 0o600 : 0o644
  await writeFile(`${path}.new`, content, { mode })
  // The mode counts for new files only, and one may have been left over
  await chmod(`${path}.new`, mode)
  await rename(`${path}.new`, path)
}

function documentsOf(text: string): readonly XrmlDocument[] {
  return readable('chain', () => readDocuments(text))
}

async function using<T>(folder: string, name: FileName, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    // Beside what we throw ourselves there are the errors of OpenSSL for a key that is none
    const expected =
      error instanceof VerificationFailed || error instanceof RangeError || (error instanceof Error && 'code' in error)
    if (expected) throw new KeptFileBroken(join(folder, files[name]), error)
    throw error
  }
}
