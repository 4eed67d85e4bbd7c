/**
 * Text to tree, with the exact place of every element in the text. Knows nothing about RMS.
 *
 * XrML signatures cover characters as they stand, so nothing here re-serializes: whoever needs an element's
 * text cuts it out of `source` by `start` and `end`.
 */
import { SaxesParser } from 'saxes'
import { readPlainXml, type KnownElements } from './plain.js'

export interface XmlElement {
  /** Local name, without prefix. */
  readonly name: string
  /** Namespace URI, '' when there is none. */
  readonly namespace: string
  /** Attributes by local name; namespace declarations are left out. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Character data directly inside this element, entities resolved, not trimmed. */
  readonly text: string
  /** Whether its name or one of its attributes has a namespace prefix. */
  readonly prefixed: boolean
  /** The whole text this element was read from; `start` and `end` index it. */
  readonly source: string
  /** Index of the '<' of the start tag. */
  readonly start: number
  /** Index behind the '>' of the end tag. */
  readonly end: number
  /** Index behind the '>' of the start tag; equals `end` for an empty-element tag. */
  readonly contentStart: number
  /** Index of the '<' of the end tag; equals `end` for an empty-element tag. */
  readonly contentEnd: number
}

export interface XmlLimits {
  readonly depth: number
  readonly elements: number
}

/** Deep enough for any RMS message; saxes is quadratic in depth, so the bound is also one on time. */
export const defaultXmlLimits: XmlLimits = { depth: 100, elements: 100_000 }

/** An envelope with all its namespaces has about ten; saxes is slow with thousands. */
const mostAttributes = 100

/** The text is not XML, or not XML that we accept (DTD, depth, count). `offset` is a character index. */
export class MalformedXml extends Error {
  override readonly name = 'MalformedXml'
  readonly offset: number
  constructor(message: string, offset: number) {
    super(`${message} (at character ${offset})`)
    this.offset = offset
  }
}

type Draft = { -readonly [K in keyof XmlElement]: XmlElement[K] } & {
  children: Draft[]
  attributes: Record<string, string>
}

/**
 * Reads one XML document.
 * @param source decoded text, without byte order mark; an XML declaration is allowed, a DTD is not
 * @param known elements that need not be read again
 * @throws MalformedXml
 */
export function readXml(source: string, limits: XmlLimits = defaultXmlLimits, known?: KnownElements): XmlElement {
  return readPlainXml(source, limits, known) ?? readXmlWhole(source, limits)
}

/** The same by the complete parser alone. */
export function readXmlWhole(source: string, limits: XmlLimits = defaultXmlLimits): XmlElement {
  const roots = readElements(source, limits, false)
  const root = roots[0]
  if (root === undefined) throw new MalformedXml('There is no element', source.length)
  return root
}

/**
 * Reads a run of elements that follow each other, as certificate chains do outside SOAP. An XML declaration before any of
 * them is allowed.
 * @throws MalformedXml
 */
export function readXmlSequence(source: string, limits: XmlLimits = defaultXmlLimits): readonly XmlElement[] {
  return readElements(source, limits, true)
}

function readElements(source: string, limits: XmlLimits, sequence: boolean): readonly XmlElement[] {
  const parser = new SaxesParser({ xmlns: true, position: true, fragment: sequence })
  const roots: Draft[] = []
  const open: Draft[] = []
  let count = 0
  let attributeCount = 0
  const refuse = (why: string): never => {
    throw new MalformedXml(why, parser.position)
  }

  parser.on('error', (error) => refuse(error.message.replace(/^\d+:\d+:?\s*/, '')))
  parser.on('doctype', () => refuse('A document type declaration is not allowed'))
  parser.on('opentagstart', () => {
    attributeCount = 0
  })
  parser.on('attribute', () => {
    if (++attributeCount > mostAttributes) refuse(`An element has more than ${mostAttributes} attributes`)
  })
  parser.on('opentag', (tag) => {
    if (open.length >= limits.depth) refuse(`Elements are nested deeper than ${limits.depth}`)
    if (++count > limits.elements) refuse(`There are more than ${limits.elements} elements`)
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>
    let prefixed = tag.prefix !== ''
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix === 'xmlns' || attribute.name === 'xmlns') continue
      attributes[attribute.local] = attribute.value
      prefixed ||= attribute.prefix !== ''
    }
    const draft: Draft = {
      name: tag.local,
      namespace: tag.uri,
      attributes,
      children: [],
      text: '',
      prefixed,
      source,
      start: source.lastIndexOf('<', parser.position - 1),
      contentStart: parser.position,
      contentEnd: parser.position,
      end: parser.position,
    }
    open.at(-1)?.children.push(draft)
    if (open.length === 0) roots.push(draft)
    open.push(draft)
  })
  parser.on('closetag', (tag) => {
    const draft = open.pop()
    if (draft === undefined) return
    draft.end = parser.position
    draft.contentEnd = tag.isSelfClosing ? parser.position : source.lastIndexOf('<', parser.position - 1)
  })
  const addText = (text: string): void => {
    const draft = open.at(-1)
    if (draft !== undefined) draft.text += text
    else if (text.trim() !== '') refuse('There is text outside of an element')
  }
  parser.on('text', addText)
  parser.on('cdata', addText)

  if (sequence) writeWithoutDeclarations(parser, source)
  else parser.write(source)
  parser.close()
  return roots
}

/** A declaration inside a sequence is blanked out for the parser, so that every position stays that of `source`. */
function writeWithoutDeclarations(parser: { write(text: string): unknown }, source: string): void {
  parser.write(source.replace(/<\?xml\s[^<>]*\?>|\uFEFF/g, (declaration) => ' '.repeat(declaration.length)))
}

/** The element's exact text, tags included. */
export function outerText(element: XmlElement): string {
  return element.source.slice(element.start, element.end)
}

/** The exact text between the element's tags, not resolved. */
export function innerText(element: XmlElement): string {
  return element.source.slice(element.contentStart, element.contentEnd)
}

/** An element that stands in no text: with nothing in it. */
export function emptyElement(name: string, namespace: string): XmlElement {
  const nowhere = { source: '', start: 0, end: 0, contentStart: 0, contentEnd: 0 }
  return { name, namespace, attributes: {}, children: [], text: '', prefixed: false, ...nowhere }
}

/** First child with this local name, in any namespace. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name)
}

/** All children with this local name. */
export function childrenNamed(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? []
}

/** Follows a path of local names downwards, always taking the first. */
export function descend(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce<XmlElement | undefined>(child, element)
}
