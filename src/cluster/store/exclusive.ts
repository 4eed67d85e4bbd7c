/** What the two databases do differently inside a transaction, and after it. */
import { PostgresAdapter, sql, type Kysely } from 'kysely'

export function isPostgres<Tables>(db: Kysely<Tables>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}

/** One number for this program among all that use advisory locks in the same database. */
const lockNumber = 0x52_4d_53

/** The lock that a running installation holds on its PostgreSQL database: in two numbers, whose locks are apart from those in one. */
export const installationLock = [lockNumber, 1] as const

/**
 * Keeps other transactions that call this waiting until this one ends. On SQLite every transaction has that from its beginning.
 * @param transaction on which nothing was asked yet
 */
export async function lockOthersOut<Tables>(transaction: Kysely<Tables>): Promise<void> {
  if (isPostgres(transaction)) await sql`select pg_advisory_xact_lock(${sql.lit(lockNumber)})`.execute(transaction)
}

/**
 * Brings what was committed from the log of an SQLite file into the file itself, so that somebody who copies the file alone has it. Readers and
 * writers go on; what they keep in the log comes later. Nothing is to be done on PostgreSQL.
 */
export async function bringHome<Tables>(db: Kysely<Tables>): Promise<void> {
  if (isPostgres(db)) return
  // It is committed already: whoever waited for it need not hear of this.
  await sql`pragma wal_checkpoint(passive)`.execute(db).catch(() => undefined)
}
