/** An exchange as the journal tells it to people and programs: JSON, with its secrets blanked. */
import { blankBody, blankHeader, blankInnerHeader, blankUrl, type Header } from './blank-secrets.js'
import { decisionOf, type DecisionStep } from './decision.js'
import { documentsOf, type JournalDocument } from './documents.js'
import { octetsOf, textOf, type Body, type Exchange } from './exchange.js'
import type { NearMiss } from './near-miss.js'

export interface JournalEntry {
  /** Unique in an installation: `root-1.mim0x3ab-12`. */
  readonly id: string
  /** When it began, ISO 8601, by the clock of the lab. */
  readonly time: string
  readonly node: string
  readonly cluster: string
  readonly listener: string
  readonly operation: string
  readonly method: string
  /** With its query. */
  readonly path: string
  /** `CONTOSO\alice`; '' for nobody. */
  readonly user: string
  /** By which request log and log have it. */
  readonly requestId: string
  readonly clientRequestId?: string
  readonly status: number
  readonly outcome: 'Succeeded' | 'Failed'
  readonly ms: number
  /** Full name of the exception, `soap:Client`, or the HTTP status; of a batch the first. */
  readonly exception?: string
  readonly why?: string
  readonly faults: readonly string[]
  /** What was let pass, though Windows or a specification has it otherwise; left out where there is nothing. */
  readonly warnings?: readonly string[]
  readonly steps: readonly { readonly step: string; readonly ms: number }[]
  readonly decision: readonly DecisionStep[]
  readonly nearMisses: readonly NearMiss[]
  readonly documents: readonly JournalDocument[]
  /** In the entry alone, and where they are asked for. */
  readonly request?: RequestMessage
  readonly answer?: AnswerMessage
}

interface Message {
  readonly httpVersion: string
  readonly headers: readonly Header[]
  /** As text; in base64 where `encoding` says so; '' for none. */
  readonly body: string
  readonly encoding?: 'base64'
}

export interface RequestMessage extends Message {
  readonly method: string
  readonly url: string
}

export interface AnswerMessage extends Message {
  readonly status: number
}

/** Where an exchange was, and how much of it is shown. */
export interface Telling {
  readonly node: string
  readonly cluster: string
  /** Secrets stay where they are. */
  readonly secrets: boolean
}

export function entryId(node: string, requestId: string): string {
  return `${node}.${requestId}`
}

/** @returns undefined for what is no id */
export function readEntryId(id: string): { readonly node: string; readonly requestId: string } | undefined {
  const dot = id.lastIndexOf('.')
  return dot < 1 || dot === id.length - 1 ? undefined : { node: id.slice(0, dot), requestId: id.slice(dot + 1) }
}

/** Without request and answer, and without near misses, which are looked for. */
export function entryOf(exchange: Exchange, { node, cluster, secrets }: Telling): JournalEntry {
  const { request, answer, requestId, clientRequestId, refusals, listener, operation, user } = exchange
  const [first] = refusals
  const warnings = warningsOf(exchange)
  return {
    id: entryId(node, requestId),
    time: exchange.time.toISOString(),
    node,
    cluster,
    listener,
    operation,
    method: request.method,
    path: shownPath(request.url, secrets),
    user,
    requestId,
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
    status: answer.status,
    outcome: outcomeOf(exchange),
    ms: rounded(exchange.milliseconds),
    ...(first === undefined ? {} : { exception: first.exception, why: first.why }),
    faults: exchange.faults,
    ...(warnings.length === 0 ? {} : { warnings }),
    steps: exchange.steps.map(({ step, milliseconds }) => ({ step, ms: rounded(milliseconds) })),
    decision: decisionOf(exchange),
    nearMisses: [],
    documents: documentsOf(exchange),
  }
}

function warningsOf({ warnings = [], metadata }: Exchange): readonly string[] {
  const unseen = metadata['windowsWouldNotSee']
  const names = Array.isArray(unseen) ? (unseen as readonly string[]) : []
  return [...warnings, ...names.map((name) => `Windows would not see ${name}`)]
}

/** As in the request log: a refusal inside of an answer with status 200 is one too; a redirection is none. */
export function outcomeOf({ failed, answer }: Exchange): JournalEntry['outcome'] {
  return failed || answer.status >= 400 || answer.status === 0 ? 'Failed' : 'Succeeded'
}

/** Request and answer as they travelled. */
export function messagesOf(
  { request, answer }: Exchange,
  { secrets }: Pick<Telling, 'secrets'>,
): { readonly request: RequestMessage; readonly answer: AnswerMessage } {
  const { httpVersion, method, url } = request
  const sent = pairsOf(request.headers)
  const answered = answerHeaders(answer.headers)
  return {
    request: {
      method,
      url: secrets ? url : blankUrl(url),
      httpVersion,
      headers: sent.map(secrets ? blankInnerHeader : blankHeader),
      ...bodyOf(request.body, headerOf(sent, 'content-type'), secrets),
    },
    answer: {
      status: answer.status,
      httpVersion,
      headers: answered.map(secrets ? blankInnerHeader : blankHeader),
      ...bodyOf(answer.body, headerOf(answered, 'content-type'), secrets),
    },
  }
}

function pairsOf(raw: readonly string[]): readonly Header[] {
  return Array.from({ length: Math.floor(raw.length / 2) }, (_, index) => ({
    name: raw[2 * index] ?? '',
    value: raw[2 * index + 1] ?? '',
  }))
}

function answerHeaders(headers: Exchange['answer']['headers']): readonly Header[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => ({ name, value: String(one) })),
  )
}

/** '' when there is none. */
export function headerOf(headers: readonly Header[], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name)?.value ?? ''
}

/** Of the types that services take and answer with. */
const isText = /^\s*text\/|[/+](?:xml|json)\b|x-www-form-urlencoded/i

function bodyOf(body: Body, mediaType: string, secrets: boolean): Pick<Message, 'body' | 'encoding'> {
  if (body === undefined || body.length === 0) return { body: '' }
  if (typeof body !== 'string' && !isText.test(mediaType))
    return { body: Buffer.from(octetsOf(body)).toString('base64'), encoding: 'base64' }
  const text = textOf(body)
  return { body: secrets ? text : blankBody(text, mediaType) }
}

function shownPath(url: string, secrets: boolean): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/, '') || '/'
  return secrets ? path : blankUrl(path)
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100
}
