/** PL, the publishing license ([MS-RMPR] 2.2.9.7): signed by a client with its CLC, signed by a server, or not yet signed. */
import type { HashName, ModeRules } from '../crypto/modes.js'
import type { Sealed } from '../crypto/seal.js'
import type { Signer } from '../crypto/signer.js'
import { child, childrenNamed, descend, outerText } from '../xml/read.js'
import { asMarkup, element, joined, text, type Markup } from '../xml/write.js'
import {
  distributionPoint,
  MalformedXrml,
  readObject,
  type AuthenticatedData,
  type EnablingBitsField,
  type Principal,
  type RmsObject,
} from './body.js'
import type { XrmlDocument } from './document.js'
import {
  distributionPointElement,
  enablingBitsElement,
  issuerElement,
  securityLevelElements,
  verbatimIdentity,
} from './elements.js'
import { oncePerDocument } from './once-per-document.js'
import { readPolicyList, type PolicyList } from './policy-list.js'
import { signDocument } from './signature.js'
import { issuedTimeElement, rangeElement, type TimeRange } from './times.js'

export interface Pl {
  readonly document: XrmlDocument
  readonly issuer: Principal | undefined
  readonly issuedTime: Date | undefined
  readonly validity: TimeRange | undefined
  readonly licensingUrl: string | undefined
  readonly extranetLicensingUrl: string | undefined
  /** The server that can license it. */
  readonly server: Principal
  /** Content key, sealed to that server. */
  readonly enablingBits: EnablingBitsField
  /** What the inner hash of the seal covers: ISSUEDPRINCIPALS with its ENABLINGBITS cut out. */
  readonly sealedTo: string
  readonly contentId: RmsObject | undefined
  readonly owner: RmsObject | undefined
  /** METADATA, DISTRIBUTIONPOINT Referral-Info, DESCRIPTOR and WORK/OBJECT to the letter. */
  readonly verbatim: {
    readonly metadata: string
    readonly referralInfo: string
    readonly descriptor: string
    readonly contentObject: string
    readonly refresh: string
  }
  /** Base64. */
  readonly encryptedRightsData: string
  /** AUTHENTICATEDDATA besides the rights data: APPSPECIFIC and the like. */
  readonly otherData: readonly AuthenticatedData[]
  /** Only an unsigned PL has them in clear. */
  readonly policyLists: readonly PolicyList[]
}

/** @throws MalformedXrml */
export const readPl = oncePerDocument((document): Pl => {
  const { body } = document
  if (document.kind !== 'PL') throw new MalformedXrml(`The document is a ${document.kind}, not a PL`)
  const server = body.issuedPrincipal
  if (server?.object === undefined || server.publicKey === undefined)
    throw new MalformedXrml('ISSUEDPRINCIPALS of the PL names no server or no RSA key')
  if (server.enablingBits === undefined) throw new MalformedXrml('The PL has no sealed content key')
  const rights = body.authenticatedData.filter((data) => data.id === 'Encrypted-Rights-Data')
  const [encrypted] = rights
  if (encrypted === undefined || rights.length > 1)
    throw new MalformedXrml(`The PL has ${rights.length} Encrypted-Rights-Data, it needs one`)
  if (body.validity === undefined && child(body.element, 'VALIDITYTIME') !== undefined)
    throw new MalformedXrml('The VALIDITYTIME of the PL cannot be read')
  const referralPoints = childrenNamed(body.element, 'DISTRIBUTIONPOINT').filter(
    (point) => child(point, 'OBJECT')?.attributes.type === 'Referral-Info',
  )
  const refresh = childrenNamed(body.work, 'CONDITIONLIST').find((list) => child(list, 'REFRESH') !== undefined)
  const textOf = (found: Parameters<typeof outerText>[0] | undefined): string =>
    found === undefined ? '' : outerText(found)
  return {
    document,
    issuer: body.issuer,
    issuedTime: body.issuedTime,
    validity: body.validity,
    licensingUrl: distributionPoint(body, 'License-Acquisition-URL'),
    extranetLicensingUrl: distributionPoint(body, 'Extranet-License-Acquisition-URL'),
    server,
    enablingBits: server.enablingBits,
    sealedTo: textOf(child(body.element, 'ISSUEDPRINCIPALS')).replace(server.enablingBits.source, ''),
    contentId: readObject(child(body.work, 'OBJECT')),
    owner: readObject(descend(body.work, 'METADATA', 'OWNER', 'OBJECT')),
    verbatim: {
      metadata: textOf(child(body.work, 'METADATA')),
      referralInfo: referralPoints.map(outerText).join(''),
      descriptor: textOf(child(body.element, 'DESCRIPTOR')),
      contentObject: textOf(child(body.work, 'OBJECT')),
      refresh: textOf(refresh),
    },
    encryptedRightsData: encrypted.value,
    otherData: body.authenticatedData.filter((data) => data !== encrypted),
    policyLists: body.policyLists.map(readPolicyList),
  }
})

/** ISSUEDPRINCIPALS as it will stand in the PL, without the sealed key that is tied to it. */
export function plSealedTo(server: Principal): string {
  return element('ISSUEDPRINCIPALS', {}, serverPrincipal(server))
}

export interface PlFields {
  readonly issuedTime: Date
  readonly validity?: TimeRange | undefined
  readonly licensingUrl?: string | undefined
  readonly extranetLicensingUrl?: string | undefined
  /** The server that will license it: ISSUER of the CLC, or principal of the SLC. */
  readonly server: Principal
  readonly enablingBits: Sealed
  readonly descriptor?: Markup | undefined
  readonly referralInfo?: Markup | undefined
  /** OBJECT, METADATA and conditions of WORK. */
  readonly work: readonly (Markup | undefined)[]
  /** Base64. */
  readonly encryptedRightsData: string
  /** AUTHENTICATEDDATA and other elements behind the rights data. */
  readonly rest?: readonly Markup[]
}

/** Signed offline by a client with the key of its CLC. */
export async function buildClientPl(
  fields: PlFields,
  clc: Principal,
  sdkVersion: string,
  signer: Signer,
  rules: ModeRules,
): Promise<string> {
  const sdk = securityLevelElements([{ name: 'SDK', value: sdkVersion }])
  const issuer = element('ISSUER', {}, verbatimIdentity(clc), sdk)
  return signDocument(clientBody(fields, issuer), { signer, hash: rules.hash, surface: 'client' })
}

/** For AcquireIssuanceLicense: neither ISSUER, nor acquisition points, nor SIGNATURE. */
export function buildUnsignedPl(fields: PlFields): string {
  return `<XrML version="1.2" xmlns="">${clientBody(fields, undefined)}</XrML>`
}

/** Signed online by a server. */
export async function buildServerPl(
  fields: PlFields,
  issuer: Principal,
  signer: Signer,
  hash: HashName,
): Promise<string> {
  const body = plBody(
    issuedTimeElement(fields.issuedTime),
    fields.validity === undefined ? undefined : rangeElement('VALIDITYTIME', fields.validity),
    fields.descriptor,
    issuerElement(issuer),
    acquisitionPoints(fields),
    fields.referralInfo,
    element('ISSUEDPRINCIPALS', {}, serverPrincipal(fields.server, fields.enablingBits, 'key before levels')),
    element('WORK', {}, fields.work),
    rightsDataElement(fields.encryptedRightsData),
    joined(fields.rest ?? []),
  )
  return signDocument(body, { signer, hash, surface: 'server' })
}

function clientBody(fields: PlFields, issuer: Markup | undefined): Markup {
  return plBody(
    issuedTimeElement(fields.issuedTime),
    fields.validity === undefined ? undefined : rangeElement('VALIDITYTIME', fields.validity),
    fields.descriptor,
    issuer,
    acquisitionPoints(fields),
    element('ISSUEDPRINCIPALS', {}, serverPrincipal(fields.server, fields.enablingBits)),
    fields.referralInfo,
    element('WORK', {}, fields.work),
    rightsDataElement(fields.encryptedRightsData),
    joined(fields.rest ?? []),
  )
}

function plBody(...content: readonly (Markup | undefined)[]): Markup {
  return element('BODY', { type: 'Microsoft Rights Label', version: '3.0' }, content)
}

function acquisitionPoints({ licensingUrl, extranetLicensingUrl }: PlFields): Markup {
  return joined(
    distributionPointElement('License-Acquisition-URL', licensingUrl),
    distributionPointElement('Extranet-License-Acquisition-URL', extranetLicensingUrl),
  )
}

/** Clients put the sealed key behind the security levels, servers before them. */
function serverPrincipal(
  server: Principal,
  enablingBits?: Sealed,
  order: 'levels before key' | 'key before levels' = 'levels before key',
): Markup {
  const levels = securityLevelElements(server.securityLevels)
  const key = enablingBits === undefined ? undefined : enablingBitsElement(enablingBits)
  return element(
    'PRINCIPAL',
    { 'internal-id': 1 },
    verbatimIdentity(server),
    order === 'levels before key' ? [levels, key] : [key, levels],
  )
}

function rightsDataElement(base64: string): Markup {
  return element('AUTHENTICATEDDATA', { id: 'Encrypted-Rights-Data' }, text(base64))
}

/** An element that was cut out of a document that has been parsed; nothing for an empty text. */
export function verbatim(source: string): Markup | undefined {
  return source === '' ? undefined : asMarkup(source)
}
