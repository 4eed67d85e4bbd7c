/** The documents of the exchanges that a node has kept: each once, with what it says of itself and where it was seen. */
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { recentMap } from '../../recent.js'
import { childrenNamed, descend } from '../../xml/read.js'
import { readObject, type Principal } from '../../xrml/body.js'
import { readOneDocument, type XrmlDocument } from '../../xrml/document.js'
import { blankBody } from './blank-secrets.js'
import { documentFacts, textsIn, type DocumentFacts } from './documents.js'
import { entryId } from './entry.js'
import type { Exchange } from './exchange.js'

/** What a document says of itself. */
export interface ReadDocument extends DocumentFacts {
  /** Whom it is of: the holder of a certificate or a use license, the author of a publishing license. */
  readonly account?: string
  /** Id of the content, of a PL and a UL. */
  readonly content?: string
  /** SHA-256 of the key of its issuer. */
  readonly issuer?: string
  /** SHA-256 of the key that it certifies as an issuer's. */
  readonly issuing?: string
}

export interface FoundDocument extends ReadDocument {
  /** When it was first and last seen, by the clock of the lab. */
  readonly first: string
  readonly last: string
  /** The last time, in milliseconds of the real clock since 1970. */
  readonly ended: number
  /** In how many exchanges. */
  readonly seen: number
  /** Ids of the last ones. */
  readonly exchanges: readonly string[]
}

/** A text of a document, and the same without private keys. */
export interface FoundText {
  readonly text: string
  readonly shown: string
}

const mostExchanges = 20
/** The latest ones are told. */
const mostDocuments = 10_000

/** An exchange never changes. */
const readBefore = new WeakMap<Exchange, readonly ReadDocument[]>()
/** By hash: the certificates of servers are in most exchanges. */
const factsBefore = recentMap<string, ReadDocument>(mostDocuments)

/** So many exchanges are looked through in one turn: requests go on meanwhile. */
const perTurn = 10

/** Calls `look` with the documents of each exchange, the latest first, until it says that it has enough. */
async function lookThrough(
  exchanges: readonly Exchange[],
  look: (exchange: Exchange, documents: readonly ReadDocument[]) => boolean,
): Promise<void> {
  for (const [index, exchange] of exchanges.toReversed().entries()) {
    if (index % perTurn === perTurn - 1) await nextTurn()
    if (look(exchange, documentsRead(exchange))) return
  }
}

/** @returns the latest first */
export async function foundDocuments(exchanges: readonly Exchange[], node: string): Promise<readonly FoundDocument[]> {
  const found = new Map<string, FoundDocument>()
  await lookThrough(exchanges, (exchange, documents) => {
    for (const document of documents) {
      const later = found.get(document.hash)
      found.set(document.hash, later === undefined ? seenIn(document, exchange, node) : alsoIn(later, exchange, node))
    }
    return found.size >= mostDocuments
  })
  return [...found.values()]
}

function seenIn(document: ReadDocument, { time, ended, requestId }: Exchange, node: string): FoundDocument {
  const at = time.toISOString()
  return { ...document, first: at, last: at, ended, seen: 1, exchanges: [entryId(node, requestId)] }
}

function alsoIn(later: FoundDocument, { time, requestId }: Exchange, node: string): FoundDocument {
  const exchanges =
    later.exchanges.length < mostExchanges ? [...later.exchanges, entryId(node, requestId)] : later.exchanges
  return { ...later, first: time.toISOString(), seen: later.seen + 1, exchanges }
}

/** Each once, however often a message has it. */
function documentsRead(exchange: Exchange): readonly ReadDocument[] {
  const before = readBefore.get(exchange)
  if (before !== undefined) return before
  const read = [...new Set(textsOf(exchange))].map(readFacts)
  readBefore.set(exchange, read)
  return read
}

function textsOf({ request, answer }: Exchange): readonly string[] {
  return [...textsIn(request.body), ...textsIn(answer.body)]
}

/** @returns undefined when it is not there (any more) */
export async function findText(
  exchanges: readonly Exchange[],
  hash: string,
  secrets: boolean,
): Promise<FoundText | undefined> {
  let found: string | undefined
  await lookThrough(exchanges, (exchange, documents) => {
    if (documents.some((document) => document.hash === hash))
      found = textsOf(exchange).find((text) => documentFacts(text).hash === hash)
    return found !== undefined
  })
  return found === undefined ? undefined : { text: found, shown: secrets ? found : blankBody(found, 'text/xml') }
}

const longestName = 512

/** @param text from `<XrML` to `</XrML>` */
export function readFacts(text: string): ReadDocument {
  const facts = documentFacts(text)
  const before = factsBefore.get(facts.hash)
  if (before !== undefined) return before
  const read = readAnew(text, facts)
  factsBefore.set(facts.hash, read)
  return read
}

function readAnew(text: string, facts: DocumentFacts): ReadDocument {
  const document = tryRead(text)
  if (document === undefined) return facts
  const { issuer, work } = document.body
  const content =
    facts.kind === 'PL' || facts.kind === 'UL' ? readObject(childrenNamed(work, 'OBJECT')[0])?.id : undefined
  return {
    ...facts,
    ...named('account', accountOf(document)),
    ...named('content', content),
    ...named('issuer', keyHash(issuer)),
    ...named('issuing', isIssuing(document) ? keyHash(document.body.issuedPrincipal) : undefined),
  }
}

/** What came from a stranger may be anything. */
function tryRead(text: string): XrmlDocument | undefined {
  try {
    return readOneDocument(text)
  } catch {
    return undefined
  }
}

function named<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return value === undefined || value === ''
    ? {}
    : ({ [name]: value.slice(0, longestName) } as { [Key in Name]: string })
}

function accountOf({ kind, body }: XrmlDocument): string | undefined {
  if (kind === 'PL' || kind === 'rights data')
    return readObject(descend(body.work, 'METADATA', 'OWNER', 'OBJECT'))?.name
  return kind === 'RAC' || kind === 'CLC' || kind === 'UL' ? body.issuedPrincipal?.object?.name : undefined
}

function isIssuing({ kind }: XrmlDocument): boolean {
  return kind === 'CLC' || kind === 'SLC' || kind === 'CA'
}

function keyHash(principal: Principal | undefined): string | undefined {
  const modulus = principal?.publicKey?.modulus
  return modulus === undefined ? undefined : createHash('sha256').update(modulus).digest('hex')
}
