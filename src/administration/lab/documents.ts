/** The documents that came and went: those of the journals of all nodes and those that are kept for good, each once, with those above and below it. */
import type { KeptFacts } from '../../cluster/store/kept-document-store.js'
import type { Explanation } from '../../explain/explanation.js'
import { fits, plainFilter, type DocumentFilter } from '../../lab/documents/document-filter.js'
import { LabInputError } from '../../lab/input-error.js'
import { blankBody } from '../../lab/journal/blank-secrets.js'
import type { FoundDocument } from '../../lab/journal/found-documents.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { documentsAtNodes, forgetAtNodes, textAtNodes, type Found } from './documents-at-nodes.js'
import { explainBytes, type Explaining } from './explain.js'
import type { Gap } from './journal-nodes.js'

export { documentKinds, type DocumentFilter } from '../../lab/documents/document-filter.js'

export interface LabDocument extends Omit<FoundDocument, 'ended' | 'issuer' | 'issuing'> {
  /** It is kept for good. */
  readonly kept?: true
}

export interface DocumentPage {
  /** The latest first. */
  readonly documents: readonly LabDocument[]
  /** How many fit in all. */
  readonly matched: number
  readonly gaps: readonly Gap[]
}

/** One document, and those that it has to do with. */
export interface DocumentPlace {
  readonly document: LabDocument
  /** The certificate of its issuer, the one of that one's issuer, and so on. */
  readonly issuers: readonly LabDocument[]
  /** What was issued with it, the latest first; a hundred at most. */
  readonly children: readonly LabDocument[]
}

export interface DocumentsForgotten {
  /** How many were kept for good. */
  readonly removed: number
  /** Nodes that could not be told: what they have not written yet may come. */
  readonly gaps: readonly Gap[]
}

/** As it is found, wherever that is. */
type Known = FoundDocument & Pick<LabDocument, 'kept'>

const mostChildren = 100
const longestChain = 10
const mostExchanges = 20

/** @throws LabInputError, DatabaseAway */
export async function listDocuments(
  office: LabOffice,
  filter: DocumentFilter,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<DocumentPage> {
  const plain = plainFilter(filter)
  const { found, gaps } = await documentsAtNodes(office)
  const { keptDocuments } = office.store
  const isKept = await keptAmong(office, found)
  const loose = [...found.values()].filter((document) => !isKept.has(document.hash) && fits(document, plain))
  // Loose ones may stand before all of those that are left out here, which stand before the page in any case.
  const offset = Math.max(0, skip - loose.length)
  const [rows, count] = await Promise.all([
    keptDocuments.list(plain, { limit: limit + loose.length, offset }),
    keptDocuments.count(plain),
  ])
  const all = latestFirst([...rows.map((row) => knownOf(row, found)), ...loose])
  return {
    documents: all.slice(skip - offset, skip - offset + limit).map(shownOf),
    matched: count + loose.length,
    gaps,
  }
}

/** Hashes of those in journals that are kept for good, too. */
async function keptAmong({ store }: LabOffice, found: Found['found']): Promise<ReadonlySet<string>> {
  return (await store.keptDocuments.any()) ? store.keptDocuments.known([...found.keys()]) : new Set()
}

function latestFirst(documents: readonly Known[]): readonly Known[] {
  return documents.toSorted((one, other) => other.ended - one.ended)
}

/** What is kept says how often and when it was seen; the journal, in which exchanges that are still there. */
function knownOf({ firstExchange, lastExchange, ...kept }: KeptFacts, found: Found['found']): Known {
  const exchanges = [...(found.get(kept.hash)?.exchanges ?? []), lastExchange, firstExchange]
  return { ...kept, exchanges: [...new Set(exchanges)].slice(0, mostExchanges), kept: true }
}

/** @throws Problem 404 when it is not there (any more), LabInputError, DatabaseAway */
export async function findDocument(office: LabOffice, hash: string): Promise<DocumentPlace> {
  const known = requireHash(hash)
  const { found } = await documentsAtNodes(office)
  const { keptDocuments } = office.store
  const row = await keptDocuments.find(known)
  const document = row === undefined ? (found.get(known) ?? gone(known)) : knownOf(row, found)
  const { issuing } = document
  return {
    document: shownOf(document),
    issuers: (await issuersOf(office, document, found)).map(shownOf),
    children:
      issuing === undefined
        ? []
        : together(
            await keptDocuments.issuedWith(issuing, mostChildren),
            [...found.values()].filter(({ issuer }) => issuer === issuing),
            found,
          )
            .slice(0, mostChildren)
            .map(shownOf),
  }
}

/** Each once, the latest first. */
function together(
  kept: readonly KeptFacts[],
  loose: readonly FoundDocument[],
  found: Found['found'],
): readonly Known[] {
  const all = new Map<string, Known>(loose.map((document) => [document.hash, document]))
  for (const row of kept) all.set(row.hash, knownOf(row, found))
  return latestFirst([...all.values()])
}

async function issuersOf(
  { store }: LabOffice,
  document: FoundDocument,
  found: Found['found'],
): Promise<readonly Known[]> {
  const chain: Known[] = []
  let last: FoundDocument | undefined = document
  while (last?.issuer !== undefined && chain.length < longestChain) {
    const { issuer }: FoundDocument = last
    const candidates = together(
      await store.keptDocuments.issuing(issuer, mostChildren),
      [...found.values()].filter(({ issuing }) => issuing === issuer),
      found,
    )
    const next: Known | undefined = candidates.find(({ hash }) => !chain.some((other) => other.hash === hash))
    if (next !== undefined) chain.push(next)
    last = next
  }
  return chain
}

/**
 * The text as it travelled; without private keys, unless the journal shows secrets.
 * @throws Problem 404, LabInputError, DatabaseAway
 */
export async function documentText(
  office: LabOffice,
  hash: string,
): Promise<{ readonly text: string; readonly isBlanked: boolean }> {
  const known = requireHash(hash)
  const { found, secrets } = await textAtNodes(office, known)
  const text = found?.text ?? (await office.store.keptDocuments.text(known)) ?? gone(known)
  const shown = found?.shown ?? (secrets ? text : blankBody(text, 'text/xml'))
  return { text: shown, isBlanked: shown !== text }
}

/**
 * With the certificates above it, as far as they are there.
 * @throws Problem 404, LabInputError, DatabaseAway
 */
export async function explainDocument(office: LabOffice, explaining: Explaining, hash: string): Promise<Explanation> {
  const { document, issuers } = await findDocument(office, hash)
  const texts = await Promise.all([document, ...issuers].map(async (one) => wholeText(office, one.hash)))
  return explainBytes(explaining, Buffer.from(texts.join('')))
}

async function wholeText(office: LabOffice, hash: string): Promise<string> {
  return (await office.store.keptDocuments.text(hash)) ?? (await textAtNodes(office, hash)).found?.text ?? gone(hash)
}

/**
 * Forgets those that are kept for good. What is in the journals stays there until these let it go.
 * @throws DatabaseAway
 */
export async function forgetDocuments(office: LabOffice): Promise<DocumentsForgotten> {
  const gaps = await forgetAtNodes(office)
  return { removed: await office.store.keptDocuments.clear(), gaps }
}

function requireHash(hash: string): string {
  if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase()
  throw new LabInputError(`"${hash.slice(0, 100)}" is no hash of a document: it has 64 digits from 0 to f`)
}

function gone(hash: string): never {
  return problem(404, `No server has the document ${hash} in its journal (any more), and it is not kept for good`)
}

/** Keys are only for finding each other. */
function shownOf({ ended: _ended, issuer: _issuer, issuing: _issuing, ...document }: Known): LabDocument {
  return document
}
