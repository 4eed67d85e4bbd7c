/** A complete set of documents of one mode, made by the builders and issued under the lab root, for tests. */
import { encryptRightsData, buildRightsData } from '../../src/xrml/rights-data.js'
import { writeKeyBlob } from '../../src/crypto/content-key.js'
import { generateKeyPair, type RsaPrivateKey } from '../../src/crypto/keys.js'
import { modes, type CryptoMode, type ModeRules } from '../../src/crypto/modes.js'
import { writePrivateKeyBlob } from '../../src/crypto/private-key-blob.js'
import { seal } from '../../src/crypto/seal.js'
import { createSigner, type Signer } from '../../src/crypto/signer.js'
import { systemRandom } from '../../src/effects.js'
import { asMarkup, type Markup } from '../../src/xml/write.js'
import type { Principal } from '../../src/xrml/body.js'
import { buildClc, clcIssuerText } from '../../src/xrml/clc.js'
import { readOneDocument, type XrmlDocument } from '../../src/xrml/document.js'
import { buildIssuingCertificate } from '../../src/xrml/issuing-certificate.js'
import { labEnrollmentService, labMachine } from '../../src/xrml/lab-hierarchy.js'
import { buildClientPl, buildServerPl, buildUnsignedPl, plSealedTo, type PlFields } from '../../src/xrml/pl.js'
import { buildRac, racIssuerText } from '../../src/xrml/rac.js'
import { buildTemplate } from '../../src/xrml/template.js'
import { anyonePrincipal, mailPrincipal, ownerPrincipal } from '../../src/xrml/rights.js'
import { buildOwnerUl, buildUl, ownerIssuerText, ulIssuerText } from '../../src/xrml/ul.js'

export const issuedTime = new Date('2026-03-01T10:00Z')
export const racRange = { from: new Date('2026-02-28T10:00Z'), until: new Date('2027-03-01T10:00Z') }
export const slcRange = { from: new Date('2020-01-01T00:00Z'), until: new Date('2255-01-01T00:00Z') }
export const contentKey = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const licensingUrl = 'http://rms.contoso.test/_wmcs/licensing'
const extranetUrl = 'https://rms.example.test/_wmcs/licensing'
const contentObject = asMarkup('<OBJECT><ID type="MS-GUID">{11111111-2222-3333-4444-555555555555}</ID></OBJECT>')
const metadata = asMarkup(
  '<METADATA><OWNER><OBJECT><ID type="Windows">S-1-5-21-1-2-3-1001</ID><NAME>alice@contoso.test</NAME></OBJECT></OWNER></METADATA>',
)
const descriptor = asMarkup(
  '<DESCRIPTOR><OBJECT><ID type="MS-GUID">{7}</ID><NAME>LCID 1033:NAME Žluť &amp; Co:DESCRIPTION 𝒳;\n</NAME></OBJECT></DESCRIPTOR>',
)
const referralInfo = asMarkup(
  '<DISTRIBUTIONPOINT><OBJECT type="Referral-Info"><ID type="MS-GUID">{81C42010-208A-458A-BAB6-C3C60F06DD5F}</ID><ADDRESS type="URL">mailto:alice@contoso.test</ADDRESS></OBJECT></DISTRIBUTIONPOINT>',
)

export interface Lab {
  readonly rules: ModeRules
  readonly signers: {
    readonly slc: Signer
    readonly rac: Signer
    readonly clc: Signer
    readonly machine: Signer
    readonly enrollment: Signer
  }
  readonly keys: { readonly slc: RsaPrivateKey; readonly rac: RsaPrivateKey; readonly clc: RsaPrivateKey }
  readonly principals: { readonly slc: Principal; readonly rac: Principal; readonly clc: Principal }
  /** The text of each document, alone. */
  readonly text: Readonly<
    Record<
      'slc' | 'rac' | 'precertified' | 'clc' | 'clientPl' | 'serverPl' | 'unsignedPl' | 'ul' | 'ownerUl' | 'template',
      string
    >
  >
  /** SLC, enrollment service and its CAs. */
  readonly slcChain: readonly XrmlDocument[]
  readonly machineChain: readonly XrmlDocument[]
  readonly rightsData: string
  readonly plFields: PlFields
}

export function onlyPrincipal(document: XrmlDocument): Principal {
  const principal = document.body.issuedPrincipal
  if (principal === undefined) throw new Error(`The ${document.kind} has no principal`)
  return principal
}

export async function makeLab(mode: CryptoMode): Promise<Lab> {
  const rules = modes[mode]
  const make = async (): Promise<RsaPrivateKey> => generateKeyPair(rules.keyBits)
  const keys = { slc: await make(), rac: await make(), clc: await make() }
  const enrollment = labEnrollmentService(mode)
  const machine = labMachine(`alice-pc-mode${mode}`)
  const signerOf = (key: RsaPrivateKey): Signer => createSigner('openssl', key)
  const signers = {
    slc: signerOf(keys.slc),
    rac: signerOf(keys.rac),
    clc: signerOf(keys.clc),
    machine: signerOf(machine.key),
    enrollment: signerOf(enrollment.key),
  }
  const [service, machineCertificate] = [enrollment.chain[0], machine.chain[0]]
  if (service === undefined || machineCertificate === undefined) throw new Error('certs/ is incomplete')
  const sealTo = (to: RsaPrivateKey, payload: Buffer, tiedTo: string): ReturnType<typeof seal> =>
    seal(rules, to.publicKey, payload, tiedTo, systemRandom)

  const slcText = await buildIssuingCertificate(
    {
      descriptorType: 'Server-Licensor-Certificate',
      guid: '{aaaaaaaa-0000-0000-0000-000000000001}',
      issuedTime,
      issuer: onlyPrincipal(service),
      principal: {
        type: 'MS-DRM-Server',
        idType: 'MS-GUID',
        id: '{AAAAAAAA-0000-0000-0000-000000000002}',
        name: 'CONTOSO-RMS',
        addresses: [{ type: 'URL', value: 'http://rms.contoso.test/_wmcs' }],
      },
      publicKey: keys.slc.publicKey,
      securityLevels: [
        { name: 'Server-Version', value: '6.3.0.0' },
        { name: 'Server-SKU', value: 'RMS 2.0' },
      ],
      range: slcRange,
    },
    signers.enrollment,
    rules.hash,
  )
  const slcDocument = readOneDocument(slcText)
  const slc = onlyPrincipal(slcDocument)

  const racFields = {
    guid: '{bbbbbbbb-0000-0000-0000-000000000001}',
    issuedTime,
    validity: racRange,
    issuer: slc,
    certificationUrl: 'http://rms.contoso.test/_wmcs/certification',
    extranetCertificationUrl: 'https://rms.example.test/_wmcs/certification',
    account: { type: 'Group-Identity', idType: 'Windows', id: 'S-1-5-21-1-2-3-1001', name: 'alice@contoso.test' },
    publicKey: keys.rac.publicKey,
    credentialType: 'Persistent' as const,
  }
  const machinePrincipal = {
    principal: onlyPrincipal(machineCertificate),
    privateKey: sealTo(machine.key, writePrivateKeyBlob(keys.rac), racIssuerText(slc)),
  }
  const racText = await buildRac({ ...racFields, machine: machinePrincipal }, signers.slc, rules.hash)
  const rac = onlyPrincipal(readOneDocument(racText))

  const clcText = await buildClc(
    {
      guid: '{cccccccc-0000-0000-0000-000000000001}',
      issuedTime,
      range: racRange,
      issuer: slc,
      licensingUrl,
      extranetLicensingUrl: extranetUrl,
      account: rac,
      publicKey: keys.clc.publicKey,
      privateKey: sealTo(keys.rac, writePrivateKeyBlob(keys.clc), clcIssuerText(slc)),
    },
    signers.slc,
    rules.hash,
  )
  const clc = onlyPrincipal(readOneDocument(clcText))

  const rightsData = buildRightsData({
    issuedTime,
    referralInfo,
    contentObject,
    metadata,
    precondition: { range: racRange },
    grants: [
      { right: 'VIEW', principal: mailPrincipal('bob@contoso.test'), range: racRange, days: 7 },
      { right: 'PRINT', principal: anyonePrincipal },
      { right: 'OWNER', principal: ownerPrincipal },
    ],
    applicationData: [{ name: 'NOLICCACHE', value: '1' }],
  })
  const keyBlob = writeKeyBlob({ key: contentKey, cipherMode: 'CBC4K' })
  const plFields: PlFields = {
    issuedTime,
    validity: racRange,
    licensingUrl,
    extranetLicensingUrl: extranetUrl,
    server: slc,
    enablingBits: sealTo(keys.slc, keyBlob, plSealedTo(slc)),
    descriptor,
    referralInfo,
    work: [contentObject, metadata],
    encryptedRightsData: encryptRightsData(rightsData, contentKey),
    rest: [asMarkup('<AUTHENTICATEDDATA id="APPSPECIFIC" name="k">v</AUTHENTICATEDDATA>')],
  }
  const work: readonly Markup[] = [contentObject, metadata]
  const ul = {
    guid: '{dddddddd-0000-0000-0000-000000000001}',
    issuedTime,
    issuer: slc,
    account: rac,
    contentKey: sealTo(keys.rac, keyBlob, ulIssuerText(slc)),
    rights: [
      { right: 'VIEW', range: racRange },
      { right: 'OBJMODEL', days: 3 },
    ],
    referralInfo,
    work,
    rest: [],
  }
  const ownerUl = {
    guid: ul.guid,
    issuedTime,
    clc,
    account: rac,
    contentKey: sealTo(keys.rac, keyBlob, ownerIssuerText(clc)),
    referralInfo,
    work,
  }
  const template = {
    guid: '{eeeeeeee-0000-0000-0000-000000000001}',
    issuedTime,
    texts: [
      { lcid: 1033, name: 'Staff <only> & more', description: 'For "staff"' },
      { lcid: 1029, name: 'Žluť', description: '' },
    ],
    issuer: slc,
    licensingUrl,
    referralAddress: 'mailto:rights@contoso.test',
    grants: [{ right: 'VIEW', principal: mailPrincipal('staff@contoso.test'), days: 30 }],
    applicationData: [{ name: 'NOLICCACHE', value: '1' }],
  }
  return {
    rules,
    signers,
    keys,
    principals: { slc, rac, clc },
    text: {
      slc: slcText,
      rac: racText,
      precertified: await buildRac(racFields, signers.slc, rules.hash),
      clc: clcText,
      clientPl: await buildClientPl(plFields, clc, '6.1.7600.16385', signers.clc, rules),
      serverPl: await buildServerPl(plFields, slc, signers.slc, rules.hash),
      unsignedPl: buildUnsignedPl({ ...plFields, licensingUrl: undefined, extranetLicensingUrl: undefined }),
      ul: await buildUl(ul, signers.slc, rules.hash),
      ownerUl: await buildOwnerUl(ownerUl, signers.clc, rules.hash),
      template: await buildTemplate(template, signers.slc, rules.hash),
    },
    slcChain: [slcDocument, ...enrollment.chain],
    machineChain: machine.chain,
    rightsData,
    plFields,
  }
}

/** Names of the elements, nested, with runs of the same name folded: the tree of a document as the specification draws it. */
export function treeOf(element: XrmlDocument['body']['element']): string {
  const inner = element.children.map(treeOf)
  return (
    element.name + (inner.length === 0 ? '' : `(${inner.filter((part, index) => part !== inner[index - 1]).join(' ')})`)
  )
}

/** Every start tag of a document, with the names of its attributes in order and the values that mean something, each once. */
export function tagsOf(element: XrmlDocument['body']['element']): ReadonlySet<string> {
  const names = Object.entries(element.attributes).map(([name, value]) =>
    ['internal-id', 'encoding'].includes(name) ? `${name}="${value}"` : name,
  )
  return new Set([[element.name, ...names].join(' '), ...element.children.flatMap((inner) => [...tagsOf(inner)])])
}
