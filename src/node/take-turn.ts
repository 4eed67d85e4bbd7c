/** Requests of the services wait for the emulated server: hooks of their routes. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NodeContext } from './context.js'
import { createServiceQueue, type Turn } from './service-queue.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'

type Done = (error?: Error) => void
type DoneWith = (error?: Error | null, answer?: unknown) => void

/** With callbacks: without a capacity nothing is to be paid for them. */
export interface TurnHooks {
  /** When the request has been read and its caller is known. Fails with QueueFull. */
  readonly preHandler: (request: FastifyRequest, reply: FastifyReply, done: Done) => void
  /** When the answer is ready. */
  readonly onSend: (request: FastifyRequest, reply: FastifyReply, answer: unknown, done: DoneWith) => void
}

/** @param own what this node emulates whatever its cluster does; undefined: what the cluster's configuration says */
export function takeTurns(context: NodeContext, own: EmulatedServer | undefined): TurnHooks {
  const { clock, random, metrics, isReady, state } = context
  const queue = createServiceQueue({
    server: () => own ?? (isReady() ? state().configuration.emulatedServer : null),
    clock,
    chance: () => random.bytes(6).readUIntBE(0, 6) / 2 ** 48,
    onTurn: metrics.waited,
  })
  metrics.watchQueue(() => queue.length())
  const turns = new WeakMap<FastifyRequest, Turn>()

  const wait = async (request: FastifyRequest, reply: FastifyReply): Promise<boolean> => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const turn = await queue.enter(gone.signal)
    if (turn === undefined) return false
    turns.set(request, turn)
    gone.signal.addEventListener('abort', () => void turn.end(), { once: true })
    return true
  }

  return {
    preHandler: (request, reply, done) => {
      if (queue.isOpen()) return done()
      wait(request, reply).then(
        // Nobody is there to answer to when it is not its turn.
        (isItsTurn) => (isItsTurn ? done() : void reply.hijack()),
        (error: Error) => done(error),
      )
    },
    onSend: (request, _reply, answer, done) => {
      const turn = turns.get(request)
      if (turn === undefined) return done(null, answer)
      turn.end().then(() => done(null, answer), (error: Error) => done(error))
    },
  }
}
