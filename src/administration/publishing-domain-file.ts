/** The file a publishing domain travels in: SLC and templates in clear, the private key sealed under a password of its own. */
import { clusterKeyPurpose, type ServerState } from '../cluster/server-state.js'
import type { ClusterRow } from '../cluster/store/cluster-store.js'
import {
  deriveClusterKey,
  MalformedSealedText,
  openAtRest,
  saltLength,
  sealAtRest,
  WrongKeyPassword,
} from '../crypto/at-rest.js'
import { privateKeyFromPem } from '../crypto/keys.js'
import type { Random } from '../effects.js'
import { checkChain } from '../xrml/chain.js'
import { readDocuments } from '../xrml/document.js'
import { readRightsData } from '../xrml/rights-data.js'
import { reading, requireLicensorChain, type LicensorChain } from './licensor-chain.js'
import { problem } from './problem.js'

export const publishingDomainFormat = 'rms-emulator trusted publishing domain 1'

export interface PublishingDomainFile {
  readonly format: typeof publishingDomainFormat
  /** Of the cluster it comes from, for people. */
  readonly name: string
  /** XrML documents, leaf first. */
  readonly slc: readonly string[]
  readonly templates: readonly string[]
  /** Base64. */
  readonly salt: string
  readonly sealedPrivateKey: string
}

export interface PublishingDomain {
  readonly slc: readonly string[]
  readonly publicKey: string
  /** PKCS#8, UTF-8. */
  readonly privateKeyPem: Buffer
  readonly templates: readonly string[]
}

/** Bound to the public key, so that the sealed key cannot be put beside another SLC. */
const purpose = (publicKey: string): string => `publishing-domain:${publicKey}`

export async function sealPublishingDomain(
  cluster: ClusterRow,
  state: ServerState,
  password: string,
  random: Random,
): Promise<PublishingDomainFile> {
  const privateKey = openAtRest(state.clusterKey, clusterKeyPurpose(cluster.name), cluster.sealedKeyPair)
  const salt = random.bytes(saltLength)
  const key = await deriveClusterKey(password, salt)
  return {
    format: publishingDomainFormat,
    name: cluster.name,
    slc: state.configuration.slc,
    templates: state.own.templates.map((template) => template.text),
    salt: salt.toString('base64'),
    sealedPrivateKey: sealAtRest(key, purpose(state.own.signer.publicKey.modulus), privateKey, random),
  }
}

/**
 * Everything that a node will read is judged here: a domain that it could not load would stop it from following its configuration.
 * @throws Problem 400 for a wrong password, or a file that was changed
 */
export async function openPublishingDomain(file: PublishingDomainFile, password: string): Promise<PublishingDomain> {
  const chain = requireLicensorChain(() => readDocuments(file.slc.join('')))
  const privateKeyPem = await openPrivateKey(file, chain.publicKey, password)
  for (const [index, template] of file.templates.entries())
    requireTemplate(template, chain, `Template ${index + 1} of the file`)
  return {
    slc: chain.documents.map((document) => document.text),
    publicKey: chain.publicKey,
    privateKeyPem,
    templates: file.templates,
  }
}

async function openPrivateKey(file: PublishingDomainFile, publicKey: string, password: string): Promise<Buffer> {
  const salt = Buffer.from(file.salt, 'base64')
  if (salt.length < saltLength) problem(400, `The salt of the file has ${salt.length} bytes, it needs ${saltLength}`)
  const key = await deriveClusterKey(password, salt)
  try {
    const pem = openAtRest(key, purpose(publicKey), file.sealedPrivateKey)
    if (privateKeyFromPem(pem.toString('utf8')).publicKey.modulus === publicKey) return pem
  } catch (error) {
    if (error instanceof WrongKeyPassword)
      return problem(
        400,
        'The private key does not open: the password is not that of the file, or the file was changed',
      )
    if (error instanceof MalformedSealedText)
      return problem(400, 'sealedPrivateKey is not what an export writes: the file was changed')
  }
  return problem(400, 'The private key in the file is not that of its SLC')
}

function requireTemplate(text: string, { documents }: LicensorChain, what: string): void {
  const { document } = reading(what, () => readRightsData(text))
  const check = reading(what, () => checkChain([document, ...documents.slice(0, 1)]))
  if (document.kind !== 'template' || !check.ok)
    problem(400, `${what} was not signed by this server: ${check.why ?? `it is ${document.kind}`}`)
}
