/** Entries as NDJSON: an object on each line. */
import type { JournalEntry } from './entry.js'

export const ndjsonType = 'application/x-ndjson; charset=utf-8'

export function toNdjson(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}
