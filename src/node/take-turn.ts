/** Requests of the services wait for the emulated server: hooks of their routes. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NodeContext } from './context.js'
import { createServiceQueue, type Turn } from './service-queue.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'

type Done = () => void
type DoneWith = (error: null, answer: unknown) => void

/** They call back at once where nobody waits, so that nothing is to be paid without a capacity, and return a promise otherwise. */
export interface TurnHooks {
  /** When the request has been read and its caller is known. @throws QueueFull */
  readonly preHandler: (request: FastifyRequest, reply: FastifyReply, done: Done) => Promise<void> | void
  /** When the answer is ready. */
  readonly onSend: (
    request: FastifyRequest,
    reply: FastifyReply,
    answer: unknown,
    done: DoneWith,
  ) => Promise<unknown> | void
}

/** @param own what this node emulates whatever its cluster does; undefined: what the cluster's configuration says */
export function takeTurns(context: NodeContext, own: EmulatedServer | undefined): TurnHooks {
  const { clock, timers, random, metrics, state } = context
  const queue = createServiceQueue({
    // Asked for requests whose caller is known: there is a state, also while the node leaves.
    server: () => own ?? state().configuration.emulatedServer,
    clock,
    timers,
    chance: () => random.bytes(6).readUIntBE(0, 6) / 2 ** 48,
    onTurn: metrics.waited,
  })
  metrics.watchQueue(() => queue.length())
  const turns = new WeakMap<FastifyRequest, Turn>()

  const wait = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const turn = await queue.enter(gone.signal)
    if (turn === undefined) {
      // Nobody is there to answer to.
      reply.hijack()
      return
    }
    turns.set(request, turn)
    // However the request ends, the next one has its turn: also when this client went away at this very moment.
    if (gone.signal.aborted) void turn.end()
    else gone.signal.addEventListener('abort', () => void turn.end(), { once: true })
  }
  const finish = async (turn: Turn, answer: unknown): Promise<unknown> => {
    await turn.end()
    return answer
  }

  return {
    preHandler: (request, reply, done) => (queue.isOpen() ? done() : wait(request, reply)),
    onSend: (request, _reply, answer, done) => {
      const turn = turns.get(request)
      return turn === undefined ? done(null, answer) : finish(turn, answer)
    },
  }
}
