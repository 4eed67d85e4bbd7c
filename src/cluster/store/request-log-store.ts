/** The request log in the database: table request_log, a row for each request of any node. */
import { CompiledQuery, type Insertable, type Selectable, type SelectQueryBuilder } from 'kysely'
import { DatabaseAway } from './database-away.js'
import type { Database, Tables } from './schema.js'

/** The record of RMS 1.x (DRMS_Log_Master). */
export interface RequestLogRecord {
  /** The cluster that answered; genuine clusters have a logging database each. */
  readonly clusterName: string
  /** The node. Unique together with hostMachineRequestId. */
  readonly hostMachineName: string
  /** X-Request-Id of the answer. */
  readonly hostMachineRequestId: string
  /** What the client called its request by X-Request-Id; '' when it did not. */
  readonly clientRequestId: string
  /** ISO 8601, UTC, milliseconds; all times here. */
  readonly requestTime: string
  /** The listener of the balancer that the request came by, such as `extranet`; `direct` when it came by none. */
  readonly listener: string
  /** `/_wmcs/licensing/license.asmx` */
  readonly requestPath: string
  /** The operation, such as AcquireLicense. */
  readonly requestType: string
  /** IP address of the client; '' where it is not known. */
  readonly requestUserAddress: string
  readonly requestUserAgent: string
  /** Whether the caller has signed in; how stands in the metadata. */
  readonly authenticatedState: 'True' | 'False'
  /** Whether the request came over TLS. */
  readonly secureConnectionState: boolean
  /** Who called, '' when anonymous. */
  readonly authenticatedId: string
  /** Nearly all of a record where it is asked for, so it is left out by default. */
  readonly receivedXrml?: string
  readonly issuedXrml?: string
  /** JSON: mail address of the account (`account`), how the caller signed in (`scheme`), GUIDs of what was issued … */
  readonly metadata: string
  readonly successOrFailure: 'Succeeded' | 'Failed'
  /** '' when the request succeeded. */
  readonly errorInformation: string
  readonly logCreateTime: string
  /** From the first look at the request to this record, to a tenth of a millisecond; left out where it was not measured. */
  readonly durationMilliseconds?: number
}

/** Which records; what is left out does not matter. */
export interface RequestLogQuery {
  readonly clusterName?: string
  /** At this time or later (ISO 8601). */
  readonly since?: string
  /** Before this time (ISO 8601). */
  readonly until?: string
  /** authenticatedId, exactly. */
  readonly user?: string
  readonly requestType?: string
  /** The node. */
  readonly hostMachineName?: string
  /** X-Request-Id of the answer, or the client's own. */
  readonly requestId?: string
  readonly listener?: string
  readonly successOrFailure?: 'Succeeded' | 'Failed'
  /** 100 unless told, cut to `queryLimit`. */
  readonly limit?: number
  /** How many of the newest to pass over. */
  readonly offset?: number
}

export interface RequestLogStore {
  /**
   * Adds records in one transaction. One that is there already (same host and request) is left as it is, so that a spool can be
   * written again.
   * @returns for each record whether it is new
   */
  insert(records: readonly RequestLogRecord[]): Promise<readonly boolean[]>
  /**
   * Whether the database takes records: one is written and taken back in a transaction that is committed, so that nobody sees it. A transaction
   * without records would succeed on a full disk.
   * @throws DatabaseAway when it does not
   */
  tryWriting(): Promise<void>
  /** Newest first. */
  query(query: RequestLogQuery): Promise<readonly RequestLogRecord[]>
  count(query: Omit<RequestLogQuery, 'limit' | 'offset'>): Promise<number>
  /** The newest record that is there beside that many newer ones; undefined when there are no more than that. */
  newestBeyond(count: number): Promise<RequestLogPosition | undefined>
  /**
   * Removes at most that many of the records up to a place in their order, the one at that place included.
   * @returns how many
   */
  removeUpTo(position: RequestLogPosition, limit: number): Promise<number>
}

/** A place in the order of the records, the oldest first; there need not be a record. */
export type RequestLogPosition = Pick<RequestLogRecord, 'requestTime' | 'hostMachineName' | 'hostMachineRequestId'>

export const queryLimit = 10_000

/** Of no host: no request is recorded under this name. */
const trial: RequestLogRecord = {
  clusterName: '',
  hostMachineName: '',
  hostMachineRequestId: '',
  clientRequestId: '',
  requestTime: '',
  listener: '',
  requestPath: '',
  requestType: '',
  requestUserAddress: '',
  requestUserAgent: '',
  authenticatedState: 'False',
  secureConnectionState: false,
  authenticatedId: '',
  metadata: '',
  successOrFailure: 'Succeeded',
  errorInformation: '',
  logCreateTime: '',
}

/** Some 20 columns each: far from the number of parameters that either database takes. */
const rowsPerStatement = 50

export function requestLogStore(db: Database): RequestLogStore {
  const insertNew = newRecordInserter(db)
  const insertAnew: RequestLogStore['insert'] = (records) =>
    db.transaction().execute(async (transaction) => {
      const added = new Set<string>()
      for (let start = 0; start < records.length; start += rowsPerStatement) {
        const rows = await transaction
          .insertInto('request_log')
          .values(records.slice(start, start + rowsPerStatement).map(toRow))
          .onConflict((conflict) => conflict.columns(['host_machine_name', 'host_machine_request_id']).doNothing())
          .returning(['host_machine_name', 'host_machine_request_id'])
          .execute()
        for (const row of rows) added.add(identity(row.host_machine_name, row.host_machine_request_id))
      }
      // Deleting, so that of two equal ones in `records` only the first is new.
      return records.map((record) => added.delete(identity(record.hostMachineName, record.hostMachineRequestId)))
    })
  return {
    insert: async (records) => ((await insertNew(records)) ? records.map(() => true) : insertAnew(records)),
    tryWriting: () =>
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto('request_log').values(toRow(trial)).execute()
        await transaction
          .deleteFrom('request_log')
          .where('host_machine_name', '=', trial.hostMachineName)
          .where('host_machine_request_id', '=', trial.hostMachineRequestId)
          .execute()
      }),
    query: async (query) => {
      const limit = Math.min(query.limit ?? 100, queryLimit)
      const rows = await newestFirst(matching(db, query))
        .selectAll()
        .limit(limit)
        .offset(query.offset ?? 0)
        .execute()
      return rows.map(fromRow)
    },
    count: async (query) => {
      const row = await matching(db, query)
        .select((expression) => expression.fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
    newestBeyond: async (count) => {
      const [row] = await newestFirst(db.selectFrom('request_log')).select(position).limit(1).offset(count).execute()
      return (
        row && {
          requestTime: row.request_time,
          hostMachineName: row.host_machine_name,
          hostMachineRequestId: row.host_machine_request_id,
        }
      )
    },
    removeUpTo: async (position, limit) => {
      const { numDeletedRows } = await db
        .deleteFrom('request_log')
        .where((where) =>
          where(
            where.refTuple('host_machine_name', 'host_machine_request_id'),
            'in',
            upTo(db, position)
              .select(['host_machine_name', 'host_machine_request_id'])
              .orderBy('request_time')
              .limit(limit)
              .$asTuple('host_machine_name', 'host_machine_request_id'),
          ),
        )
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

/**
 * Nearly always all records are new and go into one statement, which is atomic by itself; its text is compiled once for each number of rows.
 * @returns what writes them: false when it did not, since one is there already or something else is wrong
 */
function newRecordInserter(db: Database): (records: readonly RequestLogRecord[]) => Promise<boolean> {
  const texts = new Map<number, string>()
  return async (records) => {
    if (records.length === 0 || records.length > rowsPerStatement) return false
    const rows = records.map(toRow)
    const text = texts.get(rows.length) ?? db.insertInto('request_log').values(rows).compile().sql
    texts.set(rows.length, text)
    try {
      await db.executeQuery(
        CompiledQuery.raw(
          text,
          rows.flatMap((row) => Object.values(row)),
        ),
      )
      return true
    } catch (error) {
      if (error instanceof DatabaseAway) throw error
      return false
    }
  }
}

const identity = (host: string, request: string): string => JSON.stringify([host, request])

const position = ['request_time', 'host_machine_name', 'host_machine_request_id'] as const

function upTo(db: Database, { requestTime, hostMachineName, hostMachineRequestId }: RequestLogPosition) {
  return db
    .selectFrom('request_log')
    .where('request_time', '<=', requestTime)
    .where((where) =>
      where.or([
        where('request_time', '<', requestTime),
        where('host_machine_name', '<', hostMachineName),
        where.and([
          where('host_machine_name', '=', hostMachineName),
          where('host_machine_request_id', '<=', hostMachineRequestId),
        ]),
      ]),
    )
}

function newestFirst<Selected>(select: SelectQueryBuilder<Tables, 'request_log', Selected>) {
  return select
    .orderBy('request_time', 'desc')
    .orderBy('host_machine_name', 'desc')
    .orderBy('host_machine_request_id', 'desc')
}

function matching(db: Database, query: RequestLogQuery) {
  let select = db.selectFrom('request_log')
  if (query.clusterName !== undefined) select = select.where('cluster_name', '=', query.clusterName)
  if (query.since !== undefined) select = select.where('request_time', '>=', query.since)
  if (query.until !== undefined) select = select.where('request_time', '<', query.until)
  if (query.user !== undefined) select = select.where('authenticated_id', '=', query.user)
  if (query.requestType !== undefined) select = select.where('request_type', '=', query.requestType)
  if (query.hostMachineName !== undefined) select = select.where('host_machine_name', '=', query.hostMachineName)
  const { requestId } = query
  if (requestId !== undefined)
    select = select.where((where) =>
      where.or([where('host_machine_request_id', '=', requestId), where('client_request_id', '=', requestId)]),
    )
  if (query.listener !== undefined) select = select.where('listener', '=', query.listener)
  if (query.successOrFailure !== undefined) select = select.where('success_or_failure', '=', query.successOrFailure)
  return select
}

function toRow(record: RequestLogRecord): Insertable<Tables['request_log']> {
  return {
    cluster_name: record.clusterName,
    host_machine_name: record.hostMachineName,
    host_machine_request_id: record.hostMachineRequestId,
    request_time: record.requestTime,
    listener: record.listener,
    request_path: record.requestPath,
    request_type: record.requestType,
    request_user_address: record.requestUserAddress,
    request_user_agent: record.requestUserAgent,
    authenticated_state: record.authenticatedState,
    secure_connection_state: record.secureConnectionState ? 1 : 0,
    authenticated_id: record.authenticatedId,
    received_xrml: record.receivedXrml ?? null,
    issued_xrml: record.issuedXrml ?? null,
    metadata: record.metadata,
    success_or_failure: record.successOrFailure,
    error_information: record.errorInformation,
    log_create_time: record.logCreateTime,
    client_request_id: record.clientRequestId,
    duration_milliseconds: record.durationMilliseconds ?? null,
  }
}

function fromRow(row: Selectable<Tables['request_log']>): RequestLogRecord {
  return {
    clusterName: row.cluster_name,
    hostMachineName: row.host_machine_name,
    hostMachineRequestId: row.host_machine_request_id,
    clientRequestId: row.client_request_id,
    requestTime: row.request_time,
    listener: row.listener,
    requestPath: row.request_path,
    requestType: row.request_type,
    requestUserAddress: row.request_user_address,
    requestUserAgent: row.request_user_agent,
    authenticatedState: row.authenticated_state === 'True' ? 'True' : 'False',
    secureConnectionState: row.secure_connection_state === 1,
    authenticatedId: row.authenticated_id,
    ...(row.received_xrml === null ? {} : { receivedXrml: row.received_xrml }),
    ...(row.issued_xrml === null ? {} : { issuedXrml: row.issued_xrml }),
    metadata: row.metadata,
    successOrFailure: row.success_or_failure === 'Succeeded' ? 'Succeeded' : 'Failed',
    errorInformation: row.error_information,
    logCreateTime: row.log_create_time,
    ...(row.duration_milliseconds === null ? {} : { durationMilliseconds: row.duration_milliseconds }),
  }
}
