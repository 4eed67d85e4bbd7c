/** The clusters: StoredConfiguration ([MS-RMPR] 3.1.1.2) and the sealed key pair of each. */
import { checkConfiguration, parseConfiguration } from '../configuration-checks.js'
import { configurationText, nextVersion } from '../configuration.js'
import type { ServerConfiguration } from '../configuration.js'
import { lockCluster } from './configuration-version.js'
import { followCertificationUrls, registerConnectionPoint } from './connection-point.js'
import { bringHome, lockOthersOut } from './exclusive.js'
import type { Database } from './schema.js'
import { insertTemplates, type StoredTemplate } from './template-store.js'

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

/** What comes into being together with a cluster. */
export interface ClusterParts {
  readonly templates?: readonly StoredTemplate[]
  /** Of a root: the URL to register as the service connection point. */
  readonly serviceConnectionPoint?: string | undefined
}

export interface ClusterStore {
  /** In order of name. */
  list(): Promise<readonly ClusterRow[]>
  find(name: string): Promise<ClusterRow | undefined>
  /** Cheap enough for the refresh timer. Undefined when there is no such cluster. */
  configurationVersion(name: string): Promise<number | undefined>
  /**
   * Adds a cluster with all that belongs to it, in one transaction. False when there is one of this name, when it would be a second root, or
   * when another root is registered: nothing is changed then.
   */
  insertIfAbsent(cluster: ClusterRow, parts?: ClusterParts): Promise<boolean>
  /**
   * Compare and set: writes the configuration, under the next version, when the stored version is still that of `configuration`. The
   * service connection point goes with the certification URL of a root that it names.
   * @param withoutKey account whose key pair is removed with it: its next certificate has a new one
   * @returns what is stored now; undefined when somebody else wrote in between, or there is no such cluster
   * @throws InvalidConfiguration
   */
  saveConfiguration(
    name: string,
    configuration: ServerConfiguration,
    withoutKey?: string,
  ): Promise<ServerConfiguration | undefined>
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
      (await db.selectFrom('cluster').select('configuration_version').where('name', '=', name).executeTakeFirst())
        ?.configuration_version,
    insertIfAbsent: async (cluster, { templates = [], serviceConnectionPoint } = {}) => {
      const configuration = checkConfiguration(cluster.configuration)
      const isNew = await db.transaction().execute(async (transaction) => {
        await lockOthersOut(transaction)
        const others = await transaction.selectFrom('cluster').select(['name', 'kind']).execute()
        if (others.some(({ name, kind }) => name === cluster.name || (kind === 'root' && cluster.kind === 'root')))
          return false
        if (
          serviceConnectionPoint !== undefined &&
          !(await registerConnectionPoint(transaction, serviceConnectionPoint))
        )
          return false
        const row = {
          name: cluster.name,
          kind: cluster.kind,
          key_salt: cluster.keySalt,
          sealed_key_pair: cluster.sealedKeyPair,
        }
        await transaction
          .insertInto('cluster')
          .values({
            ...row,
            configuration: configurationText(configuration),
            configuration_version: configuration.configurationVersion,
          })
          .execute()
        await insertTemplates(transaction, cluster.name, templates)
        return true
      })
      if (isNew) await bringHome(db)
      return isNew
    },
    saveConfiguration: async (name, configuration, withoutKey) => {
      const next = checkConfiguration({
        ...configuration,
        configurationVersion: nextVersion(configuration.configurationVersion),
      })
      const saved = await db.transaction().execute(async (transaction) => {
        const stored = await lockCluster(transaction, name)
        if (stored === undefined || stored.configuration_version !== configuration.configurationVersion)
          return undefined
        await transaction
          .updateTable('cluster')
          .set({ configuration: configurationText(next), configuration_version: next.configurationVersion })
          .where('name', '=', name)
          .execute()
        if (withoutKey !== undefined)
          await transaction
            .deleteFrom('account_key')
            .where('cluster', '=', name)
            .where('account_id', '=', withoutKey)
            .execute()
        if (stored.kind === 'root')
          await followCertificationUrls(transaction, parseConfiguration(stored.configuration), next)
        return next
      })
      if (saved !== undefined) await bringHome(db)
      return saved
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

function fromRow(row: {
  name: string
  kind: string
  configuration: string
  key_salt: string
  sealed_key_pair: string
}): ClusterRow {
  return {
    name: row.name,
    kind: row.kind === 'root' ? 'root' : 'licensing',
    configuration: parseConfiguration(row.configuration),
    keySalt: row.key_salt,
    sealedKeyPair: row.sealed_key_pair,
  }
}
