/** The documents that came and went: those of the journals of all nodes, each once, with those above and below it. */
import type { Explanation } from '../../explain/explanation.js'
import { LabInputError } from '../../lab/input-error.js'
import { readChoice } from '../../lab/json-object.js'
import type { FoundDocument, FoundText } from '../../lab/journal/found-documents.js'
import { plainAddress } from '../../mail-address.js'
import type { DocumentKind } from '../../xrml/document.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { explainBytes, type Explaining } from './explain.js'
import { askAll, type Gap } from './journal-nodes.js'

export const documentKinds = [
  'SPC',
  'RAC',
  'CLC',
  'SLC',
  'CA',
  'PL',
  'UL',
  'template',
  'unknown',
] as const satisfies readonly DocumentKind[]

export interface DocumentFilter {
  readonly kind?: string
  /** Whom it is of: mail address, or the part before the @. */
  readonly account?: string
  /** Id of the content, or of the document itself: a GUID in any spelling. */
  readonly guid?: string
  /** The hash, or its beginning. */
  readonly hash?: string
}

export type LabDocument = Omit<FoundDocument, 'ended' | 'issuer' | 'issuing'>

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

const mostChildren = 100
const longestChain = 10

/** @throws LabInputError, DatabaseAway */
export async function listDocuments(
  office: LabOffice,
  filter: DocumentFilter,
  { limit, skip }: { readonly limit: number; readonly skip: number },
): Promise<DocumentPage> {
  const fits = fitting(filter)
  const { all, gaps } = await readAll(office)
  const found = all.filter(fits)
  return { documents: found.slice(skip, skip + limit).map(shownOf), matched: found.length, gaps }
}

function fitting({ kind, account, guid, hash }: DocumentFilter): (document: FoundDocument) => boolean {
  const wantedKind = kind === undefined ? undefined : readKind(kind)
  const wantedAccount = account === undefined ? undefined : plainAddress(account).toLowerCase()
  const wantedGuid = guid === undefined ? undefined : plainGuid(guid)
  return (document) =>
    (wantedKind === undefined || document.kind === wantedKind) &&
    (wantedAccount === undefined || isOf(document, wantedAccount)) &&
    (wantedGuid === undefined || [document.id, document.content].some((id) => plainGuid(id ?? '') === wantedGuid)) &&
    (hash === undefined || document.hash.startsWith(hash.toLowerCase()))
}

/** @throws LabInputError with the kind that was meant */
function readKind(kind: string): string {
  const known = documentKinds.find((one) => one.toLowerCase() === kind.toLowerCase())
  return known ?? readChoice(kind, '"kind" of documents', documentKinds)
}

function isOf({ account = '' }: FoundDocument, wanted: string): boolean {
  const own = account.toLowerCase()
  return own === wanted || own.replace(/@.*$/, '') === wanted
}

function plainGuid(guid: string): string {
  return guid
    .trim()
    .replace(/^\{|\}$/g, '')
    .toLowerCase()
}

/** @throws Problem 404 when it is not there (any more) */
export async function findDocument(office: LabOffice, hash: string): Promise<DocumentPlace> {
  const { all } = await readAll(office)
  const found = all.find((document) => document.hash === hash.toLowerCase()) ?? gone(hash)
  const children = found.issuing === undefined ? [] : all.filter(({ issuer }) => issuer === found.issuing)
  return {
    document: shownOf(found),
    issuers: issuersOf(found, all).map(shownOf),
    children: children.slice(0, mostChildren).map(shownOf),
  }
}

function issuersOf(document: FoundDocument, all: readonly FoundDocument[]): readonly FoundDocument[] {
  const chain: FoundDocument[] = []
  let last: FoundDocument | undefined = document
  while (last?.issuer !== undefined && chain.length < longestChain) {
    const { issuer }: FoundDocument = last
    last = all.find(({ issuing, hash }) => issuing === issuer && !chain.some((other) => other.hash === hash))
    if (last !== undefined) chain.push(last)
  }
  return chain
}

/**
 * The text as it travelled; without private keys, unless the journal shows secrets.
 * @throws Problem 404
 */
export async function documentText(
  office: LabOffice,
  hash: string,
): Promise<{ readonly text: string; readonly isBlanked: boolean }> {
  const { text, shown } = await findText(office, hash)
  return { text: shown, isBlanked: shown !== text }
}

/**
 * With the certificates above it, as far as they are there.
 * @throws Problem 404
 */
export async function explainDocument(office: LabOffice, explaining: Explaining, hash: string): Promise<Explanation> {
  const { issuers } = await findDocument(office, hash)
  const texts = await Promise.all([hash, ...issuers.map((issuer) => issuer.hash)].map((one) => findText(office, one)))
  return explainBytes(explaining, Buffer.from(texts.map(({ text }) => text).join('')))
}

async function findText(office: LabOffice, hash: string): Promise<FoundText> {
  const asked = await askAll<{ readonly found?: FoundText }>(office, 'POST', '/lab/documents/find', () => ({
    hash: requireHash(hash),
  }))
  const [found] = asked.flatMap((one) => ('answer' in one && one.answer.found !== undefined ? [one.answer.found] : []))
  return found ?? gone(hash)
}

function requireHash(hash: string): string {
  if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase()
  throw new LabInputError(`"${hash.slice(0, 100)}" is no hash of a document: it has 64 digits from 0 to f`)
}

function gone(hash: string): never {
  const known = requireHash(hash)
  return problem(404, `No server has the document ${known} in its journal (any more)`)
}

interface Found {
  readonly all: readonly FoundDocument[]
  readonly gaps: readonly Gap[]
}

/** Those of all nodes, the latest first. */
async function readAll(office: LabOffice): Promise<Found> {
  const asked = await askAll<{ readonly documents: readonly FoundDocument[] }>(
    office,
    'POST',
    '/lab/documents/list',
    () => ({}),
  )
  const merged = new Map<string, FoundDocument>()
  for (const document of asked.flatMap((one) => ('answer' in one ? one.answer.documents : []))) {
    const other = merged.get(document.hash)
    merged.set(document.hash, other === undefined ? document : both(other, document))
  }
  return {
    all: [...merged.values()].toSorted((one, other) => other.ended - one.ended),
    gaps: asked.flatMap((one) => ('why' in one ? [{ node: one.node, text: one.why }] : [])),
  }
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

/** Keys are only for finding each other. */
function shownOf({ ended: _ended, issuer: _issuer, issuing: _issuing, ...document }: FoundDocument): LabDocument {
  return document
}
