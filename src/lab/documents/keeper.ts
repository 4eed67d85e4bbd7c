/** Keeps the documents of a node's exchanges for good: they are read and written behind the answers, some at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Timer, Timers } from '../../effects.js'
import type { Given } from '../journal/arena.js'
import { textsIn } from '../journal/documents.js'
import { entryId } from '../journal/entry.js'
import type { Ended } from '../journal/exchange.js'
import { readFacts } from '../journal/found-documents.js'
import type { DocumentShelf, KeptDocument } from './kept-document.js'

export interface DocumentKeeper {
  /** Takes no time: nothing is read before the answer is out. */
  add(exchange: Pick<Ended, 'time' | 'ended' | 'requestId'>, asked: Given, answered: Given): void
  /** Writes all that has come so far. Rejects as the shelf does; nothing is lost then. */
  flush(): Promise<void>
  /** Forgets what is not written yet. */
  forget(): Promise<void>
  readonly backlog: () => Backlog
  /** Writes what there is, and ends. Never rejects. */
  close(): Promise<void>
}

export interface Backlog {
  /** Exchanges whose documents the shelf has not taken yet. */
  readonly waiting: number
  /** Exchanges whose documents are not kept, as too much waited. */
  readonly missed: number
}

export interface KeeperOptions {
  readonly node: string
  readonly shelf: DocumentShelf
  readonly timers: Timers
  /** Characters that may wait; 64 MiB when left out. */
  readonly mostWaiting?: number
  /** Hears of what keeps documents from being kept: once for as long as it lasts. */
  readonly onTrouble: (error: unknown) => void
  /** Hears once, for as long as it lasts, that there is no more room. */
  readonly onFull: () => void
}

/** Milliseconds. */
const writingInterval = 1000
/** So many exchanges are read in one turn: requests go on meanwhile. */
const perTurn = 10

interface Passed {
  readonly time: Date
  readonly ended: number
  readonly id: string
  readonly bodies: readonly Given[]
  readonly size: number
}

export function documentKeeper(options: KeeperOptions): DocumentKeeper {
  const { node, shelf, timers, mostWaiting = 64 * 1024 * 1024, onTrouble, onFull } = options
  let passed: Passed[] = []
  /** Read, and not written yet: by hash. */
  let read = new Map<string, KeptDocument>()
  let readExchanges = 0
  let size = 0
  let missed = 0
  let isFull = false
  let isTroubled = false
  let timer: Timer | undefined
  let writing: Promise<void> = Promise.resolve()

  const readAll = async (): Promise<void> => {
    // What comes meanwhile is of the next time.
    for (let left = passed.length; left > 0; left -= perTurn) {
      for (const one of passed.splice(0, Math.min(perTurn, left))) {
        readExchanges++
        size += readInto(read, one) - one.size
      }
      await nextTurn()
    }
  }
  const write = async (): Promise<void> => {
    await readAll()
    const documents = [...read.values()]
    if (documents.length > 0) await shelf.keep(documents)
    read = new Map()
    readExchanges = 0
    size = passed.reduce((sum, one) => sum + one.size, 0)
    isFull = isTroubled = false
  }
  /** One at a time: whoever comes meanwhile has come later than what is written. */
  const alone = (act: () => Promise<void>): Promise<void> => {
    const result = writing.then(act)
    writing = result.catch(() => undefined)
    return result
  }
  const flush = (): Promise<void> => alone(write)
  const tryFlush = async (): Promise<void> => {
    try {
      await flush()
    } catch (error) {
      if (!isTroubled) onTrouble(error)
      isTroubled = true
    }
  }
  const onTimer = async (): Promise<void> => {
    timer = undefined
    await tryFlush()
    if (passed.length + readExchanges > 0) arm()
  }
  const arm = (): void => {
    timer ??= timers.after(writingInterval, () => void onTimer())
    timer.unref()
  }

  return {
    add({ time, ended, requestId }, asked, answered) {
      const more = (asked?.length ?? 0) + (answered?.length ?? 0)
      if (size + more > mostWaiting) {
        missed++
        if (!isFull) onFull()
        isFull = true
        return
      }
      size += more
      passed.push({ time, ended, id: entryId(node, requestId), bodies: [asked, answered], size: more })
      arm()
    },
    flush,
    forget: () =>
      alone(async () => {
        passed = []
        read = new Map()
        readExchanges = size = 0
      }),
    backlog: () => ({ waiting: passed.length + readExchanges, missed }),
    async close() {
      await tryFlush()
      timer?.stop()
    },
  }
}

/** @returns characters that came to what is read */
function readInto(read: Map<string, KeptDocument>, { time, ended, id, bodies }: Passed): number {
  let more = 0
  for (const text of new Set(bodies.flatMap(textsIn))) {
    const facts = readFacts(text)
    const before = read.get(facts.hash)
    const at = time.toISOString()
    if (before === undefined) more += text.length
    read.set(
      facts.hash,
      before === undefined
        ? { ...facts, first: at, last: at, ended, seen: 1, firstExchange: id, lastExchange: id, text }
        : { ...before, last: at, ended, seen: before.seen + 1, lastExchange: id },
    )
  }
  return more
}
