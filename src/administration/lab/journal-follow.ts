/** The journals of all nodes as they grow: a stream from each of them, and nothing is asked again and again but who is there. */
import type { FollowLine, FollowQuestion } from '../../lab/journal/asking.js'
import type { JournalEntry } from '../../lab/journal/entry.js'
import type { JournalFilter } from '../../lab/journal/filter.js'
import type { PlacedEntry } from '../../lab/journal/node-journal.js'
import { writePosition, type NodePosition, type Position } from '../../lab/journal/position.js'
import { askServer, type LabOffice } from './ask-server.js'
import { livingNodes, type Gap, type JournalNode } from './journal-nodes.js'

export interface Following {
  readonly filter: JournalFilter
  readonly messages: boolean
  /** `beginning`: with those that are kept; nodes that the position does not have are read from their beginning too. */
  readonly from: 'now' | 'beginning' | Position
  /** @param position from where to read on behind it */
  readonly onEntry: (placed: PlacedEntry, position: string) => void
  readonly onGap: (gap: Gap) => void
}

/** Milliseconds. A server that comes is heard within this time; what it did before is not lost. */
const betweenLooks = 500
const beginning: NodePosition = { boot: 'none', sequence: 0 }

/**
 * @param signal ends it
 * @returns when every node that lives is listened to
 * @throws DatabaseAway
 */
export async function followJournal(office: LabOffice, following: Following, signal: AbortSignal): Promise<void> {
  const { from } = following
  const position = new Map<string, NodePosition>(typeof from === 'string' ? [] : from)
  const listened = new Set<string>()
  const silent = new Set<string>()
  let first = true
  const startOf = (node: string): NodePosition | undefined =>
    position.get(node) ?? (first && from === 'now' ? undefined : beginning)

  const listen = async (node: JournalNode): Promise<void> => {
    const { nodeId } = node.member
    listened.add(nodeId)
    try {
      const lines = await open(office, node, { ...following, after: startOf(nodeId) }, signal)
      if (lines === undefined) {
        // It keeps none: there is nothing to wait for until it is started anew.
        silent.add(`${nodeId} ${node.member.started}`)
        listened.delete(nodeId)
        return
      }
      void hear(nodeId, lines)
    } catch {
      listened.delete(nodeId)
    }
  }
  const hear = async (node: string, lines: AsyncIterable<FollowLine>): Promise<void> => {
    try {
      for await (const line of lines) {
        if ('entry' in line) tell(node, line.entry)
        else meet(node, line.part)
      }
    } catch {
      // It was killed, or stopped: who looks for nodes finds it again.
    }
    listened.delete(node)
  }
  const meet = (node: string, part: Extract<FollowLine, { part: object }>['part']): void => {
    const before = position.get(node)
    if (before !== undefined && before.boot !== part.boot && before.boot !== beginning.boot)
      following.onGap({ node, text: `${node} was started anew: what it had kept before, and was not told, is gone` })
    if (before?.boot !== part.boot)
      position.set(node, { boot: part.boot, sequence: startOf(node) === undefined ? part.last : 0 })
  }
  const tell = (node: string, placed: PlacedEntry): void => {
    const { boot } = position.get(node) ?? beginning
    position.set(node, { boot, sequence: placed.sequence })
    following.onEntry(placed, writePosition(position))
  }
  const look = async (): Promise<void> => {
    const nodes = await livingNodes(office)
    const others = nodes.filter(
      ({ member }) => !listened.has(member.nodeId) && !silent.has(`${member.nodeId} ${member.started}`),
    )
    await Promise.all(others.map(listen))
  }
  await look()
  first = false
  const again = office.timers.every(betweenLooks, () => void look().catch(() => undefined))
  signal.addEventListener('abort', () => again.stop(), { once: true })
  if (signal.aborted) again.stop()
}

/** @returns undefined when the node keeps no journal */
async function open(
  office: LabOffice,
  { member, keySalt }: JournalNode,
  { filter, messages, after }: FollowQuestion,
  signal: AbortSignal,
): Promise<AsyncIterable<FollowLine> | undefined> {
  const question: FollowQuestion = { filter, messages, ...(after === undefined ? {} : { after }) }
  const call = { method: 'POST', target: '/lab/journal/follow', body: JSON.stringify(question) } as const
  const response = await askServer(office, member, { keySalt, call, signal })
  if (response.status === 404) return undefined
  if (!response.ok || response.body === null) throw new Error(`${member.nodeId} answers HTTP ${response.status}`)
  const lines = linesOf(response.body)
  // The first line says that the node listens from now on: whatever happens behind it is told.
  const met = await lines.next()
  if (met.done === true) throw new Error(`${member.nodeId} says nothing`)
  return joined(met.value, lines)
}

async function* joined(first: FollowLine, rest: AsyncIterable<FollowLine>): AsyncGenerator<FollowLine> {
  yield first
  yield* rest
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<FollowLine> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (open + decoder.decode(chunk, { stream: true })).split('\n')
    open = parts.pop() ?? ''
    for (const part of parts) if (part !== '') yield JSON.parse(part) as FollowLine
  }
}

export interface Awaited {
  readonly entries: readonly JournalEntry[]
  /** Whether there were as many as were waited for. */
  readonly isComplete: boolean
}

/**
 * Waits until so many exchanges fit: those that are kept count, and each that comes is looked at as it ends.
 * @param signal ends it early, as when the client went away
 * @throws DatabaseAway
 */
export async function awaitEntries(
  office: LabOffice,
  {
    filter,
    count,
    milliseconds,
    from,
  }: {
    readonly filter: JournalFilter
    readonly count: number
    readonly milliseconds: number
    readonly from: 'beginning' | Position
  },
  signal?: AbortSignal,
): Promise<Awaited> {
  const found: PlacedEntry[] = []
  const end = new AbortController()
  const enough = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve(), { once: true }))
  const timer = office.timers.after(milliseconds, () => end.abort())
  signal?.addEventListener('abort', () => end.abort(), { once: true })
  const onEntry = (placed: PlacedEntry): void => {
    if (found.length < count) found.push(placed)
    if (found.length === count) end.abort()
  }
  try {
    const listening = followJournal(
      office,
      { filter, messages: false, from, onEntry, onGap: () => undefined },
      end.signal,
    )
    await Promise.race([enough, listening])
    await enough
  } finally {
    timer.stop()
    end.abort()
  }
  const entries = found.toSorted((a, b) => a.ended - b.ended).map(({ entry }) => entry)
  return { entries, isComplete: found.length === count }
}
