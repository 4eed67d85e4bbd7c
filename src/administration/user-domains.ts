/** Trusted user domains (TUD): the keys of servers whose account certificates count at a cluster (adrms-deployment 3.3). */
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { readDocuments, type XrmlDocument } from '../xrml/document.js'

/** That of the forest's root cluster, where there is one. */
export async function rootKey(store: Store): Promise<string | undefined> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  return root === undefined ? undefined : licensorKeyOf(root)
}

/** Modulus of the SLC, as in XrML. */
export function licensorKeyOf({ configuration }: ClusterRow): string | undefined {
  const [slc]: readonly XrmlDocument[] = readDocuments(configuration.slc[0] ?? '')
  return slc?.body.issuedPrincipal?.publicKey?.modulus
}
