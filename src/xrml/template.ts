/** Rights policy template, signed by the SLC's key ([MS-RMPR] 2.2.9.10). */
import { isDeepStrictEqual } from 'node:util'
import type { HashName } from '../crypto/modes.js'
import type { Signer } from '../crypto/signer.js'
import { element, text } from '../xml/write.js'
import type { Principal } from './body.js'
import { withDeclaration } from './document.js'
import {
  descriptorElement,
  distributionPointElement,
  issuerElement,
  objectElement,
  referralInfoElement,
} from './elements.js'
import { ownerPrincipal, rightsGroup, timeElements, type Grant, type TimeCondition } from './rights.js'
import { signDocument } from './signature.js'
import { issuedTimeElement } from './times.js'

export interface TemplateText {
  /** Windows language id, such as 1033. */
  readonly lcid: number
  readonly name: string
  readonly description: string
}

export interface TemplateFields {
  readonly guid: string
  readonly issuedTime: Date
  readonly texts: readonly TemplateText[]
  /** Principal of the SLC. */
  readonly issuer: Principal
  readonly licensingUrl: string
  readonly referralAddress?: string | undefined
  /** Rights besides the author's OWNER, which is always there. */
  readonly grants: readonly Grant[]
  readonly precondition?: TimeCondition | undefined
  readonly applicationData?: readonly { readonly name: string; readonly value: string }[]
}

/** With its XML declaration, as it is distributed and put into rights data. */
export async function buildTemplate(fields: TemplateFields, signer: Signer, hash: HashName): Promise<string> {
  const times = timeElements(fields.precondition ?? {})
  const body = element(
    'BODY',
    { type: 'Microsoft Official Rights Template' },
    issuedTimeElement(fields.issuedTime),
    descriptorElement({ idType: 'MS-GUID', id: fields.guid, name: descriptorName(fields.texts) }),
    issuerElement(fields.issuer, { withSecurityLevels: false }),
    distributionPointElement('Publishing-URL', fields.licensingUrl),
    fields.referralAddress === undefined
      ? undefined
      : referralInfoElement(fields.referralAddress, undefined, 'template'),
    element(
      'WORK',
      {},
      objectElement({ idType: '', id: '' }),
      times.length === 0 ? undefined : element('PRECONDITIONLIST', {}, times),
      rightsGroup([{ right: 'OWNER', principal: ownerPrincipal }, ...fields.grants]),
    ),
    (fields.applicationData ?? []).map(({ name, value }) =>
      element('AUTHENTICATEDDATA', { name, id: 'APPSPECIFIC' }, text(value)),
    ),
  )
  return withDeclaration(await signDocument(body, { signer, hash, surface: 'server' }))
}

/** One entry for each language, a line feed after each: never CR, it would not survive a parser. */
export function descriptorName(texts: readonly TemplateText[]): string {
  return texts.map(({ lcid, name, description }) => `LCID ${lcid}:NAME ${name}:DESCRIPTION ${description};\n`).join('')
}

/** Whether `readDescriptorName` gives these texts again: the marks between them may stand in none. */
export function canBeTold(texts: readonly TemplateText[]): boolean {
  const plain = texts.map(({ lcid, name, description }) => ({ lcid, name, description }))
  return isDeepStrictEqual(readDescriptorName(descriptorName(plain)), plain)
}

/** The inverse of `descriptorName`; what does not have the form is passed over. */
export function readDescriptorName(name: string): readonly TemplateText[] {
  return [...name.matchAll(/LCID (\d+):NAME ([^]*?):DESCRIPTION ([^]*?);(?=\s*LCID |\s*$)/g)].map((match) => ({
    lcid: Number(match[1]),
    name: match[2] ?? '',
    description: match[3] ?? '',
  }))
}
