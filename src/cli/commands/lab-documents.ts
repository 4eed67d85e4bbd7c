/** `lab documents`, `lab explain` and `lab issue`: the documents that came and went, what an installation says of any, and new ones by hand. */
import type {
  DocumentPage,
  DocumentPlace,
  DocumentsForgotten,
  LabDocument,
} from '../../administration/lab/documents.js'
import type { Issued } from '../../administration/lab/issue.js'
import type { Settings } from '../../config/options.js'
import type { Explanation } from '../../explain/explanation.js'
import { printExplanation } from '../../explain/print.js'
import { Failure } from '../failure.js'
import { nextCommand } from '../next-command.js'
import { readInput, readInputOrStandard, requireFree, writeResult } from '../files.js'
import { callManagement } from '../management-call.js'
import { createOutput, table, type Output } from '../output.js'
import { rightsEntry } from '../rights-entry.js'
import { withoutControls } from '../text-width.js'
import { commandLine } from '../../command-line.js'

/** @returns whether every document is good and trusted */
export async function labExplain(settings: Settings<'status'>, file: string): Promise<boolean> {
  const output = createOutput(settings.json)
  const bytes = await readInputOrStandard(file)
  const explanation = (await callManagement(settings, { method: 'POST', path: '/lab/explain', bytes })) as Explanation
  output.words(explanation, printExplanation(explanation, output.paint))
  return explanation.firstProblem === undefined
}

export interface IssueArguments {
  readonly account: string
  readonly wrong?: string
  readonly cluster?: string
  readonly machine?: string
  readonly to?: readonly string[]
  readonly anyRight?: boolean
  readonly template?: string
  readonly owner?: string
  /** File. */
  readonly license?: string
  readonly out?: string
  readonly force?: boolean
}

/** Without a file to write to, the text goes to standard output, where other commands take it. */
export async function labIssue(settings: Settings<'status'>, kind: string, given: IssueArguments): Promise<void> {
  const { account, wrong, cluster, machine, anyRight, template, owner, to, license, out, force = false } = given
  const target = out === undefined ? undefined : ({ path: out, force, option: '--out FILE' } as const)
  if (target !== undefined) requireFree(target)
  const body = {
    kind,
    account,
    wrong,
    cluster,
    machine,
    anyRight,
    template,
    owner,
    ...(to === undefined ? {} : { rights: to.map(rightsEntry) }),
    ...(license === undefined ? {} : { license: (await readInput(license)).toString('base64') }),
  }
  const issued = (await callManagement(settings, { method: 'POST', path: '/lab/issue', body })) as Issued
  const output = createOutput(settings.json)
  if (target === undefined) {
    output.result(issued, issued.chain)
    return
  }
  await writeResult(target, Buffer.from(issued.chain))
  const { chain: _written, documents, ...facts } = issued
  const listed = documents.map(({ text: _text, ...document }) => document)
  const rows = listed.map(({ kind: name, hash, id }) => [name, hash, ...(id === undefined ? [] : [id])])
  const content = issued.contentId === undefined ? '' : `\nContent: ${issued.contentId}`
  output.result(
    { event: 'issued', file: out, ...facts, documents: listed },
    `${table(rows)}${content}\nWritten to ${out}.`,
  )
}

export interface DocumentsArguments {
  readonly kind?: string
  readonly account?: string
  readonly guid?: string
  readonly limit: string
  readonly raw?: boolean
  readonly explain?: boolean
  readonly clear?: boolean
}

/** @param hash of one; undefined shows the list */
export async function labDocuments(
  settings: Settings<'status'>,
  hash: string | undefined,
  given: DocumentsArguments,
): Promise<boolean> {
  const output = createOutput(settings.json)
  if (given.clear === true) {
    if (hash !== undefined) throw new Failure('lab documents --clear forgets all that are kept for good: name none', 2)
    await forget(settings, output)
    return true
  }
  const get = (path: string): Promise<unknown> => callManagement(settings, { method: 'GET', path })
  if (hash === undefined) {
    const { kind, account, guid, limit } = given
    const asked = new URLSearchParams({ limit })
    for (const [name, value] of Object.entries({ kind, account, guid })) if (value !== undefined) asked.set(name, value)
    const page = (await get(`/lab/documents?${asked.toString()}`)) as DocumentPage
    for (const { text } of page.gaps) output.note(text)
    output.result(page, page.documents.length === 0 ? noneText({ kind, account, guid }) : listed(page.documents))
    return true
  }
  const path = `/lab/documents/${encodeURIComponent(hash)}`
  if (given.explain === true) {
    const explanation = (await get(`${path}/explain`)) as Explanation
    output.words(explanation, printExplanation(explanation, output.paint))
    return explanation.firstProblem === undefined
  }
  if (given.raw === true) {
    const text = (await callManagement(settings, { method: 'GET', path: `${path}/raw`, isText: true })) as string
    // It comes from strangers: a terminal does not get what would move its cursor.
    output.result({ hash, text }, process.stdout.isTTY ? text.split('\n').map(withoutControls).join('\n') : text)
    return true
  }
  const place = (await get(path)) as DocumentPlace
  const part = (title: string, documents: readonly LabDocument[]): string =>
    documents.length === 0 ? '' : `\n\n${output.paint.strong(title)}\n${listed(documents)}`
  const { document, issuers, children } = place
  const seen = `Seen ${document.seen === 1 ? 'once' : `${document.seen} times`}: ${document.exchanges.join(', ')}`
  const kept = document.kept === true ? '\nKept for good.' : ''
  output.result(
    place,
    `${listed([document])}\n${seen}${kept}${part('Issuers', issuers)}${part('Issued with it', children)}`,
  )
  return true
}

async function forget(settings: Settings<'status'>, output: Output): Promise<void> {
  const call = { method: 'DELETE', path: '/lab/documents' } as const
  const forgotten = (await callManagement(settings, call)) as DocumentsForgotten
  for (const { text } of forgotten.gaps) output.note(text)
  const { removed } = forgotten
  const what = removed === 1 ? '1 document is' : `${removed} documents are`
  output.result(
    { event: 'cleared', ...forgotten },
    `${what} forgotten. The journal has its own, until it lets them go or ${nextCommand('lab journal --clear')}`,
  )
}

function noneText(wanted: Pick<DocumentsArguments, 'kind' | 'account' | 'guid'>): string {
  return Object.values(wanted).some((value) => value !== undefined)
    ? 'There is no such document in the journals, and none is kept.'
    : `No document has travelled since the journals began. Some do by ${commandLine('demo --server URL')}`
}

function listed(documents: readonly LabDocument[]): string {
  return table(
    documents.map(({ kind, hash, account, content, id, last }) => [
      last.slice(0, 19).replace('T', ' '),
      kind,
      withoutControls(account ?? ''),
      withoutControls(content ?? id ?? ''),
      hash,
    ]),
  )
}
