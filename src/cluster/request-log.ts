/**
 * The writer of the request log. Records that arrive in the same turn are written in one transaction (group commit), and each caller
 * goes on when its record is in the database: an answer that was sent has its record. While the database is away, records go to the
 * spool, and from there to the database when it is back.
 */
import type { Clock, Timer, Timers } from '../effects.js'
import type { Drained, Spool } from './spool.js'
import { DatabaseAway } from './store/database-away.js'
import type { RequestLogRecord, RequestLogStore } from './store/request-log-store.js'

export type { RequestLogQuery, RequestLogRecord } from './store/request-log-store.js'

export interface RequestLog {
  /**
   * Writes a record; texts that are too long are cut.
   * @returns when it is committed: true, or false when a record of this host and request was there before and stays. True when it is
   *   in the spool
   * @throws RequestLogFull when it can be kept nowhere (the request is not to be answered then), RequestLogClosed, or the error of the
   *   database
   */
  append(record: NewRequestLogRecord): Promise<boolean>
  /**
   * Writes a record as long as that costs nobody anything: nothing waits for it, few wait at a time, and it is dropped while the
   * database is away. For what strangers cause, which must not take the room of what an answer waits for.
   */
  offer(record: NewRequestLogRecord): void
  /** False from a record that could be kept nowhere until the database or the spool takes records again. */
  canKeep(): boolean
  /** Resolves when everything appended so far is written (to the spool, while the database is away), or was refused. */
  flush(): Promise<void>
  /** Takes no more records and writes those it has; what is in the spool then stays there for the next node when the database is away. */
  close(): Promise<void>
}

/** The writer adds the time. */
export type NewRequestLogRecord = Omit<RequestLogRecord, 'logCreateTime'>

export interface RequestLogOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly includeReceivedXrml?: boolean
  readonly includeIssuedXrml?: boolean
  /** Records waiting for the database; more are refused. 10 000 unless told. */
  readonly queueLimit?: number
  /** Without one, records are refused while the database is away. */
  readonly spool?: Spool
  /** Milliseconds until the database is asked whether it is back. 1 000 unless told. */
  readonly retryInterval?: number
  /** Hears what people should know; must not throw. */
  readonly report?: (event: RequestLogEvent) => void
}

export type RequestLogEvent =
  | { readonly kind: 'away'; readonly error: DatabaseAway }
  | { readonly kind: 'back' }
  /** Neither the database nor the spool takes records: no request can be answered. */
  | { readonly kind: 'unkept'; readonly error: Error }
  /** One of them takes records again. */
  | { readonly kind: 'kept' }
  /** Records of the spool, of this node or another one, were written to the database. */
  | ({ readonly kind: 'recovered' } & Drained)
  /** The spool could not be read. */
  | { readonly kind: 'failed'; readonly error: unknown }

/** The record can be kept nowhere: the database does not keep up, or it is away and the spool is full or cannot be written. */
export class RequestLogFull extends Error {
  override readonly name = 'RequestLogFull'
}

export class RequestLogClosed extends Error {
  override readonly name = 'RequestLogClosed'
  constructor() {
    super('The request log is closed')
  }
}

/** Characters kept of each text. */
const lengths = {
  clusterName: 256,
  hostMachineName: 256,
  hostMachineRequestId: 256,
  clientRequestId: 256,
  listener: 256,
  requestPath: 1024,
  requestType: 256,
  requestUserAddress: 256,
  requestUserAgent: 1024,
  authenticatedId: 512,
  metadata: 8192,
  errorInformation: 8192,
} as const satisfies Partial<Record<keyof RequestLogRecord, number>>

const longestXrml = 2 ** 20
const recordsPerTransaction = 1000

/** Offered ones that wait; more are dropped. */
const mostOffered = 100

interface Waiting {
  readonly record: RequestLogRecord
  readonly isOffered: boolean
  readonly resolve: (isNew: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Of so many looks whether the database is back, one looks for the spool of another node while it never was away. */
const looksPerSearch = 10

export function createRequestLog(
  store: Pick<RequestLogStore, 'insert' | 'tryWriting'>,
  options: RequestLogOptions,
): RequestLog {
  const { spool, report } = options
  const queueLimit = options.queueLimit ?? 10_000
  let queue: Waiting[] = []
  /** Without those that were offered. */
  let unwritten = 0
  let offered = 0
  let writing: Promise<void> | undefined
  let recovering: Promise<void> | undefined
  let isAway = false
  let canKeep = true
  let looks = 0
  let closed = false

  const write = async (): Promise<void> => {
    // One turn later, so that all requests of this turn share a transaction.
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      const batch = queue.slice(0, recordsPerTransaction)
      queue = queue.slice(recordsPerTransaction)
      await writeBatch(batch)
      const ofStrangers = batch.filter(({ isOffered }) => isOffered).length
      offered -= ofStrangers
      unwritten -= batch.length - ofStrangers
    }
    writing = undefined
  }

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      // A database that is away may take seconds to say so: once is enough.
      if (!isAway || spool === undefined) {
        const isNew = await store.insert(batch.map((waiting) => waiting.record))
        for (const [index, waiting] of batch.entries()) waiting.resolve(isNew[index] === true)
        noteKept()
        return
      }
    } catch (error) {
      if (spool === undefined || !(error instanceof DatabaseAway)) {
        for (const waiting of batch) waiting.reject(error)
        if (error instanceof DatabaseAway) noteUnkept(error)
        return
      }
      noteAway(error)
    }
    const waitedFor = batch.filter(({ isOffered }) => !isOffered)
    if (waitedFor.length === 0) return
    const full = await spoolBatch(spool, waitedFor)
    if (full === undefined) noteKept()
    else noteUnkept(full)
  }

  const noteKept = (): void => {
    if (!canKeep) report?.({ kind: 'kept' })
    canKeep = true
  }

  const noteUnkept = (error: Error): void => {
    if (canKeep) report?.({ kind: 'unkept', error })
    canKeep = false
    startLooking()
  }

  const noteAway = (error: DatabaseAway): void => {
    if (!isAway) report?.({ kind: 'away', error })
    isAway = true
  }

  /** The database is asked first: without a spool file of anybody there is nothing else that would notice that it is back. */
  const recover = async (): Promise<void> => {
    try {
      if (isAway || !canKeep) await store.tryWriting()
      else await store.insert([])
      if (isAway) report?.({ kind: 'back' })
      isAway = false
      noteKept()
      await drainSpool()
    } catch (error) {
      if (!(error instanceof DatabaseAway)) report?.({ kind: 'failed', error })
      else if (spool !== undefined) {
        noteAway(error)
        if (!canKeep && (await spool.probe().catch(() => false))) noteKept()
      }
    }
  }

  const drainSpool = async (): Promise<void> => {
    const drained = await spool?.drain((records) => store.insert(records))
    if (drained !== undefined && drained.written + drained.damaged > 0) report?.({ kind: 'recovered', ...drained })
  }

  const startRecovering = (): void => {
    recovering ??= recover().finally(() => {
      recovering = undefined
    })
  }

  const look = (): void => {
    if (isAway || !canKeep || (spool !== undefined && ++looks % looksPerSearch === 0)) startRecovering()
  }
  let timer: Timer | undefined
  const startLooking = (): void => {
    if (timer !== undefined || closed) return
    timer = options.timers.every(options.retryInterval ?? 1000, look)
    timer.unref()
  }
  if (spool !== undefined) {
    startLooking()
    // What a node left that ended while the database was away.
    startRecovering()
  }

  const flush = async (): Promise<void> => {
    await writing
  }

  const enqueue = (waiting: Waiting): void => {
    queue.push(waiting)
    writing ??= write()
  }

  return {
    append: (record) => {
      if (closed) return Promise.reject(new RequestLogClosed())
      if (unwritten >= queueLimit) {
        return Promise.reject(
          new RequestLogFull(`${queueLimit} request log records wait for the database: it is slow or away`),
        )
      }
      return new Promise((resolve, reject) => {
        unwritten++
        enqueue({ record: complete(record, options), isOffered: false, resolve, reject })
      })
    },
    canKeep: () => canKeep,
    offer: (record) => {
      if (closed || isAway || !canKeep || offered >= mostOffered) return
      offered++
      const nobody = (): void => undefined
      enqueue({ record: complete(record, options), isOffered: true, resolve: nobody, reject: nobody })
    },
    flush,
    close: async () => {
      closed = true
      timer?.stop()
      await flush()
      await recovering
      if (isAway) await recover()
      await spool?.close()
    },
  }
}

/** @returns why not all of them are kept */
async function spoolBatch(spool: Spool, batch: readonly Waiting[]): Promise<RequestLogFull | undefined> {
  try {
    const kept = await spool.append(batch.map((waiting) => waiting.record))
    for (const waiting of batch.slice(0, kept)) waiting.resolve(true)
    if (kept === batch.length) return undefined
    const full = new RequestLogFull(
      `The database is away and the spool of request log records in ${spool.folder} is full`,
    )
    for (const waiting of batch.slice(kept)) waiting.reject(full)
    return full
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const unwritable = new RequestLogFull(
      `The database is away and the spool of request log records in ${spool.folder} cannot be written: ${why}`,
      { cause: error },
    )
    for (const waiting of batch) waiting.reject(unwritable)
    return unwritable
  }
}

function complete(record: NewRequestLogRecord, options: RequestLogOptions): RequestLogRecord {
  const { receivedXrml, issuedXrml, ...rest } = record
  const received = options.includeReceivedXrml === true ? receivedXrml : undefined
  const issued = options.includeIssuedXrml === true ? issuedXrml : undefined
  return {
    ...rest,
    ...storableTexts(record),
    ...(received === undefined ? {} : { receivedXrml: storable(received, longestXrml) }),
    ...(issued === undefined ? {} : { issuedXrml: storable(issued, longestXrml) }),
    logCreateTime: options.clock.now().toISOString(),
  }
}

const limitedFields = Object.keys(lengths) as (keyof typeof lengths)[]

/** Those that cannot be stored as they are. */
function storableTexts(record: NewRequestLogRecord): Partial<RequestLogRecord> | undefined {
  const changed = limitedFields.filter((field) => record[field].length > lengths[field] || unplain.test(record[field]))
  return changed.length === 0
    ? undefined
    : Object.fromEntries(changed.map((field) => [field, storable(record[field], lengths[field])]))
}

const unplain = /[^\x01-\uD7FF]/

/** PostgreSQL takes neither NUL nor half a surrogate pair; what arrives over HTTP may have both. */
function storable(text: string, length: number): string {
  return text.slice(0, length).toWellFormed().replaceAll('\0', '\uFFFD')
}
