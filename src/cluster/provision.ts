/** Provisioning of a root cluster: key pair, self-enrollment, configuration, templates, service connection point ([MS-RMPR] 3.1.3). */
import { deriveClusterKey, saltLength } from '../crypto/at-rest.js'
import { generateKeyPair, type RsaPublicKey } from '../crypto/keys.js'
import { modes, type CryptoMode } from '../crypto/modes.js'
import { createSigner } from '../crypto/signer.js'
import { seedDirectory } from '../directory/seed.js'
import { newGuid, type Clock, type Random } from '../effects.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { buildIssuingCertificate } from '../xrml/issuing-certificate.js'
import { labEnrollmentService, labSpcAuthorities } from '../xrml/lab-hierarchy.js'
import { issueRange } from '../xrml/chain.js'
import { toMinute } from '../xrml/times.js'
import { defaultConfiguration, type ServerConfiguration } from './configuration.js'
import { signSeedTemplates } from './seed-templates.js'
import { sealClusterKeyPair } from './server-state.js'
import type { Store } from './store/open.js'

export interface RootCluster {
  readonly name: string
  /** Public base URL, such as `http://127.0.0.1:7000/_wmcs`. */
  readonly baseUrl: string
  readonly mode: CryptoMode
  readonly keyPassword: string
  /** Settings that differ from the defaults. */
  readonly settings?: Partial<ServerConfiguration>
}

/** A forest has one root cluster. */
export class ForestHasRoot extends Error {
  override readonly name = 'ForestHasRoot'
}

const serverVersion = '6.3.0.0'
const serverSku = 'RMS 2.0'

/**
 * Makes the root cluster of the forest, and the lab directory when the database is new.
 * @throws ForestHasRoot
 */
export async function provisionRoot(store: Store, cluster: RootCluster, { clock, random }: { clock: Clock; random: Random }): Promise<void> {
  const now = clock.now()
  await store.directory.fillIfEmpty(seedDirectory)
  await requireNoRoot(store, cluster.name)
  const rules = modes[cluster.mode]
  const key = await generateKeyPair(rules.keyBits)
  const salt = random.bytes(saltLength)
  const clusterKey = await deriveClusterKey(cluster.keyPassword, salt)
  const slc = await selfEnroll(cluster, key.publicKey, now, random)
  const principal = slc[0]?.body.issuedPrincipal
  if (principal === undefined) throw new Error('The SLC just made has no principal')

  const configuration = defaultConfiguration({
    serverName: cluster.name,
    baseUrl: cluster.baseUrl,
    cryptographicMode: cluster.mode,
    slc: slc.map((document) => document.text),
    trustedSpcCAKeys: labSpcAuthorities(cluster.mode),
    trustedRacIssuers: [key.publicKey.modulus],
    serverVersion,
    serverSKU: serverSku,
    ...cluster.settings,
  })
  const issuer = { principal, signer: createSigner('openssl', key), hash: rules.hash, licensingUrl: `${cluster.baseUrl}/licensing` }
  for (const template of await signSeedTemplates(issuer, now, random)) await store.templates.save(cluster.name, template)
  await store.forest.registerServiceConnectionPoint(`${cluster.baseUrl}/certification`)
  const row = { name: cluster.name, kind: 'root' as const, configuration, keySalt: salt.toString('base64') }
  await store.clusters.insertIfAbsent({ ...row, sealedKeyPair: sealClusterKeyPair(clusterKey, cluster.name, key, random) })
}

async function requireNoRoot(store: Store, name: string): Promise<void> {
  const root = (await store.clusters.list()).find((cluster) => cluster.kind === 'root')
  if (root === undefined) return
  throw new ForestHasRoot(`The forest has the root cluster "${root.name}" already, so "${name}" cannot be one: add a server to it, or a licensing cluster`)
}

/** RMS 2.0: the server signs its own SLC with the enrollment key that it was installed with ([MS-RMPR] 3.1.3.2, product note 27). */
async function selfEnroll(cluster: RootCluster, publicKey: RsaPublicKey, now: Date, random: Random): Promise<readonly XrmlDocument[]> {
  const service = labEnrollmentService(cluster.mode)
  const [certificate] = service.chain
  const issuer = certificate?.body.issuedPrincipal
  const range = certificate === undefined ? undefined : issueRange(certificate)
  if (issuer === undefined || range === undefined) throw new Error('The enrollment service of the lab has no certificate: make certs anew')
  const slc = await buildIssuingCertificate(
    {
      descriptorType: 'Server-Licensor-Certificate',
      guid: newGuid(random),
      issuedTime: toMinute(now),
      issuer,
      principal: {
        type: 'MS-DRM-Server',
        idType: 'MS-GUID',
        id: newGuid(random),
        name: cluster.name,
        addresses: [{ type: 'URL', value: cluster.baseUrl }],
      },
      publicKey,
      securityLevels: [
        { name: 'Server-Version', value: serverVersion },
        { name: 'Server-SKU', value: serverSku },
      ],
      range,
    },
    createSigner('openssl', service.key),
    modes[cluster.mode].hash,
  )
  return [readOneDocument(slc), ...service.chain]
}
