/** The journal of one node: the last exchanges, in memory. Management puts those of all nodes together. */
import { entryOf, messagesOf, type JournalEntry, type Telling } from './entry.js'
import type { Given } from './arena.js'
import { findText, foundDocuments, type FoundDocument, type FoundText } from './found-documents.js'
import type { Ended, Exchange } from './exchange.js'
import { criteriaOf, fitsAll, type JournalFilter } from './filter.js'
import { nearestOf, type Difference } from './nearest.js'
import type { NearMiss } from './near-miss.js'
import { readExchange, writeFacts, type Facts } from './record.js'
import { createRing, type RingLimits } from './ring.js'

export interface NodeJournalOptions {
  readonly limits: RingLimits
  readonly telling: Telling
  /** A word that no other life of this node has. */
  readonly boot: string
  /** When it began, in milliseconds of the real clock. */
  readonly began: number
  /** For one that was refused. Never rejects: an entry without near misses is better than none. */
  readonly nearMisses: (exchange: Exchange) => Promise<readonly NearMiss[]>
  /** Hears once that there is no memory for it. */
  readonly onNoMemory?: ((error: unknown) => void) | undefined
}

/** An entry with its place: where others are put beside it, and where to read on. */
export interface PlacedEntry {
  readonly sequence: number
  readonly ended: number
  readonly entry: JournalEntry
}

export interface Question {
  readonly filter: JournalFilter
  /** Only those with a higher number. */
  readonly after?: number | undefined
  /** Only those with a lower number. */
  readonly before?: number | undefined
  /** The latest ones, so many. */
  readonly limit: number
  /** With request and answer. */
  readonly messages: boolean
}

/** What a node has, and what of it was asked for. */
export interface Part {
  readonly node: string
  readonly cluster: string
  readonly boot: string
  readonly began: number
  /** Number of the first exchange that is kept, and of the last one that there was; `first` is `last + 1` where none is kept. */
  readonly first: number
  readonly last: number
  /** How many are there, and how many had to make room since the last time that all were removed. */
  readonly kept: number
  readonly dropped: number
  /** How many fit, of those that are kept. */
  readonly matched: number
  /** In order. */
  readonly entries: readonly PlacedEntry[]
}

export interface NearEntry {
  readonly ended: number
  readonly entry: JournalEntry
  readonly differences: readonly Difference[]
}

export interface NodeJournal {
  readonly boot: string
  readonly showsSecrets: boolean
  /**
   * Copies the bodies, and makes nothing of the rest before somebody asks.
   * @param asked body of the request
   * @param answered body of the answer
   */
  add(ended: Ended, asked: Given, answered: Given): void
  read(question: Question): Promise<Part>
  /** By X-Request-Id, with request and answer; undefined when it is not there (any more). */
  find(requestId: string): Promise<JournalEntry | undefined>
  /** By X-Request-Id. @returns whether it was there */
  remove(requestId: string): boolean
  /** Those that fit least badly. */
  nearest(filter: JournalFilter, most: number): Promise<readonly NearEntry[]>
  /** From the next one on; the entries come in order. @returns ends it */
  follow(filter: JournalFilter, messages: boolean, tell: (entry: PlacedEntry) => void): () => void
  clear(): void
  /** The documents of the exchanges that are kept, the latest first. */
  documents(): Promise<readonly FoundDocument[]>
  documentText(hash: string): Promise<FoundText | undefined>
}

export function createNodeJournal(options: NodeJournalOptions): NodeJournal {
  const { limits, telling, boot, began, nearMisses, onNoMemory } = options
  // An eighth of the memory is for what readers get, and for where the records are.
  const bytes = Math.floor((limits.bytes * 7) / 8)
  const ring = createRing<Facts, Exchange>({
    limits: { ...limits, bytes },
    write: writeFacts,
    read: readExchange,
    onNoMemory,
  })
  let last = 0

  const entry = async (exchange: Exchange, messages: boolean): Promise<JournalEntry> => {
    // At once: while near misses are looked for, the exchange may have to make room.
    const told = { ...entryOf(exchange, telling), ...(messages ? messagesOf(exchange, telling) : {}) }
    const isRefused = exchange.refusals.length > 0 || exchange.answer.status >= 400
    return isRefused ? { ...told, nearMisses: await nearMisses(exchange) } : told
  }
  const placed = async (exchange: Exchange, messages: boolean): Promise<PlacedEntry> => ({
    sequence: exchange.sequence,
    ended: exchange.ended,
    entry: await entry(exchange, messages),
  })

  const named = (requestId: string): Exchange | undefined =>
    ring.items().find((exchange) => exchange.requestId === requestId)

  return {
    boot,
    showsSecrets: telling.secrets,
    add: (ended, asked, answered) => ring.push([++last, ended], asked, answered),
    async read({ filter, after = 0, before = Infinity, limit, messages }) {
      const criteria = criteriaOf(filter, telling)
      const items = ring.items()
      const found = items.filter(
        (exchange) => exchange.sequence > after && exchange.sequence < before && fitsAll(criteria, exchange),
      )
      const shown = limit === 0 ? [] : found.slice(-limit)
      return {
        node: telling.node,
        cluster: telling.cluster,
        boot,
        began,
        first: items[0]?.sequence ?? last + 1,
        last,
        kept: items.length,
        dropped: ring.dropped(),
        matched: found.length,
        entries: await Promise.all(shown.map((exchange) => placed(exchange, messages))),
      }
    },
    async find(requestId) {
      const found = named(requestId)
      return found === undefined ? undefined : entry(found, true)
    },
    remove(requestId) {
      const found = named(requestId)
      return found !== undefined && ring.remove(found)
    },
    async nearest(filter, most) {
      const near = nearestOf(ring.items(), criteriaOf(filter, telling), most)
      return Promise.all(
        near.map(async ({ exchange, differences }) => ({
          ended: exchange.ended,
          entry: await entry(exchange, false),
          differences,
        })),
      )
    },
    follow(filter, messages, tell) {
      const criteria = criteriaOf(filter, telling)
      let before = Promise.resolve()
      let ended = false
      // Near misses take their time; the order is kept.
      const tellBehind = async (others: Promise<void>, made: Promise<PlacedEntry>): Promise<void> => {
        await others
        const one = await made
        if (!ended) tell(one)
      }
      const stop = ring.onPush((exchange) => {
        if (fitsAll(criteria, exchange)) before = tellBehind(before, placed(exchange, messages))
      })
      return () => {
        ended = true
        stop()
      }
    },
    clear: () => ring.clear(),
    documents: () => foundDocuments(ring.items(), telling.node),
    documentText: (hash) => findText(ring.items(), hash, telling.secrets),
  }
}
