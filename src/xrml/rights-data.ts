/** The policy inside a PL: Encrypted-Rights-Data in clear, either ad hoc or a server's template ([MS-RMPR] 2.2.9.8). */
import { decryptZeroFilled, encryptZeroFilled } from '../crypto/content-key.js'
import { child, childrenNamed, descend, outerText } from '../xml/read.js'
import { element, text, type Markup } from '../xml/write.js'
import { MalformedXrml, readObject, type AuthenticatedData, type RmsObject } from './body.js'
import { readOneDocument, type XrmlDocument } from './document.js'
import { policyListElement, readPolicyList, type PolicyList } from './policy-list.js'
import { readGrants, readTimeCondition, rightsGroup, timeElements, type Grant, type TimeCondition } from './rights.js'
import { issuedTimeElement } from './times.js'

export interface RightsData {
  readonly document: XrmlDocument
  /** Made from a template that a server signed. */
  readonly official: boolean
  /** GUID of the template, when official. */
  readonly templateGuid: string | undefined
  readonly owner: RmsObject | undefined
  readonly grants: readonly Grant[]
  /** Bounds every right. */
  readonly precondition: TimeCondition
  /** APPSPECIFIC name and value pairs. */
  readonly applicationData: readonly AuthenticatedData[]
  readonly policyLists: readonly PolicyList[]
  /** REFRESH condition to the letter; clients evaluate it. */
  readonly refresh: string | undefined
}

/** @throws MalformedXml, MalformedXrml */
export function readRightsData(source: string): RightsData {
  const document = readOneDocument(source)
  if (document.kind !== 'rights data' && document.kind !== 'template')
    throw new MalformedXrml(`This is a ${document.kind}, not rights data`)
  const { work, descriptor, authenticatedData, policyLists } = document.body
  const official = document.kind === 'template'
  const refresh = childrenNamed(work, 'CONDITIONLIST').find((list) => child(list, 'REFRESH') !== undefined)
  return {
    document,
    official,
    templateGuid: official ? descriptor?.id : undefined,
    owner: readObject(descend(work, 'METADATA', 'OWNER', 'OBJECT')),
    grants: readGrants(work),
    precondition: readTimeCondition(child(work, 'PRECONDITIONLIST')),
    applicationData: authenticatedData.filter((data) => data.id === 'APPSPECIFIC'),
    policyLists: policyLists.map(readPolicyList),
    refresh: refresh === undefined ? undefined : outerText(refresh),
  }
}

/** AES-ECB over UTF-16LE, zero-filled (design decision; the sizes of genuine licenses fit it). Base64. */
export function encryptRightsData(source: string, contentKey: Buffer): string {
  return encryptZeroFilled(contentKey, Buffer.from(source, 'utf16le')).toString('base64')
}

/**
 * @param encrypted base64
 * @throws MalformedXrml when no document comes out: the key is another one, or the data was changed
 */
export function decryptRightsData(encrypted: string, contentKey: Buffer): string {
  const bytes = Buffer.from(encrypted, 'base64')
  if (bytes.length === 0 || bytes.length % 16 !== 0)
    throw new MalformedXrml(`Encrypted rights data of ${bytes.length} bytes`)
  // Clients that read a template from disk have a byte order mark in front, and what fills the last block is not always NUL.
  const plain = decryptZeroFilled(contentKey, bytes)
    .toString('utf16le')
    .replace(/^\uFEFF/, '')
  const end = plain.lastIndexOf('</XrML>')
  if (end < 0) throw new MalformedXrml('The rights data cannot be decrypted with the content key')
  return plain.slice(0, end + '</XrML>'.length)
}

export interface RightsDataFields {
  readonly issuedTime: Date
  /** DISTRIBUTIONPOINT Referral-Info, when there is one. */
  readonly referralInfo?: Markup | undefined
  /** OBJECT and METADATA as they stand in the PL. */
  readonly contentObject: Markup
  readonly metadata: Markup
  readonly grants: readonly Grant[]
  readonly precondition?: TimeCondition
  readonly applicationData?: readonly { readonly name: string; readonly value: string }[]
}

/** Ad hoc rights data as a client writes it: neither ISSUER nor SIGNATURE. */
export function buildRightsData(fields: RightsDataFields): string {
  const times = timeElements(fields.precondition ?? {})
  const body = element(
    'BODY',
    { type: 'Microsoft Rights Template', version: '3.0' },
    issuedTimeElement(fields.issuedTime),
    fields.referralInfo,
    element(
      'WORK',
      {},
      fields.contentObject,
      fields.metadata,
      times.length === 0 ? undefined : element('PRECONDITIONLIST', {}, times),
      rightsGroup(fields.grants),
    ),
    (fields.applicationData ?? []).map(({ name, value }) => applicationDataElement(name, value)),
  )
  return `<XrML version="1.2" xmlns="">${body}</XrML>`
}

/** Clients write the id first. */
export function applicationDataElement(name: string, value: string): Markup {
  return element('AUTHENTICATEDDATA', { id: 'APPSPECIFIC', name }, text(value))
}

/** Ad hoc rights data with further policy lists at their place, the end of BODY. */
export function rightsDataWithPolicyLists(source: string, lists: readonly PolicyList[]): string {
  const end = source.lastIndexOf('</BODY>')
  return (
    source.slice(0, end) +
    lists.map(({ type, policies }) => policyListElement(type, policies) ?? '').join('') +
    source.slice(end)
  )
}
