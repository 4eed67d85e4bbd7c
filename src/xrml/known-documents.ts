/**
 * Documents whose signature was found good, by their exact text. A certificate comes again with every request of its holder, the ones above it with
 * every request at all; whoever sends the same characters again gets the document that was read and verified then. What depends on the moment
 * (dates, exclusion, trust, who issued for whom) is no part of it and is looked at each time.
 *
 * The key is the end of the signature; the whole text is compared.
 */
import { recentMap } from '../recent.js'
import { detached } from '../xml/detached.js'
import type { KnownElement, KnownElements } from '../xml/plain.js'
import type { XmlElement } from '../xml/read.js'
import type { XrmlDocument } from './document.js'

interface Known extends KnownElement {
  readonly document: XrmlDocument
}

/** In characters. A parsed document takes about four times its text. */
const mostText = 1.5 * 2 ** 20
/** A longer one is rare, and would drive out many. */
const longestDocument = 64 * 1024

const known = recentMap<string, Known>(mostText)

/** How a signed document ends, as servers and clients of RMS write it. The longer what is searched for, the quicker it is found. */
const ending = '</VALUE></SIGNATURE></XrML>'
/** Characters of the signature, 180 bits of it. */
const keyLength = 30

const keyOf = (text: string): string => text.slice(-ending.length - keyLength, -ending.length)

/** The document with exactly this text. */
export function knownDocument(text: string): XrmlDocument | undefined {
  return find(text)?.document
}

/** For readXml, and one text: the element of the known document that begins at a place. */
export function knownElements(): KnownElements {
  // The first ending behind `from`. It is so for every place between the two: a text full of beginnings is searched once, not once for each.
  let [from, end] = [0, -1]
  return (source, start) => {
    if (!source.startsWith('<XrML ', start)) return undefined
    if (start < from || (end !== none && start > end)) [from, end] = [start, endBehind(source, start)]
    return end === none ? undefined : find(source.slice(start, end + ending.length))
  }
}

const none = Infinity

function endBehind(source: string, start: number): number {
  const found = source.indexOf(ending, start)
  return found < 0 ? none : found
}

/** The document that such an element is of. */
export function documentOf(root: XmlElement): XrmlDocument | undefined {
  const found = root.name === 'XrML' ? find(root.source) : undefined
  return found?.root === root ? found.document : undefined
}

/**
 * From now on this document is known, if it can be: it looks the same wherever it stands, and is not too long.
 * @param document whose signature is good
 */
export function rememberDocument(document: XrmlDocument): void {
  const { root, text } = document
  // Cut out of a longer text, it would keep that.
  const isLong = text.length > longestDocument || root.source.length !== text.length
  if (isLong || !text.endsWith(ending) || !standsAlone(text)) return
  const size = measure(root)
  if (size === undefined) return
  known.set(detached(keyOf(text)), { document, root, ...size }, text.length)
}

function find(text: string): Known | undefined {
  const found = known.get(keyOf(text))
  return found?.document.text === text ? found : undefined
}

/** Not only where the namespace of the element around it happens to be none. */
function standsAlone(text: string): boolean {
  return /^<XrML(?:\s[^<>]*)?\sxmlns\s*=/.test(text)
}

/** Undefined when a name in it has a prefix, which is bound to nothing elsewhere. */
function measure(element: XmlElement): { readonly elements: number; readonly depth: number } | undefined {
  if (element.prefixed) return undefined
  let [elements, depth] = [1, 0]
  for (const inner of element.children) {
    const size = measure(inner)
    if (size === undefined) return undefined
    elements += size.elements
    depth = Math.max(depth, size.depth)
  }
  return { elements, depth: depth + 1 }
}
