/** Changes of the service connection point, as a part of a transaction: the nodes of licensing-only clusters keep it in their state. */
import { raiseVersion } from './configuration-version.js'
import type { Database } from './schema.js'

/**
 * @param url `<baseUrl>/certification`; null unregisters
 * @param from only when this is registered
 */
export async function setConnectionPoint(transaction: Database, url: string | null, from?: string): Promise<void> {
  let change = transaction.updateTable('forest').set({ service_connection_point: url })
  if (from !== undefined) change = change.where('service_connection_point', '=', from)
  const { numUpdatedRows } = await change.executeTakeFirst()
  if (numUpdatedRows === 0n) return
  const licensing = await transaction.selectFrom('cluster').select('name').where('kind', '=', 'licensing').orderBy('name').execute()
  for (const { name } of licensing) await raiseVersion(transaction, name)
}

/** False when another URL is registered: a forest has one. */
export async function registerConnectionPoint(transaction: Database, url: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('forest')
    .set({ service_connection_point: url })
    .where((is) => is.or([is('service_connection_point', 'is', null), is('service_connection_point', '=', url)]))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
