/** The settings of the journal, as servers take them. */
import type { Settings } from '../config/options.js'
import type { JournalOptions } from '../node/journal.js'

/** @returns undefined: none is kept */
export function journalOf({
  noJournal,
  journalBytes: bytes,
  journalEntries: entries,
  journalSecrets: secrets,
}: Pick<Settings<'node'>, 'noJournal' | 'journalBytes' | 'journalEntries' | 'journalSecrets'>):
  | JournalOptions
  | undefined {
  return noJournal ? undefined : { limits: { bytes, entries }, secrets }
}
