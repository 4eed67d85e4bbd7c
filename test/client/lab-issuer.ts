/** A tiny RMS server's certificates for tests of the client: SLC, RAC, CLC, UL and template, made with the documents' own builders. */
import { writeKeyBlob, readKeyBlob, type SymmetricKey } from '../../src/crypto/content-key.js'
import { generateKeyPair, publicKeyFromModulus, type RsaPrivateKey } from '../../src/crypto/keys.js'
import { modes, type CryptoMode, type ModeRules } from '../../src/crypto/modes.js'
import { writePrivateKeyBlob } from '../../src/crypto/private-key-blob.js'
import { seal, unseal } from '../../src/crypto/seal.js'
import { createSigner, type Signer } from '../../src/crypto/signer.js'
import { newGuid, systemRandom as random } from '../../src/effects.js'
import type { Principal } from '../../src/xrml/body.js'
import { buildClc, clcIssuerText } from '../../src/xrml/clc.js'
import { readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { buildIssuingCertificate } from '../../src/xrml/issuing-certificate.js'
import { labEnrollmentService } from '../../src/xrml/lab-hierarchy.js'
import { readPl, verbatim } from '../../src/xrml/pl.js'
import { buildRac, racIssuerText } from '../../src/xrml/rac.js'
import { anyonePrincipal } from '../../src/xrml/rights.js'
import { buildTemplate } from '../../src/xrml/template.js'
import { addSeconds, toMinute } from '../../src/xrml/times.js'
import { buildUl, ulIssuerText, type UlRight } from '../../src/xrml/ul.js'

export interface Issuer {
  readonly rules: ModeRules
  readonly signer: Signer
  readonly key: RsaPrivateKey
  readonly principal: Principal
  readonly chain: readonly XrmlDocument[]
  /** One key pair for each account, on every machine. */
  readonly accountKey: RsaPrivateKey
}

const day = 86_400
export const now = toMinute(new Date())
export const soon = { from: addSeconds(now, -60), until: addSeconds(now, 365 * day) }
export const aliceObject = {
  type: 'Group-Identity',
  idType: 'Windows',
  id: 'S-1-5-21-1-2-3-1001',
  name: 'alice@contoso.test',
}

export async function makeIssuer(mode: CryptoMode): Promise<Issuer> {
  const rules = modes[mode]
  const enrollment = labEnrollmentService(mode)
  const [key, accountKey] = await Promise.all([generateKeyPair(rules.keyBits), generateKeyPair(rules.keyBits)])
  const certificate = {
    descriptorType: 'Server-Licensor-Certificate' as const,
    guid: newGuid(random),
    issuedTime: now,
    issuer: enrollment.chain[0]?.body.issuedPrincipal as Principal,
    principal: {
      type: 'MS-DRM-Server',
      idType: 'MS-GUID',
      id: newGuid(random),
      name: 'rms',
      addresses: [{ type: 'URL', value: 'http://rms/_wmcs' }],
    },
    publicKey: key.publicKey,
    securityLevels: [
      { name: 'Server-Version', value: '6.3.0.0' },
      { name: 'Server-SKU', value: 'RMS 2.0' },
    ],
    range: { from: addSeconds(now, -day), until: addSeconds(now, 3650 * day) },
  }
  const slc = readOneDocument(
    await buildIssuingCertificate(certificate, createSigner('openssl', enrollment.key), rules.hash),
  )
  const principal = slc.body.issuedPrincipal as Principal
  return { rules, key, accountKey, principal, signer: createSigner('openssl', key), chain: [slc, ...enrollment.chain] }
}

export interface RacChanges {
  readonly validity?: { readonly from: Date; readonly until: Date }
  /** What the private key is sealed to instead of the ISSUER. */
  readonly sealedTo?: string
  /** A private key that does not belong to the certificate. */
  readonly sealedKey?: RsaPrivateKey
  readonly account?: typeof aliceObject
  /** Leaves the machine out, as precertification does. */
  readonly precertified?: boolean
}

export async function issueRac(
  issuer: Issuer,
  spc: XrmlDocument,
  changes: RacChanges = {},
): Promise<readonly XrmlDocument[]> {
  const { rules, signer, principal, accountKey } = issuer
  const machine = spc.body.issuedPrincipal as Principal
  const recipient = publicKeyFromModulus(machine.publicKey?.modulus ?? '')
  const payload = writePrivateKeyBlob(changes.sealedKey ?? accountKey)
  const privateKey = seal(rules, recipient, payload, changes.sealedTo ?? racIssuerText(principal), random)
  const rac = await buildRac(
    {
      guid: newGuid(random),
      issuedTime: now,
      validity: changes.validity ?? soon,
      issuer: principal,
      certificationUrl: 'http://rms/_wmcs/certification',
      extranetCertificationUrl: undefined,
      account: changes.account ?? aliceObject,
      publicKey: accountKey.publicKey,
      credentialType: 'Persistent',
      ...(changes.precertified === true ? {} : { machine: { principal: machine, privateKey } }),
    },
    signer,
    rules.hash,
  )
  return [readOneDocument(rac), ...issuer.chain]
}

export async function issueClc(
  issuer: Issuer,
  account: Principal,
  licensingUrl: string,
): Promise<readonly XrmlDocument[]> {
  const { rules, signer, principal } = issuer
  const key = await generateKeyPair(rules.keyBits)
  const recipient = publicKeyFromModulus(account.publicKey?.modulus ?? '')
  const clc = await buildClc(
    {
      guid: newGuid(random),
      issuedTime: now,
      range: soon,
      issuer: principal,
      licensingUrl,
      extranetLicensingUrl: undefined,
      account,
      publicKey: key.publicKey,
      privateKey: seal(rules, recipient, writePrivateKeyBlob(key), clcIssuerText(principal), random),
    },
    signer,
    rules.hash,
  )
  return [readOneDocument(clc), ...issuer.chain]
}

/** What a server does with a PL: its seal is opened with the server's key, and checked to be the PL's own. */
export async function openPl(issuer: Issuer, document: XrmlDocument): Promise<SymmetricKey> {
  const pl = readPl(document)
  const { payload, belongsTo } = await unseal(issuer.signer, pl.enablingBits.type, pl.enablingBits.bytes)
  if (!belongsTo(pl.sealedTo)) throw new Error('The seal of the PL is tied to other ISSUEDPRINCIPALS')
  return readKeyBlob(payload)
}

export interface UlChanges {
  readonly rights?: readonly UlRight[]
  readonly issuedTime?: Date
  readonly contentObject?: string
  readonly contentKey?: SymmetricKey
  readonly sealedTo?: string
}

export async function issueUl(
  issuer: Issuer,
  document: XrmlDocument,
  account: Principal,
  changes: UlChanges = {},
): Promise<readonly XrmlDocument[]> {
  const { rules, signer, principal } = issuer
  const pl = readPl(document)
  const contentKey = changes.contentKey ?? (await openPl(issuer, document))
  const recipient = publicKeyFromModulus(account.publicKey?.modulus ?? '')
  const ul = await buildUl(
    {
      guid: newGuid(random),
      issuedTime: changes.issuedTime ?? now,
      issuer: principal,
      account,
      contentKey: seal(rules, recipient, writeKeyBlob(contentKey), changes.sealedTo ?? ulIssuerText(principal), random),
      rights: changes.rights ?? [{ right: 'VIEW' }],
      referralInfo: verbatim(pl.verbatim.referralInfo),
      work: [verbatim(changes.contentObject ?? pl.verbatim.contentObject), verbatim(pl.verbatim.metadata)],
      rest: [],
    },
    signer,
    rules.hash,
  )
  return [readOneDocument(ul), ...issuer.chain]
}

export async function issueTemplate(issuer: Issuer, guid: string): Promise<string> {
  const fields = {
    guid,
    issuedTime: now,
    texts: [
      { lcid: 1033, name: 'Company', description: 'Everybody; may read' },
      { lcid: 1031, name: 'Firma', description: 'Alle dürfen lesen' },
    ],
    issuer: issuer.principal,
    licensingUrl: 'http://rms/_wmcs/licensing',
    grants: [{ right: 'VIEW', principal: anyonePrincipal }],
  }
  return buildTemplate(fields, issuer.signer, issuer.rules.hash)
}
