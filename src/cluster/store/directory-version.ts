/**
 * A word in the database that is another one after every change of the directory: whoever remembers an answer asks whether it is still the same. Not a
 * number, which would come back with a database that was put back from a copy.
 */
import { isPostgres } from './exclusive.js'
import { sql } from 'kysely'
import type { Database } from './schema.js'

const key = 'directory_version'

/** In the transaction of the change, so that both are seen at once. */
export async function raiseDirectoryVersion(transaction: Database): Promise<void> {
  const value = isPostgres(transaction)
    ? sql<string>`cast(gen_random_uuid() as text)`
    : sql<string>`hex(randomblob(16))`
  await transaction
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** @returns what asks for it: compiled once, it is asked with every request */
export function directoryVersionReader(db: Database): () => Promise<string> {
  const query = db.selectFrom('meta').select('value').where('key', '=', key).compile()
  return async () => (await db.executeQuery(query)).rows[0]?.value ?? ''
}
