/** Fills the SQLite file of a running node with many rows, by SQL: in pieces, since the node writes its log meanwhile. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import Libsql from 'libsql'
import { systemClock } from '../src/effects.js'
import { seedForest, seedPassword } from '../src/directory/seed.js'

/** Rows of one transaction: a node waits that long with its own. */
const piece = 20_000

/** Milliseconds. */
const patience = 5000

const numbers = 'with recursive number(i) as (select ? union all select i + 1 from number where i < ?)'

const intoAccounts = `insert into account (sid, name, name_key, enabled, password)
  ${numbers} select '${seedForest.domainSid}-' || (10000000 + i), '${seedForest.netbiosName}\\many-' || i, '${seedForest.netbiosName.toLowerCase()}\\many-' || i, 1, '${seedPassword}' from number`

const intoAddresses = `insert into account_address (address_key, address, account_sid, position)
  ${numbers} select 'many-' || i || '@contoso.test', 'many-' || i || '@contoso.test', '${seedForest.domainSid}-' || (10000000 + i), 0 from number`

/** All of them are in one group. */
const intoMembers = `insert into group_member (group_sid, member_sid)
  ${numbers} select '${seedForest.domainSid}-1202', '${seedForest.domainSid}-' || (10000000 + i) from number`

/** Of 50 users, a request every ten milliseconds, in order of time. */
const intoLog = `insert into request_log (cluster_name, host_machine_name, host_machine_request_id, request_time, listener, request_path, request_type, request_user_address,
    request_user_agent, authenticated_state, secure_connection_state, authenticated_id, received_xrml, issued_xrml, metadata, success_or_failure, error_information, log_create_time)
  ${numbers} select 'root', 'root-1', lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i / 100.0, 'unixepoch'), 'direct', '/_wmcs/licensing/license.asmx',
    'AcquireLicense', '127.0.0.1', '', 'Basic', 0, '${seedForest.netbiosName}\\bench-' || (i % 50), null, null, '', 'Succeeded', '', strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i / 100.0, 'unixepoch')
    from number`

/** What is written, and where. */
export interface Filling {
  readonly database: string
  /** Rows that were written before. */
  readonly from: number
  readonly to: number
  readonly progress: (done: number) => void
  readonly signal: AbortSignal
}

/** Accounts `many-1@contoso.test` and so on, members of `staff`. */
export function addManyAccounts(filling: Filling): Promise<number> {
  return fill(filling, [intoAccounts, intoAddresses, intoMembers])
}

/** @param seconds to stop after @returns rows that are there then */
export function addManyLogRows(filling: Filling, seconds: number): Promise<number> {
  return fill(filling, [intoLog], seconds)
}

async function fill(
  { database, from, to, progress, signal }: Filling,
  texts: readonly string[],
  seconds = Infinity,
): Promise<number> {
  const file = new Libsql(database, { timeout: patience })
  try {
    const statements = texts.map((text) => file.prepare(text))
    const end = systemClock.monotonic() + seconds * 1000
    let done = from
    while (done < to && systemClock.monotonic() < end) {
      // Lets a signal to stop come through
      await nextTurn()
      signal.throwIfAborted()
      const next = Math.min(done + piece, to)
      file.exec('begin immediate')
      for (const statement of statements) statement.run(done + 1, next)
      file.exec('commit')
      done = next
      progress(done)
    }
    return done
  } finally {
    file.close()
  }
}
