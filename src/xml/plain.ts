/**
 * The quick way to read XML: text as RMS servers, clients and SOAP stacks write it nearly always. It gives up (undefined) at anything else
 * (entities, comments, CDATA, carriage returns, names beyond ASCII, whatever is malformed), and read.ts asks the complete parser then: the result
 * is the same to the letter, only the time differs.
 */
import { readPlainTag, type PlainTag } from './plain-tag.js'
import type { XmlElement, XmlLimits } from './read.js'

/**
 * Asked at each `<`: an element that was read before from the very characters that stand here, or undefined. It must look the same wherever it
 * stands: without prefixes, and with a default namespace of its own. Its spans are those of its own `source`.
 */
export type KnownElements = (source: string, start: number) => KnownElement | undefined

export interface KnownElement {
  readonly root: XmlElement
  /** Elements in it, itself included, and how deep they are nested: they count for the limits as if they were read. */
  readonly elements: number
  readonly depth: number
}

type Draft = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[] }

/** Namespace URIs by prefix, '' for the default one. */
type Scope = Readonly<Record<string, string>>

interface Open {
  readonly draft: Draft
  /** `</name>` */
  readonly endTag: string
  readonly scope: Scope
}

const declaration = /^<\?xml version="1\.0"(?: encoding="[A-Za-z][A-Za-z0-9._-]*")? ?\?>/
const outermost: Scope = scopeWith(undefined, [['', '']])
const openAngle = 0x3c
const slash = 0x2f

interface Reading {
  readonly source: string
  readonly limits: XmlLimits
  readonly open: Open[]
  root: XmlElement | undefined
  /** Elements so far. */
  count: number
  /** What comes before is read. */
  at: number
}

/** As readXml; undefined when this text is not so plain, or not well-formed, or beyond a limit. */
export function readPlainXml(source: string, limits: XmlLimits, known?: KnownElements): XmlElement | undefined {
  const reading: Reading = {
    source,
    limits,
    open: [],
    root: undefined,
    count: 0,
    at: declaration.exec(source)?.[0].length ?? 0,
  }
  while (takeText(reading)) {
    if (reading.at === source.length) return reading.open.length === 0 ? reading.root : undefined
    const good = source.charCodeAt(reading.at + 1) === slash ? takeEndTag(reading) : takeElement(reading, known)
    if (!good) return undefined
  }
  return undefined
}

/** The steps tell whether they understood what they saw. */
function takeText(reading: Reading): boolean {
  const { source, at } = reading
  const end = endOfText(source, at)
  if (end === undefined) return false
  const current = reading.open.at(-1)
  if (current !== undefined) current.draft.text += source.slice(at, end)
  // Outside of the document element white space alone may stand: that of XML, of which JavaScript has more.
  else if (/[^ \t\n]/.test(source.slice(at, end))) return false
  reading.at = end
  return true
}

function takeEndTag(reading: Reading): boolean {
  const { source, at } = reading
  const current = reading.open.pop()
  if (current === undefined || !source.startsWith(current.endTag, at)) return false
  current.draft.contentEnd = at
  reading.at += current.endTag.length
  current.draft.end = reading.at
  return true
}

function takeElement(reading: Reading, known: KnownElements | undefined): boolean {
  const { source, at, open, root } = reading
  if (open.length === 0 && root !== undefined) return false
  const whole = known?.(source, at)
  return whole === undefined ? takeStartTag(reading) : takeKnown(reading, whole)
}

function takeKnown(reading: Reading, { root, elements, depth }: KnownElement): boolean {
  const { limits, open } = reading
  reading.count += elements
  if (reading.count > limits.elements || open.length + depth > limits.depth) return false
  place(reading, root)
  reading.at += root.end - root.start
  return true
}

function takeStartTag(reading: Reading): boolean {
  const { source, at, open, limits } = reading
  const tag = readPlainTag(source.slice(at, source.indexOf('>', at) + 1))
  if (tag === undefined || open.length >= limits.depth || ++reading.count > limits.elements) return false
  const outer = open.at(-1)?.scope ?? outermost
  const scope = tag.declared.length === 0 ? outer : scopeWith(outer, tag.declared)
  if (!tag.prefixes.every((prefix) => scope[prefix])) return false
  reading.at += tag.length
  const draft = draftOf(tag, scope[tag.prefix] ?? '', source, at, reading.at)
  place(reading, draft)
  if (!tag.isEmpty) open.push({ draft, endTag: tag.endTag, scope })
  return true
}

function place(reading: Reading, element: XmlElement): void {
  const current = reading.open.at(-1)
  if (current === undefined) reading.root = element
  else current.draft.children.push(element)
}

function draftOf(
  { name, attributes, prefixed }: PlainTag,
  namespace: string,
  source: string,
  start: number,
  contentStart: number,
): Draft {
  return {
    name,
    namespace,
    attributes,
    children: [],
    text: '',
    prefixed,
    source,
    start,
    contentStart,
    contentEnd: contentStart,
    end: contentStart,
  }
}

/** Where the next `<` stands, or the end of all; undefined when there is anything before it that needs more than copying. */
function endOfText(source: string, from: number): number | undefined {
  const { length } = source
  for (let at = from; at < length; at++) {
    const code = source.charCodeAt(at)
    if (code === openAngle) return at
    // Below the surrogates; & begins an entity, ] may begin ]]>.
    if ((code < 0x20 && code !== 0x0a && code !== 0x09) || code === 0x26 || code === 0x5d || code > 0xd7ff)
      return undefined
  }
  return length
}

function scopeWith(outer: Scope | undefined, declared: readonly (readonly [string, string])[]): Scope {
  const scope = Object.create(outer ?? null) as Record<string, string>
  for (const [prefix, uri] of declared) scope[prefix] = uri
  return scope
}
