/** What the balancer answers itself, when no node does; the answers are plain text and say what to do. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { clientRequestId as clientRequestIdOf } from '../http/request-ids.js'
import { valuesOf } from '../http/raw-headers.js'
import { mostReadAway } from '../http/read-away.js'

export interface Refusal {
  readonly status: number
  readonly text: string
  /** Seconds for Retry-After. */
  readonly retryAfter?: number
  /** The connection cannot go on after this answer. */
  readonly closes?: boolean
}

export const refusals = {
  noNode: {
    status: 503,
    retryAfter: 1,
    text: 'No server of this cluster is ready. Try again in a moment.',
  },
  nodeDied: {
    status: 502,
    retryAfter: 1,
    text: 'The server that had the request died before it answered, and no other one could take it.',
  },
  nodeDiedOnce: {
    status: 502,
    retryAfter: 1,
    text: 'The server that had the request died before it answered; a request of this size is sent only once.',
  },
  noConnection: {
    status: 503,
    retryAfter: 1,
    text: 'There is no free connection to a server at the moment. Try again in a moment.',
  },
  signInLost: {
    status: 502,
    closes: true,
    text: 'The server that had begun the sign-in died. Sign in again on a new connection.',
  },
  tooLarge: { status: 413, text: 'The request is larger than this server takes.' },
  badAnswer: { status: 502, text: 'The server answered with something that is not HTTP.' },
  slowAnswer: { status: 504, text: 'The server did not answer in time.' },
  badTarget: {
    status: 400,
    closes: true,
    text: 'The request target must be a path, and there must be one Host.',
  },
  badHost: {
    status: 400,
    closes: true,
    text: 'The Host header is no legal host: a name or an address, and a port from 0 to 65535 where there is one.',
  },
  badCoding: {
    status: 501,
    closes: true,
    text: 'The only transfer coding that is understood is chunked.',
  },
  codingIn10: { status: 400, closes: true, text: 'HTTP/1.0 knows no transfer codings.' },
  badRequest: { status: 400, closes: true, text: 'The request is malformed.' },
  upgrade: { status: 405, closes: true, text: 'Tunnels are not supported.' },
} as const satisfies Record<string, Refusal>

/** Framing that Node's strict parser accepts, and that nodes and balancer could understand differently (RFC 9112, 6.1). */
export function refusedFraming(request: IncomingMessage): Refusal | undefined {
  const { 'transfer-encoding': coding } = request.headers
  if (coding === undefined) return undefined
  if (request.httpVersion === '1.0') return refusals.codingIn10
  const all = valuesOf(request.rawHeaders, 'transfer-encoding')
  return all.length === 1 && coding.toLowerCase() === 'chunked' ? undefined : refusals.badCoding
}

/** How the balancer refuses: each refusal has an id of its own, and a line in the log. */
export interface Refuse {
  readonly nextId: () => string
  answer(response: ServerResponse, refusal: Refusal): void
}

export function refuseBy(nextId: () => string, log: Logger): Refuse {
  return {
    nextId,
    answer: (response, refusal) => {
      if (response.headersSent || response.destroyed) return
      const requestId = nextId()
      const clientRequestId = clientRequestIdOf(response.req.headers['x-request-id'])
      log.info({ requestId, clientRequestId, status: refusal.status, why: refusal.text }, 'refused')
      answerRefusal(response, refusal, requestId)
    },
  }
}

function answerRefusal(response: ServerResponse, refusal: Refusal, id: string): void {
  const body = `${refusal.text}\n`
  const headers: OutgoingHttpHeaders = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
  }
  if (refusal.retryAfter !== undefined) headers['retry-after'] = String(refusal.retryAfter)
  if (refusal.closes === true) headers['connection'] = 'close'
  response.writeHead(refusal.status, headers)
  if (refusal.closes === true || response.req.complete) response.end(body)
  else endWithRequest(response, body)
}

/**
 * The answer is whole at once, and its end waits for that of the request: whoever is still sending would often lose an answer that ends the
 * connection, and find it out of step otherwise.
 */
function endWithRequest(response: ServerResponse, body: string): void {
  const { req: request } = response
  if (request.method === 'HEAD') response.flushHeaders()
  else response.write(body)
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > mostReadAway) response.destroy()
  })
  request.once('end', () => response.end())
  request.resume()
}
