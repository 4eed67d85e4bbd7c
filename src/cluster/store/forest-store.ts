/**
 * The forest: one row, with the service connection point of its root cluster ([MS-RMPR] 3.1.4.4). Nodes of licensing-only clusters learn of
 * every change of that.
 */
import type { Forest } from '../../directory/directory.js'
import { setConnectionPoint } from './connection-point.js'
import type { Database } from './schema.js'

export interface ForestStore {
  /** @throws Error when the directory was never filled */
  read(): Promise<Forest>
  /** The forest, when there is one. */
  find(): Promise<Forest | undefined>
  /**
   * Registers this URL in place of whatever is registered. A root registers itself when it is made (ClusterStore).
   * @param url `<baseUrl>/certification`
   */
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
  return {
    find,
    read,
    moveServiceConnectionPoint: (url) =>
      db.transaction().execute((transaction) => setConnectionPoint(transaction, url)),
    unregisterServiceConnectionPoint: () =>
      db.transaction().execute((transaction) => setConnectionPoint(transaction, null)),
  }
}
