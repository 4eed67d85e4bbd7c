/**
 * Where request-log records wait while the database is away: files of this node's own in a folder that the nodes of this machine share.
 * A record is a line of JSON. What was appended is on the disk (fdatasync, once for all records of a turn) before the answer goes out, so
 * it outlives the process and the machine. Any node may write the files to the database; the log knows which records it has already.
 *
 * A file is taken for writing by renaming it. Its owner looks after each append whether the file is still at its name: if so, the record
 * was there before the file was taken, and if not, the record is appended once more to a new file. So neither needs to know of the other.
 */
import { createReadStream } from 'node:fs'
import { appendFile, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { takeLock } from './spool-lock.js'
import { DatabaseAway } from './store/database-away.js'
import { laterFields } from './store/migrations/request-log-fields.js'
import type { RequestLogRecord, RequestLogStore } from './store/request-log-store.js'
import { makeFolder } from '../make-folder.js'

export interface Spool {
  /** For people. */
  readonly folder: string
  /**
   * Keeps records; one call after the other.
   * @returns how many of them, from the first on, are on the disk: fewer than given when the spool is full
   * @throws the error of the file system
   */
  append(records: readonly RequestLogRecord[]): Promise<number>
  /**
   * Tries on the disk whether records would be kept; nothing stays of that.
   * @returns false when the spool is full
   * @throws the error of the file system
   */
  probe(): Promise<boolean>
  /**
   * Writes the records of all nodes that used this folder to the database, and deletes their files. Another call does so at the
   * same time, of whatever process: nothing is done then.
   * @throws DatabaseAway: what is not written stays
   */
  drain(insert: RequestLogStore['insert']): Promise<Drained>
  close(): Promise<void>
}

export interface SpoolOptions {
  /** Made when it is not there, readable by its owner alone. One folder for each database. */
  readonly folder: string
  readonly nodeId: string
  /** Bytes of all spooled records in the folder. */
  readonly limit: number
}

export interface Drained {
  /** Records that the database did not have. */
  readonly written: number
  /** Lines that are no records, or that the database does not take; they are kept in files ending in `.damaged`. */
  readonly damaged: number
}

/** A file is appended to up to this size, so that disk is given back piece by piece. */
const fileBytes = 16 * 2 ** 20
/** Room for some records: with less, the next one or the one after it would be refused. */
const probeBytes = 16 * 2 ** 10
const recordsPerInsert = 500
const charactersPerInsert = 8 * 2 ** 20

interface SpoolFile {
  readonly path: string
  readonly handle: FileHandle
  readonly identity: string
  bytes: number
}

export function createSpool({ folder, nodeId, limit }: SpoolOptions): Spool {
  let current: SpoolFile | undefined
  let count = 0
  let isDraining = false

  const leaveFile = async (): Promise<void> => {
    const { handle } = current ?? {}
    current = undefined
    await handle?.close()
  }

  const newFile = async (): Promise<SpoolFile> => {
    makeFolder(folder, 0o700)
    for (;;) {
      const path = join(folder, `${encodeURIComponent(nodeId)}-${++count}.spool`)
      const handle = await open(path, 'ax', 0o600).catch(unless('EEXIST'))
      if (handle === undefined) continue
      await syncFolder(folder)
      return { path, handle, identity: identityOf(await handle.stat({ bigint: true })), bytes: 0 }
    }
  }

  const append = async (records: readonly RequestLogRecord[]): Promise<number> => {
    const room = limit - (await bytesIn(folder))
    const lines: Buffer[] = []
    let bytes = 0
    for (const record of records) {
      const line = Buffer.from(`${JSON.stringify(record)}\n`, 'utf8')
      bytes += line.length
      if (bytes > room) break
      lines.push(line)
    }
    if (lines.length > 0) await keep(Buffer.concat(lines))
    return lines.length
  }

  const probe = async (): Promise<boolean> => {
    if (limit - (await bytesIn(folder)) < probeBytes) return false
    makeFolder(folder, 0o700)
    const path = join(folder, `${encodeURIComponent(nodeId)}.probe`)
    try {
      const handle = await open(path, 'w', 0o600)
      try {
        await handle.appendFile(Buffer.alloc(probeBytes))
        await handle.datasync()
      } finally {
        await handle.close()
      }
    } finally {
      await rm(path, { force: true })
    }
    return true
  }

  const keep = async (data: Buffer): Promise<void> => {
    for (;;) {
      current ??= await newFile()
      const file = current
      try {
        await file.handle.appendFile(data)
        await file.handle.datasync()
      } catch (error) {
        // It may end in half a line: nothing may follow that.
        await leaveFile()
        throw error
      }
      file.bytes += data.length
      const isThere = (await identityAt(file.path)) === file.identity
      if (!isThere || file.bytes >= fileBytes) await leaveFile()
      if (isThere) return
    }
  }

  const drain = async (insert: RequestLogStore['insert']): Promise<Drained> => {
    let [written, damaged] = [0, 0]
    const writeTaken = async (name: string): Promise<void> => {
      const drained = await writeFileTo(insert, join(folder, name))
      written += drained.written
      damaged += drained.damaged
    }
    // Those that were taken before, by a process that ended, come first: so no name is there when it is renamed to.
    for (const name of await namesIn(folder, '.taken')) await writeTaken(name)
    for (const name of await namesIn(folder, '.spool')) {
      const taken = name.replace(/spool$/, 'taken')
      await rename(join(folder, name), join(folder, taken))
      await writeTaken(taken)
    }
    return { written, damaged }
  }

  return {
    folder,
    append,
    probe,
    drain: async (insert) => {
      const nothing = { written: 0, damaged: 0 }
      if (isDraining || (await namesIn(folder, '.taken', '.spool')).length === 0) return nothing
      isDraining = true
      try {
        const release = takeLock(join(folder, 'lock'))
        if (release === undefined) return nothing
        try {
          return await drain(insert)
        } finally {
          release()
        }
      } finally {
        isDraining = false
      }
    },
    close: leaveFile,
  }
}

async function writeFileTo(insert: RequestLogStore['insert'], path: string): Promise<Drained> {
  const damaged: string[] = []
  let written = 0
  let batch: RequestLogRecord[] = []
  let characters = 0
  const writeBatch = async (): Promise<void> => {
    const { added, refused } = await insertEach(insert, batch)
    written += added
    damaged.push(...refused.map((record) => JSON.stringify(record)))
    batch = []
    characters = 0
  }
  for await (const line of wholeLines(path)) {
    const record = recordOf(line)
    if (record === undefined) damaged.push(line)
    else batch.push(record)
    characters += line.length
    if (batch.length >= recordsPerInsert || characters >= charactersPerInsert) await writeBatch()
  }
  if (batch.length > 0) await writeBatch()
  if (damaged.length > 0)
    await appendFile(path.replace(/taken$/, 'damaged'), damaged.map((line) => `${line}\n`).join(''), { mode: 0o600 })
  await unlink(path)
  return { written, damaged: damaged.length }
}

/** One by one when the database does not take all together, so that one record does not keep the others from it. */
async function insertEach(insert: RequestLogStore['insert'], records: readonly RequestLogRecord[]): Promise<Inserted> {
  try {
    return { added: (await insert(records)).filter(Boolean).length, refused: [] }
  } catch (error) {
    if (error instanceof DatabaseAway) throw error
    if (records.length === 1) return { added: 0, refused: records }
    const each: Inserted[] = []
    for (const record of records) each.push(await insertEach(insert, [record]))
    return { added: each.reduce((sum, { added }) => sum + added, 0), refused: each.flatMap(({ refused }) => refused) }
  }
}

interface Inserted {
  readonly added: number
  readonly refused: readonly RequestLogRecord[]
}

/** Lines that end. What comes after the last end was being written when its process died: nobody was told that it is kept. */
async function* wholeLines(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 18 })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

const fields: {
  readonly [F in keyof Required<RequestLogRecord>]: 'string' | 'boolean' | 'optional string' | 'optional number'
} = {
  clusterName: 'string',
  hostMachineName: 'string',
  hostMachineRequestId: 'string',
  clientRequestId: 'string',
  requestTime: 'string',
  listener: 'string',
  requestPath: 'string',
  requestType: 'string',
  requestUserAddress: 'string',
  requestUserAgent: 'string',
  authenticatedState: 'string',
  secureConnectionState: 'boolean',
  authenticatedId: 'string',
  receivedXrml: 'optional string',
  issuedXrml: 'optional string',
  metadata: 'string',
  successOrFailure: 'string',
  errorInformation: 'string',
  logCreateTime: 'string',
  durationMilliseconds: 'optional number',
}

function recordOf(line: string): RequestLogRecord | undefined {
  try {
    const read = withLaterFields(JSON.parse(line) as Line)
    const isRecord = Object.entries(fields).every(([field, type]) => {
      const value = read?.[field]
      const [plain = type] = /(?<=^optional ).*/.exec(type) ?? []
      return typeof value === plain || (plain !== type && value === undefined)
    })
    return isRecord ? (read as unknown as RequestLogRecord) : undefined
  } catch {
    return undefined
  }
}

type Line = Readonly<Record<string, unknown>> | null

/** A record of a program with schema version 3 or 4, which may have left its spool. */
function withLaterFields(read: Line): Line {
  const { requestUserAddress, authenticatedState, metadata, clientRequestId } = read ?? {}
  const isEarlier = clientRequestId === undefined
  return isEarlier &&
    typeof requestUserAddress === 'string' &&
    typeof authenticatedState === 'string' &&
    typeof metadata === 'string'
    ? { ...read, ...laterFields({ requestUserAddress, authenticatedState, metadata }) }
    : read
}

/** In the order of their making. */
async function namesIn(folder: string, ...endings: readonly string[]): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(unless('ENOENT'))) ?? []
  return names
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .toSorted(new Intl.Collator('en', { numeric: true }).compare)
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await namesIn(folder, '.spool', '.taken'))
    bytes += (await stat(join(folder, name)).catch(unless('ENOENT')))?.size ?? 0
  return bytes
}

async function identityAt(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(unless('ENOENT'))
  return found === undefined ? undefined : identityOf(found)
}

const identityOf = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev}:${ino}`

/** The name of a new file is on the disk, too. Not every system lets a folder be opened for that. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes undefined of this one error. */
function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Error && 'code' in error && error.code === code)) throw error
    return undefined
  }
}
