/** An XrML document: its exact text, the exact text of its BODY, and what it is ([MS-RMPR] 2.2.9). */
import { child, outerText, readXml, readXmlSequence, type XmlElement, type XmlLimits } from '../xml/read.js'
import { decodeText } from '../xml/decode.js'
import { MalformedXrml, readBody, type Body } from './body.js'

export type DocumentKind = 'SPC' | 'RAC' | 'CLC' | 'SLC' | 'CA' | 'PL' | 'UL' | 'template' | 'rights data' | 'unknown'

export interface XrmlDocument {
  readonly kind: DocumentKind
  /** The XrML element. */
  readonly root: XmlElement
  /** `<XrML …>…</XrML>` as it stands. */
  readonly text: string
  /** `<BODY …>…</BODY>` as it stands: what the signature covers. */
  readonly bodyText: string
  readonly body: Body
  /** The SIGNATURE element; undefined in an unsigned document. */
  readonly signature: XmlElement | undefined
  /** What was made of it already, see once-per-document.ts. */
  readonly made: Map<symbol, unknown>
}

/**
 * Reads an XrML element, wherever it was found.
 * @throws MalformedXrml
 */
export function readDocument(root: XmlElement): XrmlDocument {
  if (root.name !== 'XrML') throw new MalformedXrml(`The element is <${root.name}>, not <XrML>`)
  const bodyElement = child(root, 'BODY')
  if (bodyElement === undefined) throw new MalformedXrml('The document has no BODY')
  const body = readBody(bodyElement)
  return {
    kind: kindOf(root, body),
    root,
    text: outerText(root),
    bodyText: outerText(bodyElement),
    body,
    signature: child(root, 'SIGNATURE'),
    made: new Map(),
  }
}

/**
 * Reads one document or a whole chain (documents that follow each other) from text.
 * @throws MalformedXml, MalformedXrml
 */
export function readDocuments(text: string, limits?: XmlLimits): readonly XrmlDocument[] {
  return readXmlSequence(text, limits).map(readDocument)
}

/** What stands before the first document of a file, and before a template wherever it travels. No digest covers it. */
export const xmlDeclaration = '<?xml version="1.0"?>'

/** A document or chain as the genuine files of version 3 and the REST services carry it (spec: xrml-crypto, rest-mde 7); readers take it without, too. */
export function withDeclaration(text: string): string {
  return text.startsWith('<?xml') ? text : xmlDeclaration + text
}

/** Reads exactly one document. */
export function readOneDocument(text: string, limits?: XmlLimits): XrmlDocument {
  return readDocument(readXml(text, limits))
}

/**
 * Text of a document or chain in any of the forms it travels in: UTF-8 or UTF-16LE with or without byte order mark, base64 of these,
 * or escaped into XML text.
 */
export function decodeDocuments(bytes: Uint8Array): string {
  const text = decodeText(bytes).trim()
  if (/^[A-Za-z0-9+/=\s]+$/.test(text)) return decodeText(Buffer.from(text, 'base64'))
  return text.startsWith('&lt;') ? readXml(`<escaped>${text}</escaped>`).text : text
}

const kindsByDescriptor: ReadonlyMap<string, DocumentKind> = new Map([
  ['Machine-Certificate', 'SPC'],
  ['Group-Identity-Credential', 'RAC'],
  ['Client-Licensor-Certificate', 'CLC'],
  ['Server-Licensor-Certificate', 'SLC'],
  ['DRM-CA-Certificate', 'CA'],
  ['Content-License', 'UL'],
])

const kindsByBody: ReadonlyMap<string, DocumentKind> = new Map([
  ['Microsoft Rights Label', 'PL'],
  ['Microsoft Official Rights Template', 'template'],
  ['Microsoft Rights Template', 'rights data'],
])

function kindOf(root: XmlElement, body: Body): DocumentKind {
  return kindBy(body.type, body.descriptor?.type ?? '', root.attributes.purpose ?? '')
}

function kindBy(bodyType: string, descriptor: string, purpose: string): DocumentKind {
  if (bodyType !== 'LICENSE') return kindsByBody.get(bodyType) ?? 'unknown'
  // The specification's own form of a UL has no OBJECT type; only its purpose tells it.
  return kindsByDescriptor.get(descriptor) ?? (purpose === 'Content-License' ? 'UL' : 'unknown')
}

/** What a document is by its first lines, without reading it: for lists of many. Nothing is decided by it. */
export function glanceAt(text: string): { readonly kind: DocumentKind; readonly id: string | undefined } {
  const head = text.slice(0, text.indexOf('<ISSUER') + 1 || 4000)
  const attribute = (tag: string, name: string): string =>
    new RegExp(`<${tag}\\s[^<>]*?\\b${name}="([^"<>]*)"`).exec(head)?.[1] ?? ''
  const [, descriptor = ''] = /<DESCRIPTOR>\s*<OBJECT(?:\s[^<>]*?\btype="([^"<>]*)")?/.exec(head) ?? []
  const [, id] = /<DESCRIPTOR>\s*<OBJECT[^<>]*>\s*<ID[^<>]*>\s*([^<>]*?)\s*</.exec(head) ?? []
  return { kind: kindBy(attribute('BODY', 'type'), descriptor, attribute('XrML', 'purpose')), id }
}
