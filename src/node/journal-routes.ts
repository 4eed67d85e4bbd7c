/** The part that a node has of the journal, as management asks for it: behind the proof of the lab's other routes. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { FollowQuestion, FindQuestion, NearestQuestion } from '../lab/journal/asking.js'
import { ndjsonType } from '../lab/journal/ndjson.js'
import type { NodeJournal, PlacedEntry, Question } from '../lab/journal/node-journal.js'
import { parseJson } from '../lab/state.js'
import type { NodeContext } from './context.js'

/** Milliseconds. Somewhere between management and here a connection on which nothing is said may be ended. */
const heartbeat = 15_000

export function registerJournal(app: FastifyInstance, context: NodeContext): void {
  const { journal } = context
  const schema = { hide: true }
  if (journal === undefined) return
  app.post('/lab/journal/read', { schema }, async ({ body }) => journal.read(readAsked(body) as Question))
  app.post('/lab/journal/find', { schema }, async ({ body }) => ({
    entry: await journal.find((readAsked(body) as FindQuestion).requestId),
  }))
  app.post('/lab/journal/remove', { schema }, async ({ body }) => ({
    removed: journal.remove((readAsked(body) as FindQuestion).requestId),
  }))
  app.post('/lab/journal/nearest', { schema }, async ({ body }) => {
    const { filter, most } = readAsked(body) as NearestQuestion
    return { near: await journal.nearest(filter, most) }
  })
  app.delete('/lab/journal', { schema }, async (_request, reply) => {
    journal.clear()
    return reply.code(204).send()
  })
  const streams = new Set<Readable>()
  app.post('/lab/journal/follow', { schema }, async ({ body }, reply) =>
    follow(journal, readAsked(body) as FollowQuestion, reply, { streams, context }),
  )
  // A server that stops waits for its answers to end: these do not by themselves.
  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.push(null)
    done()
  })
}

/** The proof has shown that management wrote it. */
function readAsked(body: unknown): unknown {
  return parseJson(String(body))
}

/**
 * A line for each entry as it comes: those that are there already first, where they are asked for. The first line says what there is: nothing can be between
 * that and the next.
 */
function follow(
  journal: NodeJournal,
  { filter, messages, after }: FollowQuestion,
  reply: FastifyReply,
  { streams, context }: { readonly streams: Set<Readable>; readonly context: NodeContext },
): FastifyReply {
  // What nobody takes off waits in memory, as much as is kept in the journal at most: whoever is slower than that is let go.
  let waiting = 0
  const stream = new Readable({ read: () => (waiting = 0) })
  const say = (line: object | undefined): void => {
    if (stream.destroyed || stream.readableEnded) return
    const text = line === undefined ? '\n' : `${JSON.stringify(line)}\n`
    waiting += text.length
    if (waiting > mostWaiting) stream.destroy()
    else stream.push(text)
  }
  const later: PlacedEntry[] = []
  let isTold = false
  const stop = journal.follow(filter, messages, (entry) => void (isTold ? say({ entry }) : later.push(entry)))
  const from = after?.boot === journal.boot ? after.sequence : 0
  const there = journal.read({ filter, messages, after: from, limit: after === undefined ? 0 : Infinity })
  const begin = async (): Promise<void> => {
    const { entries, ...part } = await there
    say({ part })
    for (const entry of [...entries, ...later]) say({ entry })
    isTold = true
  }
  begin().catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
  const beat = context.timers.every(heartbeat, () => say(undefined))
  beat.unref()
  streams.add(stream)
  stream.once('close', () => {
    stop()
    beat.stop()
    streams.delete(stream)
  })
  return reply.type(ndjsonType).send(stream)
}

/** Characters. */
const mostWaiting = 64 * 1024 * 1024
