/** `lab explain` and `lab issue`: the documents that a running installation makes, and what it says of others. */
import type { Issued } from '../../administration/lab/issue.js'
import type { Settings } from '../../config/options.js'
import type { Explanation } from '../../explain/explanation.js'
import { printExplanation } from '../../explain/print.js'
import { readInput, readInputOrStandard, requireFree, writeResult } from '../files.js'
import { callManagement } from '../management-call.js'
import { createOutput, table } from '../output.js'
import { rightsEntry } from '../rights-entry.js'

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
  if (out !== undefined) requireFree(out, force)
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
  if (out === undefined) {
    output.result(issued, issued.chain)
    return
  }
  await writeResult(out, Buffer.from(issued.chain), force)
  const { chain: _written, documents, ...facts } = issued
  const listed = documents.map(({ text: _text, ...document }) => document)
  const rows = listed.map(({ kind: name, hash, id }) => [name, hash, id ?? ''])
  output.result({ event: 'issued', file: out, ...facts, documents: listed }, `${table(rows)}\nWritten to ${out}.`)
}
