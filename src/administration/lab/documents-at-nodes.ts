/** The documents in the journals of all nodes, each once; and what nodes that keep documents for good have not written yet. */
import type { DocumentsHere, TextHere } from '../../lab/journal/asking.js'
import type { FoundDocument, FoundText } from '../../lab/journal/found-documents.js'
import type { LabOffice } from './ask-server.js'
import { askAll, type Asked, type Gap } from './journal-nodes.js'

export interface Found {
  /** By hash. */
  readonly found: ReadonlyMap<string, FoundDocument>
  readonly gaps: readonly Gap[]
}

/** Nodes that keep documents for good have written them when this resolves, as far as the database takes them. */
export async function documentsAtNodes(office: LabOffice): Promise<Found> {
  const asked = await askAll<DocumentsHere>(office, 'POST', '/lab/documents/list', () => ({}))
  const found = new Map<string, FoundDocument>()
  for (const document of asked.flatMap((one) => ('answer' in one ? one.answer.documents : []))) {
    const other = found.get(document.hash)
    found.set(document.hash, other === undefined ? document : both(other, document))
  }
  return { found, gaps: asked.flatMap(gapsOf) }
}

function both(one: FoundDocument, other: FoundDocument): FoundDocument {
  const later = one.ended >= other.ended ? one : other
  return {
    ...later,
    first: one.first < other.first ? one.first : other.first,
    last: one.last > other.last ? one.last : other.last,
    seen: one.seen + other.seen,
    exchanges: [...one.exchanges, ...other.exchanges].slice(0, 20),
  }
}

function gapsOf(asked: Asked<DocumentsHere>): readonly Gap[] {
  const { node } = asked
  if ('why' in asked) return [{ node, text: asked.why }]
  const { waiting = 0, missed = 0 } = asked.answer
  return [
    ...(waiting === 0
      ? []
      : [{ node, text: `the database has not taken the documents of ${exchanges(waiting)} of ${node} yet` }]),
    ...(missed === 0
      ? []
      : [{ node, text: `those of ${exchanges(missed)} of ${node} are not kept, as too many waited for the database` }]),
  ]
}

function exchanges(count: number): string {
  return count === 1 ? '1 exchange' : `${count} exchanges`
}

/** What nodes have of a text in their journals, and whether all of them show private keys. */
export async function textAtNodes(
  office: LabOffice,
  hash: string,
): Promise<{ readonly found: FoundText | undefined; readonly secrets: boolean }> {
  const asked = await askAll<TextHere>(office, 'POST', '/lab/documents/find', () => ({ hash }))
  const answers = asked.flatMap((one) => ('answer' in one ? [one.answer] : []))
  return {
    found: answers.find((answer) => answer.found !== undefined)?.found,
    secrets: answers.length > 0 && answers.every(({ secrets }) => secrets),
  }
}

/** What they have not written yet is not written. @returns who could not be told */
export async function forgetAtNodes(office: LabOffice): Promise<readonly Gap[]> {
  const told = await askAll<object>(office, 'DELETE', '/lab/documents', () => undefined)
  return told.flatMap((one) => ('why' in one && !one.keepsNone ? [{ node: one.node, text: one.why }] : []))
}
