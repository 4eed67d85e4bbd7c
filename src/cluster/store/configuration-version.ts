/**
 * The version of a cluster's configuration is all that its nodes look at: whatever they are to load anew raises it, in the same transaction.
 */
import { parseConfiguration } from '../configuration-checks.js'
import { configurationText, nextVersion } from '../configuration.js'
import { isPostgres } from './exclusive.js'
import type { Database, Tables } from './schema.js'

/** The row of a cluster, which nobody else changes until this transaction ends. On SQLite every transaction has that from its beginning. */
export async function lockCluster(transaction: Database, name: string): Promise<Tables['cluster'] | undefined> {
  const query = transaction.selectFrom('cluster').selectAll().where('name', '=', name)
  return (isPostgres(transaction) ? query.forUpdate() : query).executeTakeFirst()
}

/** Makes the nodes of this cluster load everything again. False when there is no such cluster. */
export async function raiseVersion(transaction: Database, name: string): Promise<boolean> {
  const row = await lockCluster(transaction, name)
  if (row === undefined) return false
  const configurationVersion = nextVersion(row.configuration_version)
  const configuration = configurationText({ ...parseConfiguration(row.configuration), configurationVersion })
  await transaction
    .updateTable('cluster')
    .set({ configuration, configuration_version: configurationVersion })
    .where('name', '=', name)
    .execute()
  return true
}
