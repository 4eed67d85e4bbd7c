/** The XrML documents that came and went with an exchange, by the hash of their text. */
import { createHash } from 'node:crypto'
import { findDocuments } from '../../explain/find-documents.js'
import { glanceAt, type DocumentKind } from '../../xrml/document.js'
import { textOf, type Body, type Exchange } from './exchange.js'

export interface DocumentFacts {
  readonly kind: DocumentKind
  /** Of its DESCRIPTOR: mostly a GUID. */
  readonly id?: string
  /** SHA-256 of the text from `<XrML` to `</XrML>` in UTF-8, in hexadecimal. */
  readonly hash: string
  readonly characters: number
}

export interface JournalDocument extends DocumentFacts {
  readonly direction: 'in' | 'out'
}

/** An exchange never changes: its documents are looked for once. */
const found = new WeakMap<Exchange, readonly JournalDocument[]>()

export function documentsOf(exchange: Exchange): readonly JournalDocument[] {
  const before = found.get(exchange)
  if (before !== undefined) return before
  const documents = [
    ...textsIn(exchange.request.body).map((text) => describe('in', text)),
    ...textsIn(exchange.answer.body).map((text) => describe('out', text)),
  ]
  found.set(exchange, documents)
  return documents
}

function describe(direction: 'in' | 'out', text: string): JournalDocument {
  return { direction, ...documentFacts(text) }
}

/** @param text from `<XrML` to `</XrML>` */
export function documentFacts(text: string): DocumentFacts {
  const { kind, id } = glanceAt(text)
  const hash = createHash('sha256').update(text, 'utf8').digest('hex')
  return { kind, ...(id === undefined ? {} : { id }), hash, characters: text.length }
}

/** The documents in a message: as they are, as escaped text, or in base64. */
export function textsIn(body: Body): readonly string[] {
  const text = textOf(body)
  return [...documentsIn(text), ...base64In(text).flatMap(documentsIn)]
}

/** There may be too many for the explainer: the journal does without them. */
function documentsIn(text: string): readonly string[] {
  if (!text.includes('XrML')) return []
  try {
    return findDocuments(Buffer.from(text, 'utf8'))
  } catch (error) {
    if (error instanceof RangeError) return []
    throw error
  }
}

/** Members of JSON and elements of SOAP that carry a file. */
const carried = /(?:"Serialized\w*"\s*:\s*"|<(?:[\w.-]+:)?Certificate\b[^<>]*>)([A-Za-z0-9+/=\s\\]{64,})/g

/** As text, whatever its encoding was: zeros are those of UTF-16. */
function base64In(text: string): readonly string[] {
  return [...text.matchAll(carried)].map(([, value = '']) => {
    const bytes = Buffer.from(value.replace(/\\[rnt]|\\/g, ''), 'base64')
    return bytes.toString(bytes.includes(0) ? 'utf16le' : 'utf8')
  })
}
