/**
 * The writer of the request log. Records that arrive in the same turn are written in one transaction (group commit), and each caller
 * goes on when its record is in the database: an answer that was sent has its record.
 */
import type { Clock } from '../effects.js'
import type { RequestLogRecord, RequestLogStore } from './store/request-log-store.js'

export type { RequestLogQuery, RequestLogRecord } from './store/request-log-store.js'

export interface RequestLog {
  /**
   * Writes a record; texts that are too long are cut.
   * @returns when it is committed: true, or false when a record of this host and request was there before and stays
   * @throws RequestLogFull, RequestLogClosed, or the error of the database
   */
  append(record: NewRequestLogRecord): Promise<boolean>
  /** Resolves when everything appended so far is written, or was refused. */
  flush(): Promise<void>
  /** Takes no more records and writes those it has. */
  close(): Promise<void>
}

/** The writer adds the time. */
export type NewRequestLogRecord = Omit<RequestLogRecord, 'logCreateTime'>

export interface RequestLogOptions {
  readonly clock: Clock
  readonly includeReceivedXrml?: boolean
  readonly includeIssuedXrml?: boolean
  /** Records waiting for the database; more are refused. 10 000 unless told. */
  readonly queueLimit?: number
}

/** The database does not keep up. */
export class RequestLogFull extends Error {
  override readonly name = 'RequestLogFull'
  constructor(limit: number) {
    super(`${limit} request log records wait for the database: it is slow or away`)
  }
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
  requestPath: 1024,
  requestType: 256,
  requestUserAddress: 256,
  requestUserAgent: 1024,
  authenticatedState: 256,
  authenticatedId: 512,
  metadata: 8192,
  errorInformation: 8192,
} as const satisfies Partial<Record<keyof RequestLogRecord, number>>

const longestXrml = 2 ** 20
const recordsPerTransaction = 1000

interface Waiting {
  readonly record: RequestLogRecord
  readonly resolve: (isNew: boolean) => void
  readonly reject: (error: unknown) => void
}

export function createRequestLog(store: Pick<RequestLogStore, 'insert'>, options: RequestLogOptions): RequestLog {
  const queueLimit = options.queueLimit ?? 10_000
  let queue: Waiting[] = []
  let unwritten = 0
  let writing: Promise<void> | undefined
  let closed = false

  const write = async (): Promise<void> => {
    // One turn later, so that all requests of this turn share a transaction.
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      const batch = queue.slice(0, recordsPerTransaction)
      queue = queue.slice(recordsPerTransaction)
      try {
        const isNew = await store.insert(batch.map((waiting) => waiting.record))
        for (const [index, waiting] of batch.entries()) waiting.resolve(isNew[index] === true)
      } catch (error) {
        for (const waiting of batch) waiting.reject(error)
      }
      unwritten -= batch.length
    }
    writing = undefined
  }

  const flush = async (): Promise<void> => {
    await writing
  }

  return {
    append: (record) => {
      if (closed) return Promise.reject(new RequestLogClosed())
      if (unwritten >= queueLimit) return Promise.reject(new RequestLogFull(queueLimit))
      return new Promise((resolve, reject) => {
        queue.push({ record: complete(record, options), resolve, reject })
        unwritten++
        writing ??= write()
      })
    },
    flush,
    close: () => {
      closed = true
      return flush()
    },
  }
}

function complete(record: NewRequestLogRecord, options: RequestLogOptions): RequestLogRecord {
  const { receivedXrml, issuedXrml, ...rest } = record
  const fields = Object.keys(lengths) as (keyof typeof lengths)[]
  const received = options.includeReceivedXrml === true ? receivedXrml : undefined
  const issued = options.includeIssuedXrml === true ? issuedXrml : undefined
  return {
    ...rest,
    ...Object.fromEntries(fields.map((field) => [field, storable(record[field], lengths[field])])),
    ...(received === undefined ? {} : { receivedXrml: storable(received, longestXrml) }),
    ...(issued === undefined ? {} : { issuedXrml: storable(issued, longestXrml) }),
    logCreateTime: options.clock.now().toISOString(),
  }
}

/** PostgreSQL takes neither NUL nor half a surrogate pair; what arrives over HTTP may have both. */
function storable(text: string, length: number): string {
  return text.slice(0, length).toWellFormed().replaceAll('\0', '\uFFFD')
}
