/** The forest: one row, with the service connection point of its root cluster ([MS-RMPR] 3.1.4.4). */
import type { Forest } from '../../directory/directory.js'
import { raiseDirectoryVersion } from './directory-version.js'
import type { Database } from './schema.js'

export interface ForestStore {
  /** @throws Error when the directory was never filled */
  read(): Promise<Forest>
  /** The forest, when there is one. */
  find(): Promise<Forest | undefined>
  /**
   * Registers the root cluster, when none is registered; a forest has one.
   * @param url `<baseUrl>/certification`
   * @returns the URL that is registered now: this one, or that of the root that came first
   */
  registerServiceConnectionPoint(url: string): Promise<string>
  /** Registers this URL in place of whatever is registered. */
  moveServiceConnectionPoint(url: string): Promise<void>
  unregisterServiceConnectionPoint(): Promise<void>
}

export function forestStore(db: Database): ForestStore {
  const find = async (): Promise<Forest | undefined> => {
    const row = await db.selectFrom('forest').selectAll().executeTakeFirst()
    if (row === undefined) return undefined
    return {
      dnsName: row.dns_name,
      netbiosName: row.netbios_name,
      domainSid: row.domain_sid,
      ...(row.service_connection_point === null ? {} : { serviceConnectionPoint: row.service_connection_point }),
    }
  }
  const read = async (): Promise<Forest> => {
    const forest = await find()
    if (forest === undefined) throw new Error('The database has no forest: fill its directory first')
    return forest
  }
  const setPoint = (url: string | null, onlyWhenNone: boolean): Promise<void> =>
    db.transaction().execute(async (transaction) => {
      const update = transaction.updateTable('forest').set({ service_connection_point: url })
      await (onlyWhenNone ? update.where('service_connection_point', 'is', null) : update).execute()
      await raiseDirectoryVersion(transaction)
    })
  return {
    find,
    read,
    registerServiceConnectionPoint: async (url) => {
      await setPoint(url, true)
      return (await read()).serviceConnectionPoint ?? url
    },
    moveServiceConnectionPoint: (url) => setPoint(url, false),
    unregisterServiceConnectionPoint: () => setPoint(null, false),
  }
}
