/** The clusters: StoredConfiguration ([MS-RMPR] 3.1.1.2) and the sealed key pair of each. */
import { configurationText, checkConfiguration, nextVersion, parseConfiguration } from '../configuration.js'
import type { ServerConfiguration } from '../configuration.js'
import type { Database } from './schema.js'

export type ClusterKind = 'root' | 'licensing'

export interface ClusterRow {
  readonly name: string
  readonly kind: ClusterKind
  readonly configuration: ServerConfiguration
  /** Salt of the cluster key (crypto/at-rest.ts), base64. */
  readonly keySalt: string
  /** The server's key pair, sealed under the cluster key. */
  readonly sealedKeyPair: string
}

export interface ClusterStore {
  /** In order of name. */
  list(): Promise<readonly ClusterRow[]>
  find(name: string): Promise<ClusterRow | undefined>
  /** Cheap enough for the refresh timer. Undefined when there is no such cluster. */
  configurationVersion(name: string): Promise<number | undefined>
  /** Adds a cluster. False when there is one of this name: nothing is changed then. */
  insertIfAbsent(cluster: ClusterRow): Promise<boolean>
  /**
   * Compare and set: writes the configuration, under the next version, when the stored version is still that of `configuration`.
   * @returns what is stored now; undefined when somebody else wrote in between, or there is no such cluster
   * @throws InvalidConfiguration
   */
  saveConfiguration(name: string, configuration: ServerConfiguration): Promise<ServerConfiguration | undefined>
  /** Removes the cluster with its account keys, templates and members. Its request log stays. */
  remove(name: string): Promise<void>
}

export function clusterStore(db: Database): ClusterStore {
  return {
    list: async () => (await db.selectFrom('cluster').selectAll().orderBy('name').execute()).map(fromRow),
    find: async (name) => {
      const row = await db.selectFrom('cluster').selectAll().where('name', '=', name).executeTakeFirst()
      return row === undefined ? undefined : fromRow(row)
    },
    configurationVersion: async (name) =>
      (await db.selectFrom('cluster').select('configuration_version').where('name', '=', name).executeTakeFirst())?.configuration_version,
    insertIfAbsent: async (cluster) => {
      const configuration = checkConfiguration(cluster.configuration)
      const result = await db
        .insertInto('cluster')
        .values({
          name: cluster.name,
          kind: cluster.kind,
          configuration: configurationText(configuration),
          configuration_version: configuration.configurationVersion,
          key_salt: cluster.keySalt,
          sealed_key_pair: cluster.sealedKeyPair,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
    saveConfiguration: async (name, configuration) => {
      const next = checkConfiguration({ ...configuration, configurationVersion: nextVersion(configuration.configurationVersion) })
      const result = await db
        .updateTable('cluster')
        .set({ configuration: configurationText(next), configuration_version: next.configurationVersion })
        .where('name', '=', name)
        .where('configuration_version', '=', configuration.configurationVersion)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n ? next : undefined
    },
    remove: async (name) => {
      await db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('account_key').where('cluster', '=', name).execute()
        await transaction.deleteFrom('template').where('cluster', '=', name).execute()
        await transaction.deleteFrom('member').where('cluster', '=', name).execute()
        await transaction.deleteFrom('cluster').where('name', '=', name).execute()
      })
    },
  }
}

function fromRow(row: { name: string; kind: string; configuration: string; key_salt: string; sealed_key_pair: string }): ClusterRow {
  return {
    name: row.name,
    kind: row.kind === 'root' ? 'root' : 'licensing',
    configuration: parseConfiguration(row.configuration),
    keySalt: row.key_salt,
    sealedKeyPair: row.sealed_key_pair,
  }
}
