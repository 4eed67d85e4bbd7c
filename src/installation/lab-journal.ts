/** The journal, for programs: what the management API does, without HTTP. */
import type { LabOffice } from '../administration/lab/ask-server.js'
import { awaitEntries } from '../administration/lab/journal-follow.js'
import { requireKnownWords } from '../administration/lab/journal-words.js'
import {
  clearJournal,
  findEntry,
  journalDesk,
  nearestEntries,
  readJournal,
  removeEntry,
  verifyJournal,
  type JournalDesk,
  type JournalPage,
  type NearShown,
  type Verified,
} from '../administration/lab/journal.js'
import { problem } from '../administration/problem.js'
import { millisecondsOf, parseDuration } from '../lab/duration.js'
import type { JournalEntry } from '../lab/journal/entry.js'
import type { Expectation } from '../lab/journal/expectation.js'
import type { JournalFilter } from '../lab/journal/filter.js'
import { readPosition } from '../lab/journal/position.js'

export interface ListOptions {
  /** The latest ones, so many; 100 when left out. */
  readonly limit?: number
  /** With request and answer. */
  readonly messages?: boolean
  /** Only what came later: the `position` of an earlier page. */
  readonly after?: string
  readonly before?: string
}

export interface WaitOptions {
  /** How many; 1 when left out. */
  readonly count?: number
  /** ISO 8601; `PT5S` when left out. */
  readonly timeout?: string
  /** Only what came later; those that are kept count when it is left out. */
  readonly after?: string
}

/** What was waited for did not come. */
export class NotInJournal extends Error {
  override readonly name = 'NotInJournal'
  /** Those that came. */
  readonly entries: readonly JournalEntry[]
  /** Those that nearly fit, and in what they do not. */
  readonly nearest: readonly NearShown[]
  constructor(message: string, entries: readonly JournalEntry[], nearest: readonly NearShown[]) {
    super(message)
    this.entries = entries
    this.nearest = nearest
  }
}

/** There were more or fewer than there should be. */
export class JournalDiffers extends Error {
  override readonly name = 'JournalDiffers'
  readonly count: number
  /** The latest of those that fit. */
  readonly entries: readonly JournalEntry[]
  /** Where there are too few: those that nearly fit, and in what they do not. */
  readonly nearest: readonly NearShown[]
  constructor({ count, expected, entries, nearest }: Verified) {
    const [latest, near] = [entries.at(-1), nearest[0]]
    const what = latest === undefined ? '' : `. The latest: ${latest.operation} (${latest.id}), ${latest.outcome}`
    super(
      `There were ${count}, expected was: ${expected}${what}${near === undefined ? '' : `. Nearest: ${nearText(near)}`}`,
    )
    this.count = count
    this.entries = entries
    this.nearest = nearest
  }
}

export interface LabJournal {
  list(filter?: JournalFilter, options?: ListOptions): Promise<JournalPage>
  /** One, with request and answer. */
  find(id: string): Promise<JournalEntry>
  /** Forgets one. Rejects with Problem when it is not there (any more). */
  remove(id: string): Promise<void>
  /** @throws NotInJournal when they do not come in time */
  waitFor(filter: JournalFilter, options?: WaitOptions): Promise<readonly JournalEntry[]>
  /**
   * `verify({ operation: 'AcquireLicense' }, { exactly: 2 })`
   * @throws JournalDiffers when there were more or fewer
   */
  verify(filter: JournalFilter, expected: Expectation, after?: string): Promise<Verified>
  clear(): Promise<void>
}

/** @param office throws where there is no lab */
export function labJournal(office: () => LabOffice): LabJournal {
  let kept: JournalDesk | undefined
  const desk = (): JournalDesk => (kept ??= journalDesk(office()))
  return {
    list: async (filter = {}, { limit = 100, messages = false, after, before } = {}) =>
      readJournal(desk(), { filter, limit, messages, after, before }),
    find: async (id) => findEntry(desk(), id),
    remove: async (id) => removeEntry(desk(), id),
    waitFor: async (filter, { count = 1, timeout = 'PT5S', after } = {}) => {
      await requireKnownWords(filter, office())
      const milliseconds = millisecondsOf(parseDuration(timeout, 'timeout')) ?? 0
      const from =
        after === undefined ? 'beginning' : (readPosition(after) ?? problem(400, 'after is no position of the journal'))
      const { entries, isComplete } = await awaitEntries(office(), {
        filter,
        count,
        milliseconds,
        from,
      })
      if (isComplete) return entries
      const nearest = await nearestEntries(desk(), filter)
      const hint = nearest[0] === undefined ? '' : `. Nearest: ${nearText(nearest[0])}`
      throw new NotInJournal(`${entries.length} of ${count} came within ${timeout}${hint}`, entries, nearest)
    },
    verify: async (match, expected, after) => {
      const verified = await verifyJournal(desk(), { match, ...expected, after })
      if (!verified.ok) throw new JournalDiffers(verified)
      return verified
    },
    clear: async () => clearJournal(desk()),
  }
}

function nearText({ id, operation, differences }: NearShown): string {
  const apart = differences.map(({ field, wanted, found }) => `${field} is ${found}, not ${wanted}`).join('; ')
  return `${operation} (${id}): ${apart}`
}
