/** A server that issues badly on purpose: whatever is issued with it fails exactly one check, and is good in all others. */
import type { KeyPool } from '../../crypto/key-pool.js'
import type { ModeRules } from '../../crypto/modes.js'
import type { Signer } from '../../crypto/signer.js'
import { childrenNamed, descend, outerText } from '../../xml/read.js'
import { asMarkup, element, type Markup } from '../../xml/write.js'
import { readOneDocument, type XrmlDocument } from '../../xrml/document.js'
import type { Issuing } from '../../xrml/issuing.js'
import { signDocument } from '../../xrml/signature.js'
import { addSeconds, rangeElement, secondsPerDay, toMinute, type TimeRange } from '../../xrml/times.js'
import type { DocumentFault } from './document-fault.js'
import { otherAccountKey, otherHierarchy } from './other-hierarchy.js'

export interface Workshop {
  readonly rules: ModeRules
  readonly keyPairs: KeyPool
  /** By the clock of the lab. */
  readonly now: Date
}

/** What to issue with, in place of `good`. */
export async function issuingBadly(fault: DocumentFault, good: Issuing, workshop: Workshop): Promise<Issuing> {
  const { rules, keyPairs, now } = workshop
  const { chain, signer } = good
  switch (fault) {
    case 'wrong-digest':
      return { ...good, spoiling: { document: async (text) => withWrongDigest(text) } }
    case 'wrong-signature':
      return { ...good, spoiling: { document: async (text) => withWrongSignature(text) } }
    case 'expired':
      return { ...good, spoiling: { document: (text) => dated(text, lastMonth(now), { signer, hash: rules.hash }) } }
    case 'not-yet-valid':
      return { ...good, spoiling: { document: (text) => dated(text, nextMonth(now), { signer, hash: rules.hash }) } }
    case 'other-root':
      return otherHierarchy(good, rules, keyPairs)
    case 'missing-issuer':
      return { ...good, chain: chain.slice(1) }
    case 'wrong-order':
      return { ...good, chain: chain.toReversed() }
    case 'other-account':
      return { ...good, spoiling: { holder: await otherAccountKey(rules, keyPairs) } }
  }
}

/** Somebody moved ISSUEDTIME by a minute: DIGEST and SIGNATURE fit each other, and not BODY. */
export function withWrongDigest(text: string): string {
  return text.replace(/(<ISSUEDTIME>[^<]*?)(\d)(?=[^\d<]*<\/ISSUEDTIME>)/, (_all, before: string, digit: string) =>
    digit === '9' ? `${before}8` : `${before}${Number(digit) + 1}`,
  )
}

/** Another last bit of the signature: DIGEST fits BODY. */
export function withWrongSignature(text: string): string {
  const { signature } = readOneDocument(text)
  const value = childrenNamed(signature, 'VALUE')[0]
  if (value === undefined) return text
  const bytes = Buffer.from(value.text, 'base64')
  const last = bytes.length - 1
  bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last)
  return replaceLast(text, value.text, bytes.toString('base64'))
}

function replaceLast(text: string, part: string, by: string): string {
  const place = text.lastIndexOf(part)
  return text.slice(0, place) + by + text.slice(place + part.length)
}

const lastMonth = (now: Date): TimeRange => range(now, -31, -1)
const nextMonth = (now: Date): TimeRange => range(now, 1, 31)

function range(now: Date, from: number, until: number): TimeRange {
  const day = (days: number): Date => toMinute(addSeconds(now, days * secondsPerDay))
  return { from: day(from), until: day(until) }
}

/** The document with other dates, signed anew by its issuer. When it was issued is as it was: its issuer might issue then. */
async function dated(
  text: string,
  times: TimeRange,
  by: { readonly signer: Signer; readonly hash: ModeRules['hash'] },
): Promise<string> {
  const document = readOneDocument(text)
  const { purpose } = document.root.attributes
  return signDocument(withDates(document, times), {
    ...by,
    surface: 'server',
    ...(purpose === undefined ? {} : { purpose }),
  })
}

/** Each kind says at another place from when until when it holds. */
function withDates({ kind, bodyText, body }: XrmlDocument, times: TimeRange): Markup {
  if (kind === 'CLC')
    return asMarkup(bodyText.replace(/<RANGETIME>.*?<\/RANGETIME>/s, () => rangeElement('RANGETIME', times)))
  if (kind === 'UL') {
    const rights = descend(body.work, 'RIGHTSGROUP', 'RIGHTSLIST')
    return rights === undefined
      ? asMarkup(bodyText)
      : replaced(bodyText, outerText(rights), rightsWithin(outerText(rights), times))
  }
  const validity = rangeElement('VALIDITYTIME', times)
  if (body.validity !== undefined)
    return asMarkup(bodyText.replace(/<VALIDITYTIME>.*?<\/VALIDITYTIME>/s, () => validity))
  return replaced(bodyText, '</ISSUEDTIME>', `</ISSUEDTIME>${validity}`)
}

/** Each right in these times alone, whatever its times were. */
function rightsWithin(rights: string, times: TimeRange): string {
  const time = element('TIME', {}, rangeElement('RANGETIME', times))
  return rights.replace(/<TIME>.*?<\/TIME>/gs, '').replaceAll('</CONDITIONLIST>', () => `${time}</CONDITIONLIST>`)
}

function replaced(text: string, part: string, by: string): Markup {
  return asMarkup(text.replace(part, () => by))
}
