/**
 * Changes of the service connection point, as a part of a transaction: the nodes of licensing-only clusters keep it in their state, and all nodes
 * remember it with the directory.
 */
import { sameServiceUrl } from '../../client/service-url.js'
import { certificationUrlOf, type ServerConfiguration } from '../configuration.js'
import { raiseVersion } from './configuration-version.js'
import { raiseDirectoryVersion } from './directory-version.js'
import type { Database } from './schema.js'

/** @param url `<baseUrl>/certification`; null unregisters */
export async function setConnectionPoint(transaction: Database, url: string | null): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('forest')
    .set({ service_connection_point: url })
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  await raiseDirectoryVersion(transaction)
  await tellLicensingClusters(transaction)
}

/** The service connection point goes with the root that it names. Licensing-only clusters send accounts there, and those outside to its extranet URL. */
export async function followCertificationUrls(
  transaction: Database,
  before: ServerConfiguration,
  after: ServerConfiguration,
): Promise<void> {
  const [from, to] = [certificationUrlOf(before), certificationUrlOf(after)]
  if (from !== to && sameServiceUrl(await registeredPoint(transaction), from)) await setConnectionPoint(transaction, to)
  else if (before.externalCertificationUrl !== after.externalCertificationUrl) await tellLicensingClusters(transaction)
}

async function registeredPoint(transaction: Database): Promise<string | null> {
  const forest = await transaction.selectFrom('forest').select('service_connection_point').executeTakeFirst()
  return forest?.service_connection_point ?? null
}

async function tellLicensingClusters(transaction: Database): Promise<void> {
  const licensing = await transaction
    .selectFrom('cluster')
    .select('name')
    .where('kind', '=', 'licensing')
    .orderBy('name')
    .execute()
  for (const { name } of licensing) await raiseVersion(transaction, name)
}

/** False when another URL is registered: a forest has one. The same one in another spelling is written as it is given. */
export async function registerConnectionPoint(transaction: Database, url: string): Promise<boolean> {
  const registered = await registeredPoint(transaction)
  if (registered !== null && !sameServiceUrl(registered, url)) return false
  const { numUpdatedRows } = await transaction
    .updateTable('forest')
    .set({ service_connection_point: url })
    // Somebody may have moved it since.
    .where('service_connection_point', registered === null ? 'is' : '=', registered)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  await raiseDirectoryVersion(transaction)
  return true
}
