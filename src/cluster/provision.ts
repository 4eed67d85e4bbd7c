/**
 * Provisioning of a cluster: key pair, enrollment, configuration, templates ([MS-RMPR] 3.1.3; adrms-deployment 1.3, 1.5). Everything is made before
 * anything is written, and all of it is written at once: a cluster is there whole, or not at all.
 */
import { sameServiceUrl } from '../client/service-url.js'
import { clusterKeyOf, saltLength } from '../crypto/at-rest.js'
import { generateKeyPair, type RsaPrivateKey } from '../crypto/keys.js'
import { modes, type CryptoMode } from '../crypto/modes.js'
import { createSigner } from '../crypto/signer.js'
import { serviceGroupOf } from '../directory/forest.js'
import { seedDirectory } from '../directory/seed.js'
import { newGuid, type Clock, type Random } from '../effects.js'
import type { XrmlDocument } from '../xrml/document.js'
import { readOneDocument } from '../xrml/document.js'
import { labSpcAuthorities } from '../xrml/lab-hierarchy.js'
import { certificationUrlOf, defaultConfiguration, type ServerConfiguration } from './configuration.js'
import { requireEqualEngines } from './equal-engines.js'
import { drawsFrom, type Draws } from './draws.js'
import { issueLicensorCertificate, selfEnrollmentService, type Enrollee } from './enroll.js'
import { signSeedTemplates } from './seed-templates.js'
import { sealClusterKeyPair } from './server-state.js'
import { serviceAccount } from './service-account.js'
import type { ClusterRow } from './store/cluster-store.js'
import type { Store } from './store/open.js'
import { subEnrollAtRoot } from './sub-enroll-at-root.js'
import { commandLine } from '../command-line.js'

export interface NewCluster {
  readonly name: string
  /** Public base URL, such as `http://127.0.0.1:7000/_wmcs`. */
  readonly baseUrl: string
  readonly keyPassword: string
  /** Of the cluster key; a new one when left out. */
  readonly keySalt?: Uint8Array | undefined
  /** A new one when left out. */
  readonly keyPair?: Promise<RsaPrivateKey> | undefined
  /** Settings that differ from the defaults. */
  readonly settings?: Partial<ServerConfiguration> | undefined
}

export interface NewRootCluster extends NewCluster {
  readonly mode: CryptoMode
}

export interface NewLicensingCluster extends NewCluster {
  /** `self`: with the enrollment key of RMS 2.0; `root`: by SubEnroll at the root, as RMS 1.x. */
  readonly enrollment?: 'self' | 'root' | undefined
  /** Certificates in PEM that the certificate of a root with https may lead to, besides those that Node.js trusts. */
  readonly ca?: string | undefined
}

interface Effects {
  readonly clock: Clock
  /** Of the machine: keys are sealed with it. */
  readonly random: Random
  /** Unpredictable when left out. */
  readonly draws?: Draws | undefined
}

/** The cluster cannot be made as things are; the message says why and what to do instead. */
export class CannotProvision extends Error {
  override readonly name = 'CannotProvision'
}

const serverVersion = '6.3.0.0'
const serverSku = 'RMS 2.0'

/**
 * Makes the root cluster of the forest, and the directory of contoso.test when the database has none (foundForest makes that of another forest).
 * @throws CannotProvision
 */
export async function provisionRoot(store: Store, cluster: NewRootCluster, effects: Effects): Promise<void> {
  await store.directory.fillIfEmpty(seedDirectory)
  const serviceConnectionPoint = `${cluster.baseUrl}/certification`
  const requirePlace = async (): Promise<void> => {
    const root = await rootCluster(store)
    if (root !== undefined)
      throw new CannotProvision(
        `The forest has the root cluster "${root.name}" already, and a forest has one: add a server to it, or make a licensing-only cluster`,
      )
    const registered = (await store.forest.read()).serviceConnectionPoint
    if (registered !== undefined && !sameServiceUrl(registered, serviceConnectionPoint)) {
      throw new CannotProvision(
        `The service connection point of the forest names ${registered}, which is no cluster of this database. If that root is gone, remove the service connection point first: ${commandLine('scp remove --db …')}`,
      )
    }
    await requireName(store, cluster.name)
  }
  const enroll = (enrollee: Enrollee): Promise<readonly XrmlDocument[]> => selfEnroll(enrollee, cluster.mode, effects)
  await provision(
    store,
    { ...cluster, kind: 'root', trustedRacIssuers: 'own', serviceConnectionPoint, requirePlace },
    enroll,
    effects,
  )
}

/**
 * Makes a licensing-only cluster: its own key pair, templates and settings; it trusts the account certificates of the forest's root.
 * @throws CannotProvision, EnrollmentRefused
 */
export async function provisionLicensing(store: Store, cluster: NewLicensingCluster, effects: Effects): Promise<void> {
  const root = await rootCluster(store)
  if (root === undefined)
    throw new CannotProvision(
      'The forest has no root cluster: provision it first, a licensing-only cluster trusts its account certificates',
    )
  const mode = root.configuration.cryptographicMode
  const enroll = async (enrollee: Enrollee): Promise<readonly XrmlDocument[]> => {
    if (cluster.enrollment !== 'root') return selfEnroll(enrollee, mode, effects)
    const { serviceConnectionPoint } = await store.forest.read()
    return subEnrollAtRoot(
      serviceConnectionPoint ?? certificationUrlOf(root.configuration),
      enrollee,
      await serviceAccount(store.directory),
      cluster.ca,
    )
  }
  const rootKey = readOneDocument(root.configuration.slc[0] ?? '').body.issuedPrincipal?.publicKey?.modulus ?? ''
  const requirePlace = (): Promise<void> => requireName(store, cluster.name)
  await provision(
    store,
    { ...cluster, mode, kind: 'licensing', trustedRacIssuers: [rootKey], requirePlace },
    enroll,
    effects,
  )
}

interface Plan extends NewCluster {
  readonly mode: CryptoMode
  readonly kind: ClusterRow['kind']
  /** SLC keys of the servers whose account certificates count here. */
  readonly trustedRacIssuers: readonly string[] | 'own'
  /** To be registered with the cluster. */
  readonly serviceConnectionPoint?: string
  /** Throws CannotProvision when the forest has no place for this cluster. */
  readonly requirePlace: () => Promise<void>
}

async function provision(
  store: Store,
  plan: Plan,
  enroll: (enrollee: Enrollee) => Promise<readonly XrmlDocument[]>,
  { clock, random, draws = drawsFrom(random) }: Effects,
): Promise<void> {
  await plan.requirePlace()
  const now = clock.now()
  const rules = modes[plan.mode]
  await requireEqualEngines()
  const key = await (plan.keyPair ?? generateKeyPair(rules.keyBits, draws.of('key pair', 'cluster', plan.name)))
  const salt = plan.keySalt ?? random.bytes(saltLength)
  const clusterKey = await clusterKeyOf(plan.keyPassword, salt)
  const slc = await enroll({
    guid: newGuid(draws.of('server GUID', plan.name)),
    name: plan.name,
    url: plan.baseUrl,
    version: serverVersion,
    sku: serverSku,
    publicKey: key.publicKey,
  })
  const principal = slc[0]?.body.issuedPrincipal
  if (principal === undefined) throw new Error('The SLC just made has no principal')
  const forest = await store.forest.read()
  const required = {
    serverName: plan.name,
    baseUrl: plan.baseUrl,
    cryptographicMode: plan.mode,
    slc: slc.map((document) => document.text),
    trustedSpcCAKeys: labSpcAuthorities(plan.mode),
    trustedRacIssuers: plan.trustedRacIssuers === 'own' ? [key.publicKey.modulus] : plan.trustedRacIssuers,
    serverVersion,
    serverSKU: serverSku,
    ...plan.settings,
  }
  const configuration = defaultConfiguration(required, serviceGroupOf(forest))
  const issuer = {
    principal,
    signer: createSigner('openssl', key),
    hash: rules.hash,
    licensingUrl: `${plan.baseUrl}/licensing`,
  }
  const templates = await signSeedTemplates(issuer, forest, now, draws.of('templates', plan.name))
  const sealedKeyPair = sealClusterKeyPair(clusterKey, plan.name, key, random)
  const row = {
    name: plan.name,
    kind: plan.kind,
    configuration,
    keySalt: Buffer.from(salt).toString('base64'),
    sealedKeyPair,
  }
  if (await store.clusters.insertIfAbsent(row, { templates, serviceConnectionPoint: plan.serviceConnectionPoint }))
    return
  // Somebody else was faster: what stands in the way now is what to tell.
  await plan.requirePlace()
  throw new CannotProvision(
    `The forest was changed by somebody else while the cluster "${plan.name}" was made: nothing of it is there, try again`,
  )
}

/** Names that differ in case only would be taken for one another. */
async function requireName(store: Store, name: string): Promise<void> {
  const same = (await store.clusters.list()).find((cluster) => cluster.name.toLowerCase() === name.toLowerCase())
  if (same !== undefined)
    throw new CannotProvision(`There is a cluster "${same.name}" already: choose another name, or add a server to it`)
}

function selfEnroll(
  enrollee: Enrollee,
  mode: CryptoMode,
  { clock, random: own, draws = drawsFrom(own) }: Effects,
): Promise<readonly XrmlDocument[]> {
  const random = draws.of('server licensor certificate', enrollee.name)
  return issueLicensorCertificate(enrollee, selfEnrollmentService(mode), clock.now(), random)
}

async function rootCluster(store: Store): Promise<ClusterRow | undefined> {
  return (await store.clusters.list()).find((cluster) => cluster.kind === 'root')
}
