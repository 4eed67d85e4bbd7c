/**
 * Documents whose signature was found good, by their exact text. A certificate comes again with every request of its holder, the ones above it with
 * every request at all; whoever sends the same characters again gets the document that was read and verified then. What depends on the moment
 * (dates, exclusion, trust, who issued for whom) is no part of it and is looked at each time.
 *
 * The key is the end of the text, which is the signature; the whole text is compared. Those asked for longest ago are forgotten first.
 */
import { detached } from '../xml/detached.js'
import type { KnownElement } from '../xml/plain.js'
import type { XmlElement } from '../xml/read.js'
import type { XrmlDocument } from './document.js'

interface Known extends KnownElement {
  readonly document: XrmlDocument
}

/** A parsed document takes about four times its text. */
const mostCharacters = 4 * 2 ** 20
/** A longer one is rare, and would drive out many. */
const longestDocument = 64 * 1024

const known = new Map<string, Known>()
let characters = 0

const endTag = '</XrML>'
/** More than half of a signature, whatever its length. */
const keyLength = 120

const keyOf = (text: string): string => text.slice(-keyLength)

/** The document with exactly this text. */
export function knownDocument(text: string): XrmlDocument | undefined {
  return find(text)?.document
}

/** The element of the known document that begins here in a text; for readXml. */
export function knownElementAt(source: string, start: number): KnownElement | undefined {
  if (known.size === 0 || !source.startsWith('<XrML ', start)) return undefined
  const end = source.indexOf(endTag, start)
  return end < 0 ? undefined : find(source.slice(start, end + endTag.length))
}

/**
 * From now on this document is known, if it can be: it looks the same wherever it stands, and is not too long.
 * @param document whose signature is good
 */
export function rememberDocument(document: XrmlDocument): void {
  const { root, text } = document
  // Cut out of a longer text, it would keep that.
  const isLong = text.length > longestDocument || root.source.length !== text.length
  if (isLong || !standsAlone(text) || known.get(keyOf(text))?.document === document) return
  const size = measure(root)
  if (size === undefined) return
  const key = detached(keyOf(text))
  forget(key)
  known.set(key, { document, root, ...size })
  characters += text.length
  for (const oldest of known.keys()) {
    if (characters <= mostCharacters) break
    forget(oldest)
  }
}

function find(text: string): Known | undefined {
  const key = keyOf(text)
  const found = known.get(key)
  if (found?.document.text !== text) return undefined
  known.delete(key)
  known.set(key, found)
  return found
}

function forget(key: string): void {
  characters -= known.get(key)?.document.text.length ?? 0
  known.delete(key)
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
