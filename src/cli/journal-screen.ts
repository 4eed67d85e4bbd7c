/** Entries of the journal for people: a line for each, with why below a refusal; one alone with all that there is. */
import type { Paint } from '../explain/paint.js'
import type { Header } from '../lab/journal/blank-secrets.js'
import { firstHalf, noCredentials, type DecisionStep } from '../lab/journal/decision.js'
import type { AnswerMessage, JournalEntry, RequestMessage } from '../lab/journal/entry.js'
import type { ExchangeRecord } from './exchange.js'
import { exchangeLines } from './exchange-line.js'
import { tableText } from './table.js'
import { withoutControls, wrapped } from './text-width.js'

/** Where no terminal says how wide it is. */
const usualWidth = 120
const indent = '          '

/** @param width of the terminal, or Infinity */
export function entryLines(entry: JournalEntry, width: number, paint: Paint): readonly string[] {
  const room = Number.isFinite(width) ? width : usualWidth
  return [
    ...exchangeLines(recordOf(entry), room, paint),
    ...whyLines(entry).flatMap((text) =>
      wrapped(withoutControls(text), room - indent.length).map((line) => `${indent}${paint.dim(line)}`),
    ),
  ]
}

function recordOf(entry: JournalEntry): ExchangeRecord {
  return {
    time: new Date(entry.time),
    server: entry.node,
    operation: withoutControls(entry.operation),
    who: withoutControls(entry.user),
    outcome: outcomeOf(entry),
    ...(entry.outcome === 'Failed' ? refusalOf(entry) : served),
    milliseconds: entry.ms,
    requestId: entry.requestId,
  }
}

const served = { status: undefined, exception: undefined, step: undefined, reason: '' } as const

function refusalOf({
  status,
  exception,
  decision: [first],
}: JournalEntry): Pick<ExchangeRecord, 'status' | 'exception' | 'step' | 'reason'> {
  return {
    status,
    exception: exception === '401' ? undefined : exception,
    step: first?.step || undefined,
    reason: withoutControls(first?.rule ?? ''),
  }
}

function outcomeOf({ outcome, status, decision: [first] }: JournalEntry): ExchangeRecord['outcome'] {
  if (outcome === 'Succeeded') return 'served'
  // Of a client that signs in nothing was refused yet.
  if (status === 401 && (first?.found === noCredentials || first?.found === firstHalf)) return 'sign in'
  return status === 503 || status === 0 ? 'failed' : 'refused'
}

function whyLines({ decision, nearMisses, faults, outcome }: JournalEntry): readonly string[] {
  return [
    ...faults.map((fault) => `fault ${fault}`),
    ...(outcome === 'Failed' ? decision.slice(0, 1).flatMap(comparison) : []),
    ...nearMisses.map(({ kind, text }) => `near: ${kind}: ${text}`),
  ]
}

function comparison({ wanted, found }: DecisionStep): readonly string[] {
  return [...(wanted === '' ? [] : [`wanted ${wanted}`]), `found ${found}`]
}

export interface EntryView {
  /** Of the terminal, or Infinity. */
  readonly width: number
  /** Otherwise of a long body its begin, which does not push the reason off a terminal. */
  readonly wholeBodies: boolean
}

/** All of one entry. */
export function entryScreen(entry: JournalEntry, view: EntryView, paint: Paint): string {
  const { steps, decision, nearMisses, documents, request, answer, faults, warnings = [] } = entry
  const facts = tableText(
    [
      ['id', entry.id],
      ['time', entry.time],
      ['server', `${entry.node} of ${entry.cluster}, by ${entry.listener}`],
      ['operation', entry.operation],
      ['user', entry.user || 'nobody'],
      ['outcome', `${entry.outcome}, HTTP ${entry.status}, ${entry.ms} ms`],
      ...(faults.length === 0 ? [] : [['faults', faults.join(', ')]]),
      ...(warnings.length === 0 ? [] : [['warnings', warnings.join('; ')]]),
      ...(entry.why === undefined ? [] : [['why', entry.why]]),
    ],
    { width: view.width },
  )
  const part = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n\n${paint.strong(title)}\n${lines.join('\n')}`
  return [
    facts,
    part(
      'Steps',
      steps.map(({ step, ms }) => `${String(ms).padStart(8)} ms  ${step}`),
    ),
    part(
      'Decision',
      decision.flatMap((one) => [
        `${one.step === '' ? '' : `${one.step}: `}${one.rule}`,
        ...comparison(one).map((text) => `  ${text}`),
      ]),
    ),
    part(
      'Near misses',
      nearMisses.map(({ kind, text }) => `${kind}: ${text}`),
    ),
    part(
      'Documents',
      documents.map(({ direction, kind, id, hash }) =>
        [direction.padEnd(3), kind.padEnd(8), hash, ...(id === undefined ? [] : [id])].join(' '),
      ),
    ),
    request === undefined
      ? ''
      : part('Request', messageLines(`${request.method} ${request.url} HTTP/${request.httpVersion}`, request, view)),
    answer === undefined
      ? ''
      : part('Answer', messageLines(`HTTP/${answer.httpVersion} ${answer.status}`, answer, view)),
  ].join('')
}

/** Lines of a terminal that a line of a body may take: SOAP is one line of thirty thousand characters. */
const mostRows = 4
/** Of a body of many lines. */
const mostLines = 40

function messageLines(
  first: string,
  { headers, body }: RequestMessage | AnswerMessage,
  { width, wholeBodies }: EntryView,
): readonly string[] {
  const whole = body.split('\n').map(withoutControls)
  const shown = wholeBodies ? whole : shortened(whole, mostRows * (Number.isFinite(width) ? width : usualWidth))
  const cut = shown.some((line, index) => line !== whole[index]) || shown.length < whole.length
  return [
    withoutControls(first),
    ...headers.map(headerLine),
    ...(body === '' ? [] : ['', ...shown]),
    ...(cut ? [`(${Buffer.byteLength(body)} octets in all: --bodies prints them, and --json)`] : []),
  ]
}

function shortened(lines: readonly string[], room: number): readonly string[] {
  const kept = lines.slice(0, mostLines).map((line) => (line.length <= room ? line : `${line.slice(0, room)}…`))
  return kept.length < lines.length ? [...kept, '…'] : kept
}

function headerLine({ name, value }: Header): string {
  return withoutControls(`${name}: ${value}`)
}
