/**
 * ServerState ([MS-RMPR] 3.1.1.2): what a node runs on. A copy of the stored configuration with everything made ready: keys opened,
 * chains and templates parsed. It is replaced as a whole when the stored configurationVersion changes, never changed.
 */
import type { Random } from '../effects.js'
import { clusterKeyOf, openAtRest, sealAtRest, type ClusterKey } from '../crypto/at-rest.js'
import { privateKeyFromPem, privateKeyToPem, type RsaPrivateKey } from '../crypto/keys.js'
import { modes, type ModeRules } from '../crypto/modes.js'
import { createSigner, type SigningPlace } from '../crypto/signer.js'
import { readDocuments } from '../xrml/document.js'
import type { Issuing } from '../xrml/issuing.js'
import { readRightsData, type RightsData } from '../xrml/rights-data.js'
import { certificationUrlOf, type ServerConfiguration } from './configuration.js'
import type { ClusterKind, ClusterRow } from './store/cluster-store.js'
import type { ServiceAccount } from './service-account.js'
import type { Store } from './store/open.js'
import type { StoredTemplate } from './store/template-store.js'

export interface Licensor extends Issuing {
  /** The templates that count for what was published for this key. */
  readonly templates: readonly ServerTemplate[]
}

export interface ServerTemplate {
  readonly guid: string
  readonly state: 'published' | 'archived'
  /** With its XML declaration, as it is distributed. */
  readonly text: string
  readonly rights: RightsData
}

/** Another forest, ready to be asked. */
export interface TrustedForest {
  readonly domain: string
  /** Of its GroupExpansion.asmx. */
  readonly url: string
  /** Undefined: the own service account. */
  readonly account: ServiceAccount | undefined
}

export interface ServerState {
  readonly name: string
  readonly kind: ClusterKind
  readonly configuration: ServerConfiguration
  readonly rules: ModeRules
  readonly own: Licensor
  /** What this server issues with: the own licensor, unless the lab has a request answered badly. What it is given is checked against `own`. */
  readonly issuing: Issuing
  /** Trusted publishing domains: their keys open licenses, they never sign. */
  readonly trusted: readonly Licensor[]
  readonly forests: readonly TrustedForest[]
  readonly clusterKey: ClusterKey
  /** SLC key of the forest's root: only its account certificates name accounts of our own directory. */
  readonly homeRacIssuer: string
  /** Where accounts are certified: here at a root, at the root of the forest for a licensing-only cluster. */
  readonly certificationUrl: string
  /** The same for those outside, at a licensing-only cluster; undefined when the root has none, and at a root, whose configuration says it. */
  readonly rootExtranetUrl: string | undefined
}

/** The cluster that a node was told to join is not in the database. */
export class UnknownCluster extends Error {
  override readonly name = 'UnknownCluster'
}

export const clusterKeyPurpose = (cluster: string): string => `cluster-key:${cluster}`
/** What the key pair of an account is sealed for. */
export const accountKeyPurpose = (cluster: string, accountId: string): string => `account-key:${cluster}:${accountId}`
/** What the password for another forest is sealed for. */
export const forestPurpose = (domain: string): string => `trusted-forest:${domain}`
/** What the key pair of a trusted publishing domain is sealed for. */
export const trustedPurpose = (publicKey: string): string => `trusted-licensing-server:${publicKey}`

/**
 * @param password cluster key password
 * @param place where it is computed with the private keys
 * @throws UnknownCluster, WrongKeyPassword, InvalidConfiguration
 */
export async function loadServerState(
  store: Store,
  name: string,
  password: string,
  place: SigningPlace,
): Promise<ServerState> {
  const row = await findCluster(store, name)
  return stateOf(store, row, await clusterKeyOf(password, Buffer.from(row.keySalt, 'base64')), place)
}

/** The state to run on from now: the same one while the stored version is the same. */
export async function refreshServerState(store: Store, state: ServerState): Promise<ServerState> {
  const version = await store.clusters.configurationVersion(state.name)
  if (version === undefined || version === state.configuration.configurationVersion) return state
  return stateOf(store, await findCluster(store, state.name), state.clusterKey, state.own.signer.place)
}

async function findCluster(store: Store, name: string): Promise<ClusterRow> {
  const row = await store.clusters.find(name)
  if (row !== undefined) return row
  const known = (await store.clusters.list()).map((cluster) => cluster.name)
  throw new UnknownCluster(
    `There is no cluster "${name}" in this database; it has ${known.join(', ') || 'none'}. Provision it first.`,
  )
}

async function stateOf(
  store: Store,
  row: ClusterRow,
  clusterKey: ClusterKey,
  place: SigningPlace,
): Promise<ServerState> {
  const { configuration } = row
  const open = (purpose: string, sealed: string): RsaPrivateKey =>
    privateKeyFromPem(openAtRest(clusterKey, purpose, sealed).toString('utf8'))
  const stored = await store.templates.list(row.name)
  const own = licensorOf(
    configuration.slc,
    open(clusterKeyPurpose(row.name), row.sealedKeyPair),
    stored.map(templateOf),
    place,
  )
  return {
    name: row.name,
    kind: row.kind,
    configuration,
    rules: modes[configuration.cryptographicMode],
    own,
    issuing: own,
    trusted: configuration.trustedLicensingServers.map((server) =>
      licensorOf(
        server.slc,
        open(trustedPurpose(server.publicKey), server.sealedKeyPair),
        server.templates.map(importedTemplate),
        place,
      ),
    ),
    forests: configuration.trustedForests.map(({ domain, url, user, sealedPassword }) => ({
      domain,
      url,
      account:
        user === null || sealedPassword === null
          ? undefined
          : { user, password: openAtRest(clusterKey, forestPurpose(domain), sealedPassword).toString('utf8') },
    })),
    clusterKey,
    homeRacIssuer: homeIssuer(row),
    ...(await certificationOf(store, row)),
  }
}

/** A licensing-only cluster sends accounts to the root, unless it was told otherwise. */
async function certificationOf(
  store: Store,
  { kind, configuration }: ClusterRow,
): Promise<Pick<ServerState, 'certificationUrl' | 'rootExtranetUrl'>> {
  if (kind === 'root') return { certificationUrl: certificationUrlOf(configuration), rootExtranetUrl: undefined }
  const root = (await store.clusters.list()).find((cluster) => cluster.kind === 'root')
  return {
    certificationUrl: configuration.certificationUrl ?? (await store.forest.read()).serviceConnectionPoint ?? '',
    rootExtranetUrl: root?.configuration.externalCertificationUrl ?? undefined,
  }
}

/** Seals a cluster's key pair for the database. */
export function sealClusterKeyPair(
  clusterKey: ClusterKey,
  cluster: string,
  key: RsaPrivateKey,
  random: Random,
): string {
  return sealAtRest(clusterKey, clusterKeyPurpose(cluster), Buffer.from(privateKeyToPem(key), 'utf8'), random)
}

function licensorOf(
  slc: readonly string[],
  key: RsaPrivateKey,
  templates: readonly ServerTemplate[],
  place: SigningPlace,
): Licensor {
  const chain = readDocuments(slc.join(''))
  const principal = chain[0]?.body.issuedPrincipal
  if (principal?.publicKey?.modulus !== key.publicKey.modulus)
    throw new Error('The SLC of the cluster is not that of its key pair: restore the database')
  return { chain, principal, signer: createSigner(place, key), templates }
}

function templateOf({ guid, state, signedXrml }: StoredTemplate): ServerTemplate {
  return { guid, state, text: signedXrml, rights: readRightsData(signedXrml) }
}

/** A template that came with a trusted publishing domain is honored, not distributed. */
function importedTemplate(text: string): ServerTemplate {
  const rights = readRightsData(text)
  return { guid: rights.templateGuid ?? '', state: 'archived', text, rights }
}

/** At a root the own SLC; a licensing-only cluster was given the root's key when it was provisioned, before any other. */
function homeIssuer({ kind, configuration }: ClusterRow): string {
  const own = readDocuments(configuration.slc.join(''))[0]?.body.issuedPrincipal?.publicKey?.modulus ?? ''
  return kind === 'root' ? own : (configuration.trustedRacIssuers[0] ?? '')
}
