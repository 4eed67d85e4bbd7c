/** Trusted publishing domains (TPD): content published at another server, licensed here with its key (adrms-deployment 3.3). */
import type { TrustedLicensingServer } from '../cluster/configuration.js'
import { trustedPurpose, type ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import { sealAtRest } from '../crypto/at-rest.js'
import type { Random } from '../effects.js'
import { changeConfiguration } from './change-configuration.js'
import { keyId } from './key-id.js'
import { problem } from './problem.js'
import { openPublishingDomain, type PublishingDomainFile } from './publishing-domain-file.js'

interface Office {
  readonly store: Store
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly random: Random
}

/**
 * Its key opens licenses from then on; it never signs.
 * @param password of the file
 * @throws Problem 400 for a wrong password, or a file that was changed; 404, 409 for one that is imported already, 412
 */
export async function importPublishingDomain(
  { store, openCluster, random }: Office,
  cluster: string,
  { file, password }: { readonly file: PublishingDomainFile; readonly password: string },
  ifMatch?: string,
): Promise<TrustedLicensingServer> {
  const { slc, publicKey, privateKeyPem, templates } = await openPublishingDomain(file, password)
  const { clusterKey, own } = await openCluster(cluster)
  if (own.signer.publicKey.modulus === publicKey)
    problem(409, `This is the publishing domain of cluster "${cluster}" itself`)
  const sealedKeyPair = sealAtRest(clusterKey, trustedPurpose(publicKey), privateKeyPem, random)
  const added: TrustedLicensingServer = { slc, publicKey, sealedKeyPair, templates }
  await changeConfiguration(store, cluster, ifMatch, ({ trustedLicensingServers: stored }) => {
    if (stored.some((other) => other.publicKey === publicKey))
      problem(409, `This domain is imported already, it has the id ${keyId(publicKey)}: remove it first`)
    return { trustedLicensingServers: [...stored, added] }
  })
  return added
}
