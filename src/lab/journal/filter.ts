/** Which exchanges are asked for: every part of it that is given must fit. */
import { plainAddress } from '../../mail-address.js'
import { documentsOf, textsIn } from './documents.js'
import { messagesOf, outcomeOf, type Telling } from './entry.js'
import { textOf, type Exchange } from './exchange.js'

export interface JournalFilter {
  readonly operation?: string
  /** Account that signed in or that the documents are of: name in any form, or mail address. */
  readonly user?: string
  readonly node?: string
  readonly cluster?: string
  readonly listener?: string
  readonly outcome?: 'Succeeded' | 'Failed'
  readonly status?: number
  /** Exception that it was refused with: its full name, or the last part of it, with or without `Exception`. */
  readonly exception?: string
  /** The step that refused it. */
  readonly step?: string
  /** A fault that fired. */
  readonly fault?: string
  /** Of a content, a template, a document: in any of its spellings. */
  readonly guid?: string
  /** Hash of a document that came or went. */
  readonly document?: string
  /** Ours or the client's own. */
  readonly requestId?: string
  /** Somewhere in request, answer or reason, without regard to case. What is blanked is not found. */
  readonly text?: string
  /** At this time or later, by the clock of the lab (ISO 8601). */
  readonly since?: string
  /** Before this time. */
  readonly until?: string
}

/** A part of a filter. */
export interface Criterion {
  readonly field: keyof JournalFilter
  readonly wanted: string
  readonly fits: (exchange: Exchange) => boolean
  /** What the exchange has there, for people. */
  readonly found: (exchange: Exchange) => string
}

type Value<Field extends keyof JournalFilter> = Exclude<JournalFilter[Field], undefined>
type Makers = {
  readonly [Field in keyof JournalFilter]-?: (
    wanted: Value<Field>,
    telling: Telling,
  ) => Omit<Criterion, 'field' | 'wanted'>
}

const makers: Makers = {
  operation: (wanted) => byWord(wanted, ({ operation }) => [operation]),
  user: (wanted) => ({
    fits: (exchange) => namesOf(exchange).includes(plainAddress(wanted).toLowerCase()),
    found: ({ user, addresses }) => [user, ...addresses].filter((name) => name !== '').join(', ') || 'nobody',
  }),
  node: (wanted, { node }) => byWord(wanted, () => [node]),
  cluster: (wanted, { cluster }) => byWord(wanted, () => [cluster]),
  listener: (wanted) => byWord(wanted, ({ listener }) => [listener]),
  outcome: (wanted) => byWord(wanted, (exchange) => [outcomeOf(exchange)]),
  status: (wanted) => byWord(String(wanted), ({ answer }) => [String(answer.status)]),
  exception: (wanted) => ({
    fits: ({ refusals }) => refusals.some(({ exception }) => shortException(exception) === shortException(wanted)),
    found: ({ refusals }) => refusals.map(({ exception }) => exception).join(', ') || 'none',
  }),
  step: (wanted) => byWord(wanted, ({ refusals }) => refusals.map(({ step }) => step ?? '')),
  fault: (wanted) => byWord(wanted, ({ faults }) => faults),
  guid: (wanted) => ({
    fits: (exchange) => mentions(exchange, plainGuid(wanted)),
    found: ({ metadata }) => String(metadata['content'] ?? '') || 'another one, or none',
  }),
  document: (wanted) => byWord(wanted, (exchange) => documentsOf(exchange).map(({ hash }) => hash)),
  requestId: (wanted) => byWord(wanted, ({ requestId, clientRequestId }) => [requestId, clientRequestId ?? '']),
  text: (wanted, telling) => ({
    fits: (exchange) => says(exchange, wanted, telling),
    found: () => 'not there',
  }),
  since: (wanted) => byTime((time) => time >= new Date(wanted)),
  until: (wanted) => byTime((time) => time < new Date(wanted)),
}

/** Cheap ones first: the text of a message is searched in what is left. */
const order = Object.keys(makers) as readonly (keyof JournalFilter)[]

export function criteriaOf(filter: JournalFilter, telling: Telling): readonly Criterion[] {
  return order.flatMap((field) => {
    const wanted = filter[field]
    if (wanted === undefined) return []
    const make = makers[field] as (wanted: unknown, telling: Telling) => Omit<Criterion, 'field' | 'wanted'>
    return [{ field, wanted: String(wanted), ...make(wanted, telling) }]
  })
}

export function fitsAll(criteria: readonly Criterion[], exchange: Exchange): boolean {
  return criteria.every(({ fits }) => fits(exchange))
}

function byWord(
  wanted: string,
  wordsOf: (exchange: Exchange) => readonly string[],
): Omit<Criterion, 'field' | 'wanted'> {
  const lower = wanted.toLowerCase()
  return {
    fits: (exchange) => wordsOf(exchange).some((word) => word.toLowerCase() === lower),
    found: (exchange) =>
      wordsOf(exchange)
        .filter((word) => word !== '')
        .join(', ') || 'none',
  }
}

function byTime(fits: (time: Date) => boolean): Omit<Criterion, 'field' | 'wanted'> {
  return { fits: ({ time }) => fits(time), found: ({ time }) => time.toISOString() }
}

/** In lower case: `contoso\alice`, `alice`, `alice@contoso.test`. */
function namesOf({ user, addresses }: Exchange): readonly string[] {
  return [user, user.replace(/^.*\\/, ''), ...addresses, ...addresses.map((mail) => mail.replace(/@.*$/, ''))]
    .filter((name) => name !== '')
    .map((name) => name.toLowerCase())
}

function shortException(name: string): string {
  return name
    .replace(/^.*\./, '')
    .replace(/Exception$/, '')
    .toLowerCase()
}

function plainGuid(guid: string): string {
  return guid.trim().replace(/^\{|\}$/g, '')
}

function mentions({ request, answer, metadata }: Exchange, guid: string): boolean {
  const pattern = literally(guid)
  return (
    pattern.test(request.url) ||
    pattern.test(JSON.stringify(metadata)) ||
    [request.body, answer.body].some(
      (body) => pattern.test(textOf(body)) || textsIn(body).some((document) => pattern.test(document)),
    )
  )
}

/** What is blanked for readers must not be found by guessing: the message itself tells only that it need not be looked at. */
function says(exchange: Exchange, wanted: string, telling: Telling): boolean {
  const { request, answer, refusals } = exchange
  const pattern = literally(wanted)
  if (refusals.some(({ why, exception }) => pattern.test(why) || pattern.test(exception))) return true
  const isIn = (text: unknown): boolean => typeof text === 'string' && pattern.test(text)
  const headers = Object.entries(answer.headers).flat(2)
  const bodies = [request.body, answer.body].map(textOf)
  if (![request.url, request.method, ...request.headers, ...headers, ...bodies].some(isIn)) return false
  const messages = messagesOf(exchange, telling)
  return (
    [messages.request, messages.answer].some(
      ({ headers, body }) => isIn(body) || headers.some(({ name, value }) => isIn(name) || isIn(value)),
    ) ||
    isIn(messages.request.url) ||
    isIn(request.method)
  )
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
}
