/**
 * An SQLite file that may be moved, deleted and put back while it is open. SQLite goes on writing into a moved or deleted file, so
 * device and inode of the file, its -wal and its -shm are compared with those that were opened; a difference means that it is away.
 */
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Libsql from 'libsql'
import { pause, systemClock, systemTimers, type Clock, type Timers } from '../../effects.js'
import { DatabaseAway, DatabaseRefused } from './database-away.js'
import { memorySchema } from './memory-schema.js'
import { schemaVersion } from './schema.js'
import { codeOf, explained, isAboutWriting, objectionTo } from './sqlite-errors.js'
import { makeFolder } from '../../make-folder.js'

export interface SqliteFile {
  /**
   * Makes sure that there is a connection, and that the file is the one it is to.
   * @throws DatabaseAway
   */
  ready(): Promise<void>
  /**
   * Makes sure that what was read or written went to the file at this path.
   * @throws DatabaseAway
   */
  check(): void
  /**
   * Waits while another connection is writing, five seconds at most.
   * @returns rows of a statement that has some, otherwise what it changed
   * @throws DatabaseAway, SqliteError
   */
  run(text: string, parameters: readonly unknown[]): Promise<SqliteResult>
  /** Undoes the transaction, if there is one. */
  rollback(): void
  close(): void
}

export interface SqliteResult {
  readonly rows: unknown[]
  readonly changes?: number
}

/**
 * Milliseconds between two tries while another connection is writing, and until there is no further one. SQLite could wait by itself, and would
 * stop all of the process meanwhile: for ever, when the other connection is of this process too.
 */
const busyPause = 1
const usualLongestBusy = 4000
/**
 * Whoever keeps us out for so long may be stopped, or hang. Questions are asked one after the other: if each of those behind waited so long too, the
 * last one would wait for minutes. For a while each tries it for a moment only.
 */
const longestBusyAgain = 100
const impatientFor = 10_000
/** A process that is stopped, or on a machine that sleeps, waits for nobody: of the time between two tries so much counts at most. */
const longestBetweenTries = 100

/**
 * A file without its -wal is opened again only after it lay still for so long: while the three are put back one by one, opening would
 * make a new -wal, which is lost, with all it holds, when the old one comes.
 */
const settlingTime = 1000

/** Pages of 4 KiB. A checkpoint waits for the disk, and the log writes the same few pages of its indexes again and again: seldom is cheaper. */
const pagesBetweenCheckpoints = 4000

/** Kysely makes the same few texts again and again; batches of each size are texts of their own. */
const rememberedStatements = 500

/** What SQLite says of a file that cannot be used for now, apart from one that another process is writing to. */
const unusable = /^SQLITE_(?:BUSY|IOERR|CANTOPEN|READONLY|FULL|PROTOCOL|NOLFS)/

interface Prepared {
  readonly statement: Libsql.Statement
  /** Whether it gives rows. */
  readonly isReader: boolean
}

type Effects = Required<Pick<SqliteOptions, 'clock' | 'timers'>>

interface Connection {
  readonly database: Libsql.Database
  readonly statements: Map<string, Prepared>
  readonly files: string
  /** Whether it had a log before we gave it one. */
  readonly hadLog: boolean
}

export interface SqliteOptions {
  /** False: a file that is not there is an error, so that a node that starts while its file is away does not begin a new one. */
  readonly create?: boolean
  /** For how long a file is away, or another connection writes. */
  readonly clock?: Clock
  readonly timers?: Timers
  /** Milliseconds that a statement waits while another connection writes; four seconds unless told. */
  readonly longestBusy?: number
}

/**
 * Opens the file, which is made (readable by its owner alone) when it is not there. One in memory has its tables at once.
 * @throws DatabaseRefused when it is not there and is not to be made, cannot be opened, is no database or half of one; SqliteError
 */
export async function openSqliteFile(
  path: string,
  { create = true, clock = systemClock, timers = systemTimers, longestBusy = usualLongestBusy }: SqliteOptions,
): Promise<SqliteFile> {
  const isFile = path !== ':memory:'
  if (isFile) {
    if (!create && !existsSync(path))
      throw new DatabaseRefused(`There is no database file ${path}: correct the path, or put the file back`)
    makeFolder(dirname(path))
    makeFile(path)
  }
  let connection: Connection | undefined = isFile ? await connectAtStart(path, { clock, timers }) : inMemory(create)
  let awaySince = 0
  /** When somebody waited in vain last. */
  let gaveUp = -Infinity
  let seen = { files: '', since: 0 }

  const away = (what: string, cause?: unknown): DatabaseAway =>
    new DatabaseAway(`The database file ${path} ${what}`, cause === undefined ? {} : { cause })

  const leave = (): void => {
    if (connection === undefined) return
    const { database, statements } = connection
    connection = undefined
    awaySince = clock.monotonic()
    seen = { files: '', since: 0 }
    rollbackOn(database)
    statements.clear()
    database.close()
    // A statement of libsql holds its connection, and with it the locks and the old -shm, until it is collected.
    collectGarbage()
  }

  const check = (): void => {
    if (!isFile) return
    if (connection !== undefined && filesAt(path) === connection.files) return
    const wasOpen = connection !== undefined
    leave()
    throw wasOpen
      ? away('was moved, deleted or replaced, or its -wal or -shm was: put it back, with both')
      : away(absence())
  }

  const absence = (): string => {
    const seconds = Math.round((clock.monotonic() - awaySince) / 1000)
    return `has been away for ${seconds} s: put it back, with its -wal and -shm`
  }

  const reopen = async (): Promise<Connection> => {
    const files = filesAt(path)
    if (files.startsWith('-')) throw away(absence())
    if (files !== seen.files) seen = { files, since: clock.monotonic() }
    const isWhole = !files.includes('-')
    if (!isWhole && clock.monotonic() - seen.since < settlingTime)
      throw away('is there again, but not its -wal and -shm: waiting for them')
    await nextTurn()
    let opened: Connection | undefined
    try {
      opened = await connect(path, longestWait(), { clock, timers })
      const [version] = opened.database.prepare(`select value from meta where key = 'schema_version'`).pluck().all([])
      if (version !== String(schemaVersion)) throw new Error(`Its schema version is ${String(version)}`)
      if (opened.files.split(' ')[0] !== files.split(' ')[0] || opened.files.includes('-'))
        throw new Error('It changed while it was opened')
      return opened
    } catch (error) {
      opened?.database.close()
      opened = undefined
      collectGarbage()
      throw away('is there again, but cannot be used', error)
    }
  }

  const runOnce = (text: string, parameters: readonly unknown[]): SqliteResult | undefined => {
    if (connection === undefined) throw away(absence())
    try {
      const { statement, isReader } = remembered(connection, text)
      if (isReader) return { rows: statement.all(parameters) }
      return { rows: [], changes: statement.run(parameters).changes }
    } catch (error) {
      const code = codeOf(error)
      if (!(error instanceof Libsql.SqliteError) || !unusable.test(code)) throw error
      if (code.startsWith('SQLITE_BUSY')) return undefined
      leave()
      throw away(`cannot be used: ${isAboutWriting(error) ? objectionTo(path, error) : error.message}`, error)
    }
  }

  const longestWait = (): number => (clock.monotonic() - gaveUp < impatientFor ? longestBusyAgain : longestBusy)

  const run = async (text: string, parameters: readonly unknown[]): Promise<SqliteResult> => {
    const isOver = patience(clock, longestWait())
    for (;;) {
      const result = runOnce(text, parameters)
      // Reading goes on beside a writer, and says nothing of it.
      if (result?.changes !== undefined) gaveUp = -Infinity
      if (result !== undefined) return result
      if (isOver()) break
      await pause(timers, busyPause)
    }
    gaveUp = clock.monotonic()
    throw away('cannot be used: another connection goes on writing to it')
  }

  return {
    ready: async () => {
      if (connection === undefined) connection = await reopen()
      else check()
    },
    check,
    run,
    rollback: () => {
      if (connection !== undefined) rollbackOn(connection.database)
    },
    close: () => {
      if (connection === undefined) return
      connection.statements.clear()
      connection.database.close()
      connection = undefined
      // Or what is left of it stands in the way when this process opens the file again: as in leave().
      if (isFile) collectGarbage()
    },
  }
}

/**
 * Readable by its owner alone. One that is there is not touched: closing any descriptor of a file gives up all locks that this process has on
 * it, those of an open connection too, whose -wal other processes would then remove.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** @throws DatabaseRefused, DatabaseAway, SqliteError */
async function connectAtStart(path: string, effects: Effects): Promise<Connection> {
  const isWithoutLog = statSync(path).size > 0 && !existsSync(`${path}-wal`)
  try {
    const connection = await connect(path, usualLongestBusy, effects)
    if (isWithoutLog && connection.hadLog) await requireWhole(path, connection, effects)
    return connection
  } catch (error) {
    throw explained(path, error) ?? error
  }
}

/**
 * A file that says it has a log, had none beside it, and holds nothing, was copied while it was in use: what it held is in the log that stayed behind.
 * One that another process makes at this moment looks the same until it has its tables.
 */
async function requireWhole(path: string, { database }: Connection, { clock, timers }: Effects): Promise<void> {
  const isOver = patience(clock, settlingTime)
  while (countOfTables(database) === 0) {
    if (isOver()) {
      database.close()
      collectGarbage()
      // The log that opening made goes with the connection: with one beside it the file would not be known again for what it is.
      await nextTurn()
      throw new DatabaseRefused(
        `The database file ${path} is an incomplete copy: what it held is in ${basename(path)}-wal, which was not copied with it. ` +
          'Copy both while nothing uses them, or remove the file to begin a new one',
      )
    }
    await pause(timers, busyPause)
  }
}

/** It is gone with its connection. @param create whether it has its tables */
function inMemory(create: boolean): Connection {
  const database = new Libsql(':memory:')
  if (create) database.exec(memorySchema())
  return { database, statements: new Map(), files: '', hadLog: false }
}

function countOfTables(database: Libsql.Database): unknown {
  return database.prepare('select count(*) from sqlite_schema').pluck().all([])[0]
}

async function connect(path: string, longest: number, effects: Effects): Promise<Connection> {
  const database = new Libsql(path)
  try {
    database.pragma('busy_timeout = 0')
    const hadLog = await useWriteAheadLog(database, longest, effects)
    return { database, statements: new Map(), files: filesAt(path), hadLog }
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Also processes that make the same new file at once get in each other's way here.
 * @returns whether the file had a log before
 */
async function useWriteAheadLog(
  database: Libsql.Database,
  longest: number,
  { clock, timers }: Effects,
): Promise<boolean> {
  const isOver = patience(clock, longest)
  let before: unknown
  for (;;) {
    try {
      before ??= database.prepare('pragma journal_mode').pluck().all([])[0]
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = NORMAL')
      database.pragma(`wal_autocheckpoint = ${pagesBetweenCheckpoints}`)
      // The first question makes -wal and -shm.
      countOfTables(database)
      return before === 'wal'
    } catch (error) {
      const busy = error instanceof Libsql.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!busy || isOver()) throw error
      await pause(timers, busyPause)
    }
  }
}

/** @returns whether that many milliseconds were waited for, asked before each further try */
function patience(clock: Clock, milliseconds: number): () => boolean {
  let left = milliseconds
  let asked = clock.monotonic()
  return () => {
    const now = clock.monotonic()
    left -= Math.min(now - asked, longestBetweenTries)
    asked = now
    return left <= 0
  }
}

/** Device and inode of the three files, `-` for one that is not there. */
function filesAt(path: string): string {
  return ['', '-wal', '-shm'].map((suffix) => identityOf(path + suffix)).join(' ')
}

function identityOf(path: string): string {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? '-' : `${found.dev}:${found.ino}`
  } catch {
    // Its folder is no folder any more, or closed to us.
    return '-'
  }
}

/** Prepares each text once. */
function remembered({ database, statements }: Connection, text: string): Prepared {
  const known = statements.get(text)
  if (known !== undefined) return known
  const statement = database.prepare(text)
  // To ask the statement takes as long as to prepare it.
  const prepared = { statement, isReader: text.startsWith('select ') || statement.reader }
  const oldest = statements.keys().next()
  if (statements.size >= rememberedStatements && !oldest.done) statements.delete(oldest.value)
  statements.set(text, prepared)
  return prepared
}

function rollbackOn(database: Libsql.Database): void {
  try {
    if (database.inTransaction) database.exec('rollback')
  } catch {
    // After an error of the disk SQLite has rolled back by itself, or will when the connection closes.
  }
}

/** Once an outage, and at the end, so its time does not matter. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
