/** The HTTP server below a Fastify app, and what every answer of it has: half-closed clients are answered, requests have names, and refusals are text. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { LogController, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { TlsIdentity } from '../crypto/lab-ca.js'
import type { Timers } from '../effects.js'
import { answerHalfClosed, halfOpen } from '../http/half-open.js'
import { readPausably } from '../http/pausable.js'
import { clientRequestId } from '../http/request-ids.js'
import { answerUnreadable } from '../http/unreadable.js'

export interface HttpServerOptions {
  /** Serves https with these. */
  readonly tls?: TlsIdentity | undefined
  /** Bytes of request line and headers; more is answered 431. */
  readonly headerLimit: number
  /** Ids of requests. */
  readonly nextId: () => string
  readonly timers: Timers
  readonly log?: Logger | undefined
  /** Sees each request first; true: it answers it. */
  readonly passOn?: PassOn | undefined
}

export type PassOn = (request: IncomingMessage, response: ServerResponse) => boolean

/** Milliseconds, as Fastify hands them on. */
interface Times {
  readonly keepAliveTimeout?: number
  readonly requestTimeout?: number
  readonly connectionTimeout?: number
}

/** What an app says of each request, whoever listens. */
interface RequestParts {
  readonly frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void
  readonly genReqId: (raw: IncomingMessage) => string
  readonly logController: LogController
}

interface ServerParts extends RequestParts {
  /** By this alone Fastify knows how to call its own address. */
  readonly https: TlsIdentity | null
  readonly serverFactory: (handler: RequestListener, times: Times) => Server
  readonly clientErrorHandler: () => void
}

/** To stand among the options of a Fastify app. */
export function onHttpServer(options: HttpServerOptions): ServerParts {
  const { nextId } = options
  return {
    https: options.tls ?? null,
    serverFactory: (handler: RequestListener, times: Times) => httpServer(handler, options, times),
    // The server has its own, on each address that it listens on.
    clientErrorHandler: () => undefined,
    ...ofEachRequest(nextId),
  }
}

/** To stand among the options of a Fastify app, too. */
export function ofEachRequest(genReqId: (raw: IncomingMessage) => string): RequestParts {
  return {
    frameworkErrors: refuseUnroutable,
    genReqId,
    // One line per exchange is written where its outcome is known.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
  }
}

function httpServer(
  ownHandler: RequestListener,
  { tls, headerLimit, nextId, timers, log, passOn }: HttpServerOptions,
  { keepAliveTimeout = 0, requestTimeout = 0, connectionTimeout = 0 }: Times,
): Server {
  const settings: ServerOptions = {
    maxHeaderSize: headerLimit,
    keepAliveTimeout,
    requestTimeout,
    // Refused with the hosts that are none.
    requireHostHeader: false,
  }
  const handler: RequestListener =
    passOn === undefined
      ? ownHandler
      : (request, response) => {
          if (!passOn(request, response)) ownHandler(request, response)
        }
  const server = answerHalfClosed(
    tls === undefined
      ? createServer(settings, handler)
      : readPausably(
          createTlsServer(
            { ...settings, ...halfOpen, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 },
            handler,
          ),
        ),
  )
  server.setTimeout(connectionTimeout)
  /** Connections that can be answered, each with its latest answer. */
  const answers = new WeakMap<Socket, ServerResponse | undefined>()
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => answers.set(socket, undefined))
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => answers.set(socket, response))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // TLS that did not come about: nothing can be said to the client.
    if (!answers.has(socket)) {
      socket.destroy()
      return
    }
    const latest = answers.get(socket)
    const answerBegun = latest !== undefined && latest.headersSent && !latest.writableFinished
    const requestId = nextId()
    const status = answerUnreadable(socket, { error, headerLimit, id: requestId, answerBegun, timers })
    if (status !== undefined)
      log?.info({ requestId, status, why: error.message, from: socket.remoteAddress }, 'refused')
  })
  return server
}

/** Before any answer: it tells by which name log and request log have the request. */
export function nameRequest(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id)
  const own = clientRequestId(request.headers['x-request-id'])
  if (own !== undefined) request.log = request.log.child({ clientRequestId: own })
}

/** A path that cannot be read comes to no route, and to no hook. */
function refuseUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  nameRequest(request, reply)
  const status = error.statusCode ?? 400
  request.log.info({ path: request.url.slice(0, 200), status, why: error.message }, 'refused')
  void reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(
      status === 414
        ? 'The address is too long.\n'
        : 'The address is malformed: a % must begin two hexadecimal digits.\n',
    )
}
