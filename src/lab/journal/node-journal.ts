/** The journal of one node: the last exchanges, in memory. Management puts those of all nodes together. */
import { entryOf, messagesOf, type JournalEntry, type Telling } from './entry.js'
import { sizeOf, type Exchange } from './exchange.js'
import { criteriaOf, fitsAll, type JournalFilter } from './filter.js'
import { nearestOf, type Difference } from './nearest.js'
import type { NearMiss } from './near-miss.js'
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
}

/** An exchange that ended; its number is given here. */
export type Ended = Omit<Exchange, 'sequence'>

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
  /** Costs as much as an array does: nothing is made of it before somebody asks. */
  add(ended: Ended): void
  read(question: Question): Promise<Part>
  /** By X-Request-Id, with request and answer; undefined when it is not there (any more). */
  find(requestId: string): Promise<JournalEntry | undefined>
  /** Those that fit least badly. */
  nearest(filter: JournalFilter, most: number): Promise<readonly NearEntry[]>
  /** From the next one on; the entries come in order. @returns ends it */
  follow(filter: JournalFilter, messages: boolean, tell: (entry: PlacedEntry) => void): () => void
  clear(): void
}

export function createNodeJournal({ limits, telling, boot, began, nearMisses }: NodeJournalOptions): NodeJournal {
  const ring = createRing<Exchange>(limits)
  let last = 0

  const entry = async (exchange: Exchange, messages: boolean): Promise<JournalEntry> => ({
    ...entryOf(exchange, telling, exchange.refusals.length === 0 ? [] : await nearMisses(exchange)),
    ...(messages ? messagesOf(exchange, telling) : {}),
  })
  const placed = async (exchange: Exchange, messages: boolean): Promise<PlacedEntry> => ({
    sequence: exchange.sequence,
    ended: exchange.ended,
    entry: await entry(exchange, messages),
  })

  return {
    boot,
    add(ended) {
      // Not by spreading: it is the one thing here that each request pays for.
      const exchange = Object.assign(ended, { sequence: ++last })
      ring.push(exchange, sizeOf(exchange))
    },
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
      const found = ring.items().find((exchange) => exchange.requestId === requestId)
      return found === undefined ? undefined : entry(found, true)
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
  }
}
