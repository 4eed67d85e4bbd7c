/** The journal: the last exchanges of all nodes, why they were refused, and waiting for one. JSON, NDJSON, HAR, or as they come. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { awaitEntries, followJournal } from '../../../administration/lab/journal-follow.js'
import { requireKnownWords } from '../../../administration/lab/journal-words.js'
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
} from '../../../administration/lab/journal.js'
import { problem } from '../../../administration/problem.js'
import { millisecondsOf, parseDuration } from '../../../lab/duration.js'
import type { Expectation } from '../../../lab/journal/expectation.js'
import type { JournalFilter } from '../../../lab/journal/filter.js'
import { toHar } from '../../../lab/journal/har.js'
import { ndjsonType, toNdjson } from '../../../lab/journal/ndjson.js'
import { readPosition, type Position } from '../../../lab/journal/position.js'
import { version } from '../../../version.js'
import { answers, closed, path, removed } from '../schemas.js'
import { filterProperties, page, waited, entrySchema, unverified, verified, cursor } from './journal-schemas.js'
import { tags } from './schemas.js'

interface Page extends JournalFilter {
  readonly limit: number
  readonly format: 'json' | 'ndjson' | 'har'
  readonly messages?: boolean
  readonly after?: string
  readonly before?: string
}

interface Wait {
  readonly match: JournalFilter
  readonly count: number
  readonly timeout: string
  readonly after?: string
}

/** Answers that go on until something comes. */
type Open = Set<AbortController>

/** Milliseconds. */
const longestWait = 10 * 60_000
const heartbeat = 15_000

const query = closed({
  ...filterProperties,
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100, description: 'The latest ones, so many' },
  format: { type: 'string', enum: ['json', 'ndjson', 'har'], default: 'json' },
  messages: {
    type: 'boolean',
    description: 'With request and answer as they travelled; NDJSON and HAR have them unless told otherwise',
  },
  after: { ...cursor, description: 'Only what came later: the position of an earlier answer' },
  before: { ...cursor, description: 'Only what came earlier: the member earlier of an earlier answer' },
})
const match = closed(filterProperties)

export function registerJournal(app: FastifyInstance, office: LabOffice): void {
  const desk = journalDesk(office)
  const open: Open = new Set()
  // A listener that closes waits for its answers: those that wait themselves end.
  app.addHook('preClose', (done) => {
    for (const one of open) one.abort()
    done()
  })
  registerOne(app, desk)
  registerAsking(app, desk, open)
  registerList(app, desk)
  registerStream(app, desk, open)
}

function registerOne(app: FastifyInstance, desk: JournalDesk): void {
  const params = path({ id: { type: 'string', maxLength: 300, description: 'As the list has it' } })
  app.get<{ Params: { id: string } }>(
    '/lab/journal/:id',
    {
      schema: {
        tags,
        summary: 'One exchange, with request and answer',
        params,
        response: answers({ 200: entrySchema }, 400, 404),
      },
    },
    async ({ params }) => findEntry(desk, params.id),
  )
  app.delete<{ Params: { id: string } }>(
    '/lab/journal/:id',
    {
      schema: {
        tags,
        summary: 'Forget one exchange',
        params,
        response: answers(removed, 400, 404),
      },
    },
    async ({ params }, reply) => {
      await removeEntry(desk, params.id)
      return reply.code(204).send(null)
    },
  )
}

function registerList(app: FastifyInstance, desk: JournalDesk): void {
  app.get<{ Querystring: Page }>(
    '/lab/journal',
    {
      schema: {
        tags,
        summary: 'The last exchanges, in order of time',
        description:
          'Every server keeps its own in memory: gaps says what is gone. Passwords, tokens and keys are blanked. format=har gives a file for the network panel of a browser, format=ndjson a line for each entry. GET /lab/journal/stream has them as they end, as server-sent events: entry and gap. The id of an event is the position behind it; with Last-Event-ID, or after, the stream goes on there.',
        querystring: query,
        response: answers({ 200: page }, 400),
      },
    },
    async ({ query: { limit, format, messages, after, before, ...filter } }, reply) => {
      const found = await readJournal(desk, { filter, limit, messages: messages ?? format !== 'json', after, before })
      return format === 'json' ? found : answerAs(format, found, reply)
    },
  )
  app.delete(
    '/lab/journal',
    { schema: { tags, summary: 'Forget all exchanges', response: answers(removed) } },
    async (_request, reply) => {
      await clearJournal(desk)
      return reply.code(204).send(null)
    },
  )
}

/** The pages leave out what answers so: they wait for the end of an answer. */
const eventStream = {
  description: 'Until the client leaves',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
}

function registerStream(app: FastifyInstance, desk: JournalDesk, open: Open): void {
  app.get<{ Querystring: JournalFilter & { readonly messages: boolean; readonly after?: string } }>(
    '/lab/journal/stream',
    {
      schema: {
        tags,
        summary: 'Exchanges as they end, as server-sent events',
        description:
          'Events are entry and gap. The id of an event is the position behind it; with Last-Event-ID, or after, the stream goes on there. It never ends by itself.',
        response: answers({ 200: eventStream }, 400),
        querystring: closed({
          ...filterProperties,
          messages: { type: 'boolean', default: false },
          after: { ...cursor, description: 'Begins there; from now on when left out' },
        }),
      },
    },
    async ({ query: { messages, after, ...filter }, headers }, reply) => {
      const from = headers['last-event-id']?.toString() ?? after
      await requireKnownWords(filter, desk.office)
      return stream(desk, { filter, messages, from: from === undefined ? 'now' : positionOf(from) }, reply, open)
    },
  )
}

function answerAs(format: 'ndjson' | 'har', { entries }: JournalPage, reply: FastifyReply): FastifyReply {
  const isHar = format === 'har'
  const text = isHar ? JSON.stringify(toHar(entries, version)) : toNdjson(entries)
  return reply
    .type(isHar ? 'application/json; charset=utf-8' : ndjsonType)
    .header('content-disposition', `attachment; filename="journal.${format}"`)
    .serializer((body: string) => body)
    .send(text)
}

function positionOf(text: string): Position {
  return (
    readPosition(text) ??
    problem(400, 'That is no position of the journal: take it from an answer, or from the id of an event')
  )
}

async function stream(
  { office }: JournalDesk,
  wanted: { readonly filter: JournalFilter; readonly messages: boolean; readonly from: 'now' | Position },
  reply: FastifyReply,
  open: Open,
): Promise<FastifyReply> {
  const end = new AbortController()
  open.add(end)
  const events = new Readable({ read: () => undefined })
  const say = (text: string): void => void (events.destroyed || events.push(text))
  const beat = office.timers.every(heartbeat, () => say(':\n\n'))
  beat.unref()
  end.signal.addEventListener('abort', () => {
    beat.stop()
    open.delete(end)
    events.push(null)
  })
  const stop = (): void => end.abort()
  events.once('close', stop)
  reply.raw.once('close', stop)
  try {
    await followJournal(
      office,
      {
        ...wanted,
        onEntry: ({ entry }, position) => say(`id: ${position}\nevent: entry\ndata: ${JSON.stringify(entry)}\n\n`),
        onGap: (gap) => say(`event: gap\ndata: ${JSON.stringify(gap)}\n\n`),
      },
      end.signal,
    )
  } catch (error) {
    stop()
    throw error
  }
  say(':\n\n')
  return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(events)
}

function registerAsking(app: FastifyInstance, desk: JournalDesk, open: Open): void {
  app.post<{ Body: Wait }>(
    '/lab/journal/wait',
    {
      schema: {
        tags,
        summary: 'Wait until so many exchanges fit',
        description:
          'Those that are kept count, unless after says from where on. 408 when they do not come in time, with those that came nearest.',
        body: closed(
          {
            match,
            count: { type: 'integer', minimum: 1, maximum: 1000, default: 1 },
            timeout: { type: 'string', maxLength: 40, description: 'ISO 8601, at most PT10M', examples: ['PT5S'] },
            after: cursor,
          },
          ['match', 'timeout'],
        ),
        response: { ...answers({ 200: waited[200] }, 400), 408: waited[408] },
      },
    },
    async ({ body, raw }, reply) => {
      const { match: filter, count, after } = body
      await requireKnownWords(filter, desk.office)
      const milliseconds = limitOf(body.timeout)
      const gone = new AbortController()
      open.add(gone)
      raw.socket.once('close', () => gone.abort())
      const from = after === undefined ? 'beginning' : positionOf(after)
      const { entries, isComplete } = await awaitEntries(
        desk.office,
        { filter, count, milliseconds, from },
        gone.signal,
      ).finally(() => open.delete(gone))
      if (isComplete) return { entries }
      const message = `${entries.length} of ${count} came within ${body.timeout}`
      return reply
        .code(408)
        .send({ error: 'RequestTimeout', message, entries, nearest: await nearestEntries(desk, filter) })
    },
  )
  const count = { type: 'integer', minimum: 0, maximum: 1_000_000 } as const
  app.post<{ Body: Expectation & { readonly match: JournalFilter; readonly after?: string } }>(
    '/lab/journal/verify',
    {
      schema: {
        tags,
        summary: 'Whether there were as many exchanges as there should be',
        description: 'One of exactly, atLeast, atMost and never. 409 when there were not.',
        body: closed(
          { match, exactly: count, atLeast: count, atMost: count, never: { type: 'boolean' }, after: cursor },
          ['match'],
        ),
        response: { ...answers({ 200: verified }, 400), 409: unverified },
      },
    },
    async ({ body }, reply) => {
      const found = await verifyJournal(desk, body)
      if (found.ok) return found
      const message = `There were ${found.count}, expected was: ${found.expected}`
      return reply.code(409).send({ error: 'Conflict', message, ...found })
    },
  )
}

/** @throws LabInputError, Problem */
function limitOf(timeout: string): number {
  const milliseconds = millisecondsOf(parseDuration(timeout, '"timeout"'))
  return milliseconds !== undefined && milliseconds > 0 && milliseconds <= longestWait
    ? milliseconds
    : problem(400, `"timeout" is ${timeout}: wait for more than no time, and at most PT10M`)
}
