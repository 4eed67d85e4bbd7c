/** Certificates out of a request: text to documents, with bounds ([MS-RMPR] 3.4.4.1, product notes 42 and 43). */
import type { ExceptionKey } from '../exceptions.js'
import { refuse } from '../exceptions.js'
import { readXmlNode } from '../soap/xml-node.js'
import { detached } from '../xml/detached.js'
import { childrenNamed, MalformedXml, type XmlElement } from '../xml/read.js'
import { MalformedXrml } from '../xrml/body.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { documentOf, knownDocument } from '../xrml/known-documents.js'

export interface ChainLimits {
  readonly count: number
  /** Of one certificate, in bytes of UTF-8. */
  readonly bytes: number
}

/** Windows takes a hundred account certificates of 30 KiB, and a PL of 8 MiB. */
export const accountCertificateLimits: ChainLimits = { count: 100, bytes: 30_720 }
export const publishingLicenseLimits: ChainLimits = { count: 100, bytes: 8 * 1024 * 1024 }

/**
 * The chain in an ArrayOfXmlNode, leaf first.
 * @param unreadable the exception for what is not a chain of XrML documents
 */
export function readChain(
  array: XmlElement | undefined,
  limits: ChainLimits,
  unreadable: ExceptionKey,
): readonly XrmlDocument[] {
  const found = childrenNamed(array, 'Certificate').flatMap((holder) => documentIn(holder) ?? [])
  if (found.length === 0) refuse('ArgumentNull', `${array?.name ?? 'The certificate chain'} has no certificate`)
  if (found.length > limits.count)
    refuse(unreadable, `there are ${found.length} certificates, at most ${limits.count} are taken`)
  return found.map((document) => readCertificate(document, limits.bytes, unreadable))
}

/** A known document, or the text of another one. */
function documentIn(holder: XmlElement): XrmlDocument | string | undefined {
  const [root] = holder.children
  return (root === undefined ? undefined : documentOf(root)) ?? readXmlNode(holder)
}

/** One document. */
export function readCertificate(found: XrmlDocument | string, bytes: number, unreadable: ExceptionKey): XrmlDocument {
  const text = typeof found === 'string' ? found : found.text
  const length = 3 * text.length > bytes ? Buffer.byteLength(text) : text.length
  if (length > bytes) refuse(unreadable, `a certificate has ${length} bytes, at most ${bytes} are taken`)
  const known = typeof found === 'string' ? knownDocument(text) : found
  if (known !== undefined) return known
  const document = reading(unreadable, () => readOneDocument(detached(text)))
  if (hasPrefixes(document.body.element))
    refuse(unreadable, `the ${document.kind} has names with a namespace prefix: no XrML of RMS has`)
  return document
}

/** Parts of documents are copied to the letter into what is issued, where a prefix would be bound to nothing. */
export function hasPrefixes(element: XmlElement): boolean {
  return element.prefixed || element.children.some(hasPrefixes)
}

/** Runs a reader of XrML; what it cannot read becomes the exception of the operation. */
export function reading<Result>(unreadable: ExceptionKey, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (
      error instanceof MalformedXml ||
      error instanceof MalformedXrml ||
      error instanceof RangeError ||
      error instanceof TypeError
    ) {
      return refuse(unreadable, error.message)
    }
    throw error
  }
}
