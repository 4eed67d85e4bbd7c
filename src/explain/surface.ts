/** The characters of a document: are they those that a genuine server or client writes, and if not, what was done to them? */
import type { HashName } from '../crypto/modes.js'
import { surfaceDigest } from '../crypto/signed-octets.js'
import type { XmlElement } from '../xml/read.js'
import type { XrmlDocument } from '../xrml/document.js'
import type { DocumentExplanation } from './explanation.js'

const serverRoot = '<XrML xmlns="" version="1.2">'
const clientRoot = '<XrML version="1.2" xmlns="">'
const purpose = ' purpose="Content-License"'
const bodyTags = [
  '<BODY type="LICENSE" version="3.0">',
  '<BODY type="Microsoft Rights Label" version="3.0">',
  '<BODY type="Microsoft Rights Template" version="3.0">',
  '<BODY type="Microsoft Official Rights Template">',
]

/** What may have been done to a BODY on its way, and how to undo it. */
const changes: readonly { readonly what: string; readonly seen: RegExp; readonly undo: readonly [RegExp, string] }[] = [
  { what: 'white space between its tags', seen: />\s+</, undo: [/>\s+</g, '><'] },
  { what: '<X/> in place of <X />', seen: /[^\s]\/>/, undo: [/([^\s])\/>/g, '$1 />'] },
  {
    what: '<X></X> in place of <X />',
    seen: /<([^\s<>/]+)(?=[\s>])[^<>]*><\/\1>/,
    undo: [/<([^\s<>/]+)(?=[\s>])([^<>]*)><\/\1>/g, '<$1$2 />'],
  },
  { what: 'a namespace on BODY', seen: /^<BODY[^>]* xmlns/, undo: [/^(<BODY[^>]*?)\sxmlns(?::\w+)?="[^"]*"/, '$1'] },
  { what: 'CR in its line breaks', seen: /\r/, undo: [/\r\n?/g, '\n'] },
]
/** MSIPC writes empty security levels so; it signed them so. */
const genuineLongForm = /><\/SECURITYLEVEL>/g

export function judgeSurface(document: XrmlDocument): DocumentExplanation['surface'] {
  const body = document.bodyText.replaceAll(genuineLongForm, ' />')
  const frame = document.text.replace(document.bodyText, () => '')
  const maker = makerOf(document)
  const notes = [
    ...judgeStart(document, maker),
    ...changes.filter(({ seen }) => seen.test(body)).map(({ what }) => `BODY has ${what}`),
    ...(/>\s+</.test(frame) ? ['there is white space between tags outside of BODY, which no digest covers'] : []),
    ...wrongSizes(document.body.element),
  ]
  return { ok: notes.length === 0, maker, notes }
}

function judgeStart(document: XrmlDocument, maker: string): readonly string[] {
  const { kind } = document
  const tag = startTag(document)
  const bodyTag = /^<BODY[^>]*>/.exec(document.bodyText)?.[0] ?? ''
  const notes: string[] = []
  if (![serverRoot, clientRoot].includes(tag.replace(purpose, ''))) notes.push(`the document starts with ${tag}`)
  else if (maker === 'unknown') {
    notes.push(
      `${tag} and ${document.signature?.children[0]?.name ?? 'nothing'} first in SIGNATURE do not go together: neither a server nor a client writes a ${kind} so`,
    )
  }
  if (tag.includes(purpose) !== (kind === 'UL'))
    notes.push(
      `the purpose Content-License is that of a UL alone, and a UL has it; this is a ${kind} that starts with ${tag}`,
    )
  if (!bodyTags.includes(bodyTag)) notes.push(`BODY starts with ${bodyTag}`)
  return notes
}

function startTag(document: XrmlDocument): string {
  return /^<XrML[^>]*>/.exec(document.text)?.[0] ?? ''
}

/**
 * @param expected base64 of the digest that was signed
 * @returns what was done to BODY, when undoing it makes the digest fit
 */
export function findChange(document: XrmlDocument, hash: HashName, expected: string): string | undefined {
  const seen = changes.filter((change) => change.seen.test(document.bodyText))
  for (let choice = 1; choice < 2 ** seen.length; choice++) {
    const chosen = seen.filter((_, index) => (choice & (1 << index)) !== 0)
    const undone = chosen.reduce((text, { undo }) => text.replace(...undo), document.bodyText)
    if (surfaceDigest(undone, hash).toString('base64') === expected) return chosen.map(({ what }) => what).join(' and ')
  }
  const shortened = document.bodyText.replaceAll(' />', '/>')
  return surfaceDigest(shortened, hash).toString('base64') === expected ? '<X /> in place of <X/>' : undefined
}

function makerOf(document: XrmlDocument): string {
  const root = startTag(document).replace(purpose, '')
  const first = document.signature?.children[0]?.name
  const byRoot = root === serverRoot ? 'server' : root === clientRoot ? 'client' : 'unknown'
  // A machine's certificate has a client's start and a server's signature.
  if (document.kind === 'SPC') return byRoot === 'client' && first === 'DIGEST' ? 'client' : 'unknown'
  if (first === undefined) return byRoot
  return byRoot === (first === 'DIGEST' ? 'server' : 'client') ? byRoot : 'unknown'
}

/** `size` counts the bits of the value; only the hardware hash of a genuine machine has more than it says. */
function wrongSizes(element: XmlElement): readonly string[] {
  if (element.name === 'DIGEST') return []
  const { size, encoding } = element.attributes
  const bits = Buffer.from(element.text, 'base64').length * 8
  const own =
    element.name === 'VALUE' && encoding === 'base64' && size !== String(bits)
      ? [`a VALUE says size="${size ?? ''}" and has ${bits} bits`]
      : []
  return [...own, ...element.children.flatMap(wrongSizes)]
}
