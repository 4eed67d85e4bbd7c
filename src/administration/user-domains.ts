/** Trusted user domains (TUD): the keys of servers whose account certificates count at a cluster (adrms-deployment 3.3). */
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import { readDocuments, type XrmlDocument } from '../xrml/document.js'
import { changeConfiguration } from './change-configuration.js'
import { keyId } from './key-id.js'
import { requireLicensorChain } from './licensor-chain.js'
import { problem } from './problem.js'

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

/**
 * By the SLC of its server with the chain above it.
 * @param certificate XrML documents, leaf first
 * @returns the key that is trusted from now on
 * @throws Problem 400 for a chain that does not hold, 404, 409 when it is trusted already, 412
 */
export async function trustUserDomain(
  store: Store,
  cluster: string,
  certificate: string,
  ifMatch?: string,
): Promise<string> {
  const { publicKey } = requireLicensorChain(() => readDocuments(certificate))
  await trustRacIssuer(store, cluster, publicKey, ifMatch)
  return publicKey
}

/**
 * By the key alone, where it is known already that it is that of a server.
 * @param publicKey modulus of the SLC
 * @throws Problem 404, 409 when it is trusted already, 412
 */
export async function trustRacIssuer(
  store: Store,
  cluster: string,
  publicKey: string,
  ifMatch?: string,
): Promise<void> {
  await changeConfiguration(store, cluster, ifMatch, ({ trustedRacIssuers }) => {
    if (trustedRacIssuers.includes(publicKey))
      problem(409, `This server is trusted already, it has the id ${keyId(publicKey)}`)
    return { trustedRacIssuers: [...trustedRacIssuers, publicKey] }
  })
}
