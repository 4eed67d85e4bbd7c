/**
 * From 4 to 5: the request log has the address of the client where it had the mail address of the account, says whether somebody signed in where it had
 * the scheme (mail address and scheme go to the metadata), and has a column each for the client's own id of the request and for the duration.
 */
import { isIP } from 'node:net'
import type { Kysely } from 'kysely'
import { textType } from '../schema.js'
import type { Migration } from './migration.js'

export interface EarlierFields {
  readonly requestUserAddress: string
  readonly authenticatedState: string
  readonly metadata: string
}

export interface LaterFields extends EarlierFields {
  readonly clientRequestId: string
}

/** What a record of version 3 or 4 says in the fields of version 5. The address of its client is not known: it is ''. */
export function laterFields({ requestUserAddress, authenticatedState, metadata }: EarlierFields): LaterFields {
  const { clientRequestId = '', ...others } = objectIn(metadata)
  const isAddress = isIP(requestUserAddress) !== 0
  const isTold = authenticatedState === 'True' || authenticatedState === 'False'
  return {
    requestUserAddress: isAddress ? requestUserAddress : '',
    authenticatedState: isTold ? authenticatedState : authenticatedState === '' ? 'False' : 'True',
    metadata: JSON.stringify({
      ...(isAddress || requestUserAddress === '' ? {} : { account: requestUserAddress }),
      ...(isTold || authenticatedState === '' ? {} : { scheme: authenticatedState }),
      ...others,
    }),
    clientRequestId: typeof clientRequestId === 'string' ? clientRequestId : '',
  }
}

/** Metadata that were cut are no JSON any more: they are kept as text. */
function objectIn(metadata: string): Readonly<Record<string, unknown>> {
  if (metadata === '') return {}
  try {
    const read = JSON.parse(metadata) as unknown
    if (typeof read === 'object' && read !== null) return read as Readonly<Record<string, unknown>>
  } catch {
    // Told below.
  }
  return { earlier: metadata }
}

interface RequestLogTable {
  host_machine_name: string
  host_machine_request_id: string
  request_user_address: string
  authenticated_state: string
  metadata: string
  client_request_id: string
}

const rowsAtOnce = 500

export const changeRequestLogFields: Migration = async (transaction) => {
  const { schema } = transaction
  await schema
    .alterTable('request_log')
    .addColumn('client_request_id', textType(transaction), (column) => column.notNull().defaultTo(''))
    .execute()
  await schema.alterTable('request_log').addColumn('duration_milliseconds', 'double precision').execute()
  await convertRows(transaction.withTables<{ request_log: RequestLogTable }>())
  for (const column of ['host_machine_request_id', 'client_request_id'])
    await schema.createIndex(`request_log_by_${column}`).on('request_log').column(column).execute()
}

/** In the order of their key, some at a time: there may be more than memory holds. */
async function convertRows(db: Kysely<{ request_log: RequestLogTable }>): Promise<void> {
  let [host, id] = ['', '']
  for (;;) {
    const rows = await db
      .selectFrom('request_log')
      .select([
        'host_machine_name',
        'host_machine_request_id',
        'request_user_address',
        'authenticated_state',
        'metadata',
      ])
      .where((where) =>
        where.or([
          where('host_machine_name', '>', host),
          where.and([where('host_machine_name', '=', host), where('host_machine_request_id', '>', id)]),
        ]),
      )
      .orderBy('host_machine_name')
      .orderBy('host_machine_request_id')
      .limit(rowsAtOnce)
      .execute()
    for (const row of rows) await convertRow(db, row)
    const last = rows.at(-1)
    if (last === undefined) return
    host = last.host_machine_name
    id = last.host_machine_request_id
  }
}

async function convertRow(
  db: Kysely<{ request_log: RequestLogTable }>,
  row: Omit<RequestLogTable, 'client_request_id'>,
): Promise<void> {
  const later = laterFields({
    requestUserAddress: row.request_user_address,
    authenticatedState: row.authenticated_state,
    metadata: row.metadata,
  })
  await db
    .updateTable('request_log')
    .set({
      request_user_address: later.requestUserAddress,
      authenticated_state: later.authenticatedState,
      metadata: later.metadata,
      client_request_id: later.clientRequestId,
    })
    .where('host_machine_name', '=', row.host_machine_name)
    .where('host_machine_request_id', '=', row.host_machine_request_id)
    .execute()
}
