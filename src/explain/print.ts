/** An explanation for people: a line for each check, aligned, with or without colors. */
import {
  notRead,
  type Check,
  type DocumentExplanation,
  type Explanation,
  type PolicyExplanation,
  type RightExplanation,
} from './explanation.js'
import { nameOf } from './judge-document.js'
import { plain, type Paint } from './paint.js'

type Word = 'ok' | 'BAD' | 'note' | '-'
type PrintLine = (label: string, word: Word, text: string) => string

const labelWidth = 10
const wordWidth = 6

/** @returns lines, without a line feed behind the last one */
export function printExplanation(explanation: Explanation, paint: Paint = plain): string {
  const line: PrintLine = (label, word, text) =>
    `  ${paint.dim(label.padEnd(labelWidth))} ${colored(word, paint)}${' '.repeat(wordWidth - word.length)}${printable(text)}`.trimEnd()
  const lines = [
    ...explanation.documents.flatMap((document) => [...printDocument(document, paint, line), '']),
    ...(explanation.trust.chains.length === 0 ? [] : [paint.strong('Trust')]),
    ...explanation.trust.chains.map((chain) =>
      line(numbers(chain.documents), chain.ok ? 'ok' : 'BAD', chain.why ?? ''),
    ),
    ...(explanation.trust.chains.length === 0 ? [] : ['']),
    ...verdict(explanation, paint),
  ]
  return lines.join('\n')
}

function printDocument(document: DocumentExplanation, paint: Paint, line: PrintLine): readonly string[] {
  const { number, kind, form, surface, signature, validity, rights, sealed, policy } = document
  const title = `${paint.strong(`Document ${number}`)}  ${printable(describe(document))}`
  if (surface.maker === notRead) return [title, line('form', 'BAD', form.why ?? '')]
  return [
    title,
    line('form', wordFor(form), form.why ?? `nothing that a ${kind} needs is missing`),
    ...(surface.ok
      ? [line('surface', 'ok', `as a genuine ${surface.maker} writes it`)]
      : surface.notes.map((note) => line('surface', 'note', note))),
    ...printDigest(document, line),
    line('signature', wordFor(signature), signature.why ?? ''),
    printLink(document, line),
    line('dates', wordFor(validity), validity.why ?? ''),
    line(
      'rights',
      wordFor(rights),
      rights.list.length === 0 ? (rights.why ?? '') : rights.list.map(printRight).join('; '),
    ),
    ...(policy === undefined ? [] : [printPolicy(policy, line)]),
    ...sealed.map(({ type, bytes, holds }) => line('sealed', '-', `${type}, ${bytes} bytes: ${holds}`)),
  ]
}

function printPolicy(policy: PolicyExplanation, line: PrintLine): string {
  const { ok, why, openedBy, template, owner, until, days, list = [] } = policy
  if (!ok) return line('policy', 'note', `${openedBy} has the key, and cannot open it: ${why ?? ''}`)
  const parts = [
    `opened by ${openedBy}`,
    ...(template === undefined ? [] : [`template ${template}`]),
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(days === undefined ? [] : [`for ${days} days`]),
    ...list.map(printRight),
  ]
  return line('policy', 'ok', parts.join('; '))
}

function describe({ kind, subject, issuedTime }: DocumentExplanation): string {
  const parts = [
    kind === 'unknown' ? 'of unknown kind' : kind,
    subject === undefined ? '' : nameOf(subject),
    issuedTime === undefined ? '' : `issued ${issuedTime}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function printLink({ link }: DocumentExplanation, line: PrintLine): string {
  const where = link.ok === true && link.document !== undefined ? `, document ${link.document}` : ''
  return line('issuer', link.ok === null ? '-' : wordFor({ ok: link.ok }), `${link.why ?? ''}${where}`)
}

function printDigest({ digest }: DocumentExplanation, line: PrintLine): readonly string[] {
  if (digest.ok)
    return [
      line(
        'digest',
        digest.repaired ? 'note' : 'ok',
        [`${digest.algorithm} ${digest.found}`, digest.why].filter((part) => part !== undefined).join('; '),
      ),
    ]
  if (digest.expected === '') return [line('digest', 'BAD', 'there is none')]
  return [
    line('digest', 'BAD', digest.why ?? 'the text of BODY is not the one that was signed'),
    line('', '-', `expected ${digest.expected}`),
    line('', '-', `found    ${digest.found || `nothing: ${digest.algorithm || 'no algorithm'} is unknown`}`),
  ]
}

function printRight({ right, principal, from, until }: RightExplanation): string {
  const whom = principal === undefined ? '' : ` for ${principal}`
  return `${right}${whom}${from === undefined ? '' : ` from ${from}`}${until === undefined ? '' : ` until ${until}`}`
}

function verdict({ documents, firstProblem }: Explanation, paint: Paint): readonly string[] {
  if (firstProblem === undefined)
    return [paint.good(`Good and trusted: ${documents.length === 1 ? '1 document' : `${documents.length} documents`}.`)]
  const { check, why, document, kind } = firstProblem
  if (check === 'trust') return [paint.note(printable(`Every document verifies, but it is not trusted: ${why}.`))]
  const where = document === undefined ? '' : `Document ${document} (${kind}), ${check}: `
  return [paint.bad(printable(sentence(`${where}${why}`)))]
}

function wordFor({ ok }: Check): Word {
  return ok ? 'ok' : 'BAD'
}

function colored(word: Word, paint: Paint): string {
  const colors: Readonly<Record<Word, (text: string) => string>> = {
    ok: paint.good,
    BAD: paint.bad,
    note: paint.note,
    '-': paint.dim,
  }
  return colors[word](word)
}

/** `1 2 5-8` */
function numbers(documents: readonly number[]): string {
  const runs: [number, number][] = []
  for (const number of documents) {
    const last = runs.at(-1)
    if (last !== undefined && number === last[1] + 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(' ')
}

/** Names come from strangers: what would move the cursor of a terminal is not printed. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
