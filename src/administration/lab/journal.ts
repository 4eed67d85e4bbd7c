/** The journal of an installation: the parts of its nodes, put together. */
import type { JournalEntry } from '../../lab/journal/entry.js'
import { readEntryId } from '../../lab/journal/entry.js'
import type { Expectation } from '../../lab/journal/expectation.js'
import { judge } from '../../lab/journal/expectation.js'
import type { JournalFilter } from '../../lab/journal/filter.js'
import type { Difference } from '../../lab/journal/nearest.js'
import type { NearEntry, Part, PlacedEntry } from '../../lab/journal/node-journal.js'
import { readPosition, writePosition, type Position } from '../../lab/journal/position.js'
import { problem } from '../problem.js'
import type { LabOffice } from './ask-server.js'
import { requireKnownWords } from './journal-words.js'
import { askAll, askNode, knownLives, livingNodes, type Gap, type KnownLives } from './journal-nodes.js'

/** Management's part: it knows the nodes, and what it has seen of each. */
export interface JournalDesk {
  readonly office: LabOffice
  readonly lives: KnownLives
}

export function journalDesk(office: LabOffice): JournalDesk {
  return { office, lives: knownLives() }
}

export interface JournalQuery {
  readonly filter: JournalFilter
  readonly limit: number
  /** With request and answer. */
  readonly messages: boolean
  /** Only what came later than this: a `position` of an earlier answer. */
  readonly after?: string | undefined
  /** Only what came earlier than this: the `earlier` of an answer. */
  readonly before?: string | undefined
}

export interface JournalPage {
  /** In order of time; of one node in the order in which they ended there. */
  readonly entries: readonly JournalEntry[]
  /** How many fit in all, of those that are kept. */
  readonly matched: number
  /** Where to read on later. */
  readonly position: string
  /** Where to go on with those before; left out where there are none. */
  readonly earlier?: string
  readonly gaps: readonly Gap[]
}

/** @throws Problem 400, DatabaseAway */
export async function readJournal({ office, lives }: JournalDesk, query: JournalQuery): Promise<JournalPage> {
  const { filter, limit, messages } = query
  await requireKnownWords(filter, office)
  const after = placeOf('after', query.after)
  const before = placeOf('before', query.before)
  const answers = await askAll<Part>(office, 'POST', '/lab/journal/read', (node) => ({
    filter,
    limit,
    messages,
    ...(after.has(node) ? { after: after.get(node)?.sequence } : {}),
    ...(before.has(node) ? { before: before.get(node)?.sequence } : {}),
  }))
  const parts = answers.flatMap((asked) => ('answer' in asked ? [sinceBoot(asked.answer, after)] : []))
  const unreached = answers.flatMap((asked) => ('why' in asked ? [{ node: asked.node, text: asked.why }] : []))
  const merged = merge(parts).slice(-limit)
  const matched = parts.reduce((sum, part) => sum + part.matched, 0)
  const shown = firstShown(parts, merged)
  return {
    entries: merged.map(({ entry }) => entry),
    matched,
    position: writePosition(new Map(parts.map(({ node, boot, last }) => [node, { boot, sequence: last }]))),
    ...(matched > merged.length ? { earlier: writePosition(shown) } : {}),
    gaps: [...lives.see(parts, new Set(answers.map(({ node }) => node))), ...unreached],
  }
}

/** Whether any server keeps one, or may. @throws DatabaseAway */
export async function isJournalKept(office: LabOffice): Promise<boolean> {
  const question = { filter: {}, limit: 1, messages: false }
  const answers = await askAll<Part>(office, 'POST', '/lab/journal/read', () => question)
  return answers.some((asked) => 'answer' in asked || !asked.keepsNone)
}

/** A number of another life of a node says nothing of this one. */
function sinceBoot(part: Part, after: Position): Part {
  const before = after.get(part.node)
  return before === undefined || before.boot === part.boot || part.entries.length === part.matched
    ? part
    : { ...part, entries: [], matched: 0 }
}

function placeOf(name: string, text: string | undefined): Position {
  if (text === undefined) return new Map()
  return (
    readPosition(text) ??
    problem(400, `${name} is no position of the journal: take it from an answer of GET /lab/journal`)
  )
}

/** By time of the real clock; the order of each node is kept, whatever its clock says. */
function merge(parts: readonly Part[]): readonly PlacedEntry[] {
  const queues = parts.map(({ entries }) => ({ entries, next: 0 }))
  const merged: PlacedEntry[] = []
  for (;;) {
    const [first] = queues
      .filter(({ entries, next }) => next < entries.length)
      .toSorted((a, b) => (a.entries[a.next]?.ended ?? 0) - (b.entries[b.next]?.ended ?? 0))
    const entry = first?.entries[first.next]
    if (first === undefined || entry === undefined) return merged
    first.next++
    merged.push(entry)
  }
}

/** Of each node the first exchange that is shown; where none is, all of it lies before. */
function firstShown(parts: readonly Part[], shown: readonly PlacedEntry[]): Position {
  return new Map(
    parts.map(({ node, boot, last }) => {
      const first = shown.find(({ entry }) => entry.node === node)
      return [node, { boot, sequence: first?.sequence ?? last + 1 }]
    }),
  )
}

/** @throws Problem 404 when it is not there (any more) */
export async function findEntry({ office }: JournalDesk, id: string): Promise<JournalEntry> {
  const { entry } = await askOfEntry<{ readonly entry?: JournalEntry }>(office, id, '/lab/journal/find')
  return entry ?? goneEntry(id)
}

/** Forgets one exchange. @throws Problem 404 when it is not there (any more) */
export async function removeEntry({ office }: JournalDesk, id: string): Promise<void> {
  const { removed } = await askOfEntry<{ readonly removed: boolean }>(office, id, '/lab/journal/remove')
  if (!removed) goneEntry(id)
}

/** Asks the node that an entry is at. */
async function askOfEntry<Answer>(office: LabOffice, id: string, target: string): Promise<Answer> {
  const named = readEntryId(id)
  if (named === undefined) return problem(404, `"${id}" is no id of the journal: they are like root-1.mim0x3ab-12`)
  const node = (await livingNodes(office)).find(({ member }) => member.nodeId === named.node)
  if (node === undefined)
    return problem(404, `There is no server "${named.node}" (any more), and what it had kept is gone`)
  const asked = await askNode<Answer>(office, node, 'POST', target, { requestId: named.requestId })
  return 'why' in asked ? problem(404, asked.why) : asked.answer
}

function goneEntry(id: string): never {
  const { node, requestId } = readEntryId(id) ?? { node: id, requestId: '' }
  return problem(404, `${node} has no exchange ${requestId} (any more)`)
}

/** @throws DatabaseAway */
export async function clearJournal({ office }: JournalDesk): Promise<void> {
  const asked = await askAll<object>(office, 'DELETE', '/lab/journal', () => undefined)
  const missing = asked.flatMap((one) => ('why' in one && !one.keepsNone ? [one.why] : []))
  if (missing.length > 0) problem(503, `It is cleared, but not everywhere: ${missing.join('; ')}`)
}

/** An exchange that nearly fits. */
export interface NearShown {
  readonly id: string
  readonly time: string
  readonly operation: string
  readonly user: string
  readonly status: number
  readonly outcome: JournalEntry['outcome']
  readonly why?: string
  readonly differences: readonly Difference[]
}

const mostNear = 3

export async function nearestEntries({ office }: JournalDesk, filter: JournalFilter): Promise<readonly NearShown[]> {
  const asked = await askAll<{ readonly near: readonly NearEntry[] }>(office, 'POST', '/lab/journal/nearest', () => ({
    filter,
    most: mostNear,
  }))
  return asked
    .flatMap((one) => ('answer' in one ? one.answer.near : []))
    .toSorted((a, b) => a.differences.length - b.differences.length || b.ended - a.ended)
    .slice(0, mostNear)
    .map(({ entry: { id, time, operation, user, status, outcome, why }, differences }) => ({
      id,
      time,
      operation,
      user,
      status,
      outcome,
      ...(why === undefined ? {} : { why }),
      differences,
    }))
}

export interface Verified {
  readonly ok: boolean
  readonly count: number
  readonly expected: string
  /** The latest of those that fit. */
  readonly entries: readonly JournalEntry[]
  /** Where there are too few. */
  readonly nearest: readonly NearShown[]
  readonly gaps: readonly Gap[]
}

/** @throws Problem 400, DatabaseAway */
export async function verifyJournal(
  desk: JournalDesk,
  { match, after, ...expected }: Expectation & { readonly match: JournalFilter; readonly after?: string | undefined },
): Promise<Verified> {
  const page = await readJournal(desk, { filter: match, limit: mostNear, messages: false, after })
  const verdict =
    judge(expected, page.matched) ??
    problem(400, 'Say how many there should be, in one way: exactly, atLeast or atMost with a number, or never')
  const isMissing = !verdict.ok && (expected.exactly ?? expected.atLeast ?? 0) > page.matched
  return {
    ...verdict,
    entries: page.entries,
    nearest: isMissing ? await nearestEntries(desk, match) : [],
    gaps: page.gaps,
  }
}
