/** A number in the database that goes up with every change of the directory: whoever remembers an answer asks whether it is still the same. */
import { sql } from 'kysely'
import type { Database } from './schema.js'

const key = 'directory_version'

/** In the transaction of the change, so that both are seen at once. */
export async function raiseDirectoryVersion(transaction: Database): Promise<void> {
  const value = sql<string>`cast(cast(meta.value as integer) + 1 as text)`
  await transaction
    .insertInto('meta')
    .values({ key, value: '1' })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** @returns what asks for it: compiled once, it is asked with every request */
export function directoryVersionReader(db: Database): () => Promise<string> {
  const query = db.selectFrom('meta').select('value').where('key', '=', key).compile()
  return async () => (await db.executeQuery(query)).rows[0]?.value ?? '0'
}
