/** UL, the use license ([MS-RMPR] 2.2.9.9): rights of one account to one content, with the content key sealed to its RAC. */
import type { HashName } from '../crypto/modes.js'
import type { Sealed } from '../crypto/seal.js'
import type { Signer } from '../crypto/signer.js'
import { element, text, type Markup } from '../xml/write.js'
import { child, outerText } from '../xml/read.js'
import { MalformedXrml, readEnablingBits, type EnablingBitsField, type Principal } from './body.js'
import type { XrmlDocument } from './document.js'
import {
  descriptorElement,
  enablingBitsElement,
  issuedPrincipals,
  issuerElement,
  licenseBody,
  verbatimIdentity,
} from './elements.js'
import { policyListElement, type Policy, type PolicyList } from './policy-list.js'
import { firstEnablingBits, rightElement, timeElements, type TimeCondition } from './rights.js'
import { signDocument } from './signature.js'
import { issuedTimeElement } from './times.js'

export interface Ul {
  readonly document: XrmlDocument
  readonly issuer: Principal
  readonly account: Principal
  readonly rights: readonly string[]
  readonly enablingBits: EnablingBitsField
  /** What the inner hash of the seal covers: the ISSUER element to the letter. */
  readonly sealedTo: string
}

/** @throws MalformedXrml */
export function readUl(document: XrmlDocument): Ul {
  const { issuer, issuedPrincipal: account, work, element: body } = document.body
  if (document.kind !== 'UL') throw new MalformedXrml(`The document is a ${document.kind}, not a UL`)
  if (issuer?.publicKey === undefined) throw new MalformedXrml('The UL has no ISSUER with an RSA key')
  if (account?.object === undefined || account.publicKey === undefined)
    throw new MalformedXrml('The UL names no account or no RSA key')
  const enablingBits = readEnablingBits(firstEnablingBits(work))
  if (enablingBits === undefined) throw new MalformedXrml('The UL has no sealed content key')
  const list = child(child(work, 'RIGHTSGROUP'), 'RIGHTSLIST')
  const rights = (list?.children ?? []).map((right) =>
    right.name === 'RIGHT' ? (right.attributes.name ?? '') : right.name,
  )
  const issuerElementFound = child(body, 'ISSUER')
  return {
    document,
    issuer,
    account,
    rights,
    enablingBits,
    sealedTo: issuerElementFound === undefined ? '' : outerText(issuerElementFound),
  }
}

export interface UlRight extends TimeCondition {
  readonly right: string
}

export interface UlFields {
  readonly guid: string
  readonly issuedTime: Date
  /** Principal of the SLC. */
  readonly issuer: Principal
  /** Principal of the RAC. */
  readonly account: Principal
  readonly contentKey: Sealed
  readonly rights: readonly UlRight[]
  /** Copied from the PL: Referral-Info, OBJECT, METADATA, REFRESH condition. */
  readonly referralInfo: Markup | undefined
  readonly work: readonly (Markup | undefined)[]
  /** AUTHENTICATEDDATA, CONDITIONLIST and POLICYLIST elements behind WORK. */
  readonly rest: readonly Markup[]
}

/** The ISSUER element as it will stand in the UL: what the inner hash of the sealed content key covers. */
export function ulIssuerText(issuer: Principal): Markup {
  const before = issuersWritten.get(issuer)
  if (before !== undefined) return before
  const written = issuerElement(issuer)
  issuersWritten.set(issuer, written)
  return written
}

/** A server is the issuer of all its licenses. */
const issuersWritten = new WeakMap<Principal, Markup>()

export async function buildUl(fields: UlFields, signer: Signer, hash: HashName): Promise<string> {
  const access = element(
    'ACCESS',
    {},
    element('PRINCIPAL', { 'internal-id': 1 }, enablingBitsElement(fields.contentKey)),
  )
  const rights = fields.rights.map((right) =>
    rightElement(right.right, element('CONDITIONLIST', {}, access, timeElements(right))),
  )
  const body = licenseBody(
    issuedTimeElement(fields.issuedTime),
    descriptorElement({ type: 'Content-License', idType: 'MS-GUID', id: fields.guid }),
    ulIssuerText(fields.issuer),
    issuedPrincipals(verbatimIdentity(fields.account)),
    fields.referralInfo,
    element(
      'WORK',
      {},
      fields.work,
      element('RIGHTSGROUP', { name: 'Main-Rights' }, element('RIGHTSLIST', {}, rights)),
    ),
    ...fields.rest,
  )
  return signDocument(body, { signer, hash, surface: 'server', purpose: 'Content-License' })
}

export interface OwnerUlFields {
  readonly guid: string
  readonly issuedTime: Date
  /** Principal of the CLC. */
  readonly clc: Principal
  /** Principal of the RAC, security levels included. */
  readonly account: Principal
  readonly contentKey: Sealed
  readonly referralInfo: Markup | undefined
  readonly work: readonly Markup[]
}

/** The author's own license, made by the client with its CLC: OWNER alone, without CONDITIONLIST. */
export async function buildOwnerUl(fields: OwnerUlFields, signer: Signer, hash: HashName): Promise<string> {
  const access = element(
    'ACCESS',
    {},
    element('PRINCIPAL', { 'internal-id': 1 }, enablingBitsElement(fields.contentKey)),
  )
  const levels = fields.account.securityLevels.map(({ name, value }) => element('SECURITYLEVEL', { name, value }))
  const body = licenseBody(
    issuedTimeElement(fields.issuedTime),
    descriptorElement({ type: 'Content-License', idType: 'MS-GUID', id: fields.guid }),
    ownerIssuerText(fields.clc),
    issuedPrincipals(verbatimIdentity(fields.account), ...levels),
    fields.referralInfo,
    element(
      'WORK',
      {},
      fields.work,
      element(
        'RIGHTSGROUP',
        { name: 'Main-Rights' },
        element('RIGHTSLIST', {}, element('RIGHT', { name: 'OWNER' }, access)),
      ),
    ),
  )
  return signDocument(body, { signer, hash, surface: 'client', purpose: 'Content-License' })
}

/** ISSUER of the owner's license: the CLC's principal without security levels. */
export function ownerIssuerText(clc: Principal): Markup {
  return issuerElement(clc, { withSecurityLevels: false })
}

export interface ExcludedApplication {
  readonly filename: string
  readonly minimumVersion: string
  readonly maximumVersion: string
}

/**
 * The policy lists of a license: those of the rights data and the applications that the cluster excludes, in one exclusion list and one inclusion list
 * ([MS-RMPR] 2.2.9.7.8): a reader may take the first of each only.
 */
export function policyListElements(
  lists: readonly PolicyList[],
  excluded: readonly ExcludedApplication[],
): readonly Markup[] {
  const own = excluded.map(({ filename, minimumVersion, maximumVersion }) => ({
    filename,
    minimum: minimumVersion,
    maximum: maximumVersion,
  }))
  const policiesOf = (type: PolicyList['type']): readonly Policy[] =>
    lists.filter((list) => list.type === type).flatMap((list) => list.policies)
  return [
    policyListElement('exclusion', [...policiesOf('exclusion'), ...own]),
    policyListElement('inclusion', policiesOf('inclusion')),
  ].flatMap((list) => list ?? [])
}

export function osExclusionCondition(span: string): Markup {
  return element('CONDITIONLIST', {}, element('CONDITION', { NAME: 'OS-Exclusion', TYPE: 'versionspan' }, text(span)))
}
