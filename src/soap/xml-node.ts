/**
 * XrML inside messages ([MS-RMPR] 2.2.4.1). Signatures cover the characters as they stand, so documents go in and out as text and
 * are never printed again from a tree.
 */
import { decodeText } from '../xml/decode.js'
import { child, childrenNamed, outerText } from '../xml/read.js'
import type { XmlElement } from '../xml/read.js'
import { asMarkup, element, joined } from '../xml/write.js'
import type { Markup } from '../xml/write.js'

/** In characters: a publishing license of 8 MiB in UTF-16. */
const longestBase64 = 22 * 1024 * 1024

/**
 * The document inside an element of mixed content, as it stands in the message. Some SOAP stacks (strong-soap) send it as
 * escaped text, some programs as base64 of its file (UTF-8 or UTF-16): that is unescaped or decoded, and not yet known to be well-formed.
 * @returns undefined for an absent or empty element, and for text that is no document
 */
export function readXmlNode(holder: XmlElement | undefined): string | undefined {
  const document = holder?.children[0]
  if (document !== undefined) return outerText(document)
  const written = holder?.text.trim() ?? ''
  return written.startsWith('<') ? written : fromBase64(written)
}

function fromBase64(written: string): string | undefined {
  if (written.length > longestBase64 || !/^[A-Za-z0-9+/\s]+={0,2}$/.test(written)) return undefined
  try {
    const document = decodeText(Buffer.from(written, 'base64')).trim()
    return document.startsWith('<') ? document : undefined
  } catch {
    return undefined
  }
}

/** The documents of an ArrayOfXmlNode in their order, leaf first. Empty Certificates are left out. */
export function readXmlNodes(array: XmlElement | undefined): readonly string[] {
  return childrenNamed(array, 'Certificate')
    .map(readXmlNode)
    .filter((document) => document !== undefined)
}

/** The same for a named member of a message part. */
export function readXmlNodesOf(part: XmlElement | undefined, name: string): readonly string[] {
  return readXmlNodes(child(part, name))
}

/**
 * A document as it is put into a message: without XML declaration, and outside of the service's namespace. Only the start tag of
 * the root may change, which no signature covers.
 * @param document well-formed
 */
export function xmlNode(document: string): Markup {
  const isBare = /^<[^?]/.test(document) && document.endsWith('>')
  const root = isBare ? document : document.replace(/^\uFEFF?\s*(<\?xml[^>]*\?>)?\s*/, '').trimEnd()
  const startTag = root.startsWith('<') ? root.slice(0, root.indexOf('>') + 1) : ''
  return asMarkup(/\sxmlns\s*=/.test(startTag) ? root : root.replace(/^<[^\s/>]+/, '$& xmlns=""'))
}

/** An ArrayOfXmlNode under that name. */
export function xmlNodes(name: string, documents: readonly string[]): Markup {
  return element(name, {}, certificates(documents))
}

/** What stands in an ArrayOfXmlNode. */
export function certificates(documents: readonly string[]): Markup {
  return joined(documents.map((document) => element('Certificate', {}, xmlNode(document))))
}
