/** `lab journal`: the last exchanges of a running installation, one of them, or each as it ends. */
import type { Gap } from '../../administration/lab/journal-nodes.js'
import type { JournalPage } from '../../administration/lab/journal.js'
import type { Settings } from '../../config/options.js'
import type { JournalEntry } from '../../lab/journal/entry.js'
import { filterNames } from '../journal-filters.js'
import type { JournalFilter } from '../../lab/journal/filter.js'
import { managementEvents } from '../event-stream.js'
import { Failure } from '../failure.js'
import { entryLines, entryScreen } from '../journal-screen.js'
import { callManagement } from '../management-call.js'
import { createOutput, screenWidth, type Output } from '../output.js'
import { stopSignal } from '../stop-signal.js'

export interface JournalArguments extends Omit<JournalFilter, 'status'> {
  readonly follow: boolean
  readonly clear: boolean
  readonly bodies: boolean
  readonly limit: string
  readonly status?: string
}

/** @param id of one entry; undefined shows the list */
export async function labJournal(
  settings: Settings<'status'>,
  id: string | undefined,
  { follow, clear, bodies, limit, ...filter }: JournalArguments,
): Promise<void> {
  if (bodies && (id === undefined || clear))
    throw new Failure('--bodies prints the messages of one exchange: give its id, without --clear', 2)
  const output = createOutput(settings.json)
  const path = id === undefined ? '/lab/journal' : `/lab/journal/${encodeURIComponent(id)}`
  if (clear) {
    await callManagement(settings, { method: 'DELETE', path })
    if (id === undefined) output.result({ event: 'cleared' }, 'The journal is empty.')
    else output.result({ event: 'removed', id }, `${id} is forgotten.`)
    return
  }
  if (id !== undefined) {
    const entry = (await callManagement(settings, { method: 'GET', path })) as JournalEntry
    output.result(entry, entryScreen(entry, { width: screenWidth(), wholeBodies: bodies }, output.paint))
    return
  }
  const asked = queryOf(filter)
  const page = (await callManagement(settings, {
    method: 'GET',
    path: `/lab/journal?${asked({ limit })}`,
  })) as JournalPage
  for (const gap of page.gaps) showGap(gap, output)
  for (const entry of page.entries) show(entry, output)
  if (follow) await followOn(settings, `/lab/journal/stream?${asked({ after: page.position })}`, output)
  else if (page.entries.length === 0 && !output.json) output.result({}, page.matched === 0 ? 'No exchange fits.' : '')
}

/** The other flags are those of every command on a running installation. */
function queryOf(flags: object): (more: Readonly<Record<string, string>>) => string {
  const given = Object.entries(flags as Readonly<Record<string, string>>).filter(([name]) => filterNames.includes(name))
  return (more) => new URLSearchParams([...given, ...Object.entries(more)]).toString()
}

async function followOn(settings: Settings<'status'>, path: string, output: Output): Promise<void> {
  const { signal, release } = stopSignal()
  try {
    for await (const { event, data } of managementEvents(settings, path, signal)) {
      if (event === 'entry') show(data as JournalEntry, output)
      else if (event === 'gap') showGap(data as Gap, output)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    release()
  }
}

function show(entry: JournalEntry, output: Output): void {
  output.result(entry, output.json ? '' : entryLines(entry, screenWidth(), output.paint).join('\n'))
}

function showGap(gap: Gap, output: Output): void {
  if (output.json) output.result({ event: 'gap', ...gap }, '')
  else output.note(gap.text)
}
