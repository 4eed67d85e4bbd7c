/**
 * A listener whose app is made when the first request comes. The routes of management take a third of the time in which an installation starts, and in
 * most tests nobody asks for them.
 */
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { onHttpServer, type HttpServerOptions } from '../node/http-server.js'
import { closeUnusedConnections } from '../node/unused-connections.js'

export interface LateAppOptions extends HttpServerOptions {
  readonly host: string
  readonly port: number
  readonly log: Logger | undefined
  /** Milliseconds for a whole request to arrive. */
  readonly requestTimeout: number
  /** Answers what comes to no route, as its path cannot be read. */
  readonly refuseUnreadable: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void
  /** @param idOf what the listener calls a request @returns one that does not listen */
  readonly make: (idOf: (raw: IncomingMessage) => string) => Promise<FastifyInstance>
}

/** @throws the system's error, when the port is taken */
export async function listenForLateApp({
  host,
  port,
  log,
  requestTimeout,
  refuseUnreadable,
  make,
  ...server
}: LateAppOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const ids = new WeakMap<IncomingMessage, string>()
  const door = Fastify({
    ...(log === undefined ? {} : { loggerInstance: log }),
    requestTimeout,
    ...onHttpServer({ ...server, log }),
    frameworkErrors: refuseUnreadable,
    forceCloseConnections: 'idle',
  }) as unknown as FastifyInstance
  closeUnusedConnections(door)
  let making: Promise<FastifyInstance> | undefined
  /** What failed once is tried anew for the next one who asks. */
  const made = (): Promise<FastifyInstance> =>
    (making ??= makeReady().catch((error: unknown) => {
      making = undefined
      throw error
    }))
  const makeReady = async (): Promise<FastifyInstance> => {
    const app = await make((raw) => ids.get(raw) ?? server.nextId())
    await app.ready()
    return app
  }
  door.addHook('onRequest', async ({ raw, id }, reply) => {
    ids.set(raw, id)
    const app = await made()
    reply.hijack()
    app.routing(raw, reply.raw)
  })
  // What the app does before it closes ends answers that never end by themselves.
  door.addHook('preClose', async () => (await making?.catch(() => undefined))?.close())
  return { url: await door.listen({ host, port }), close: () => door.close() }
}
