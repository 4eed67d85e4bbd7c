/** What the balancer answers itself, when no node does; the answers are plain text and say what to do. */
import { STATUS_CODES, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { valuesOf } from './headers.js'

export interface Refusal {
  readonly status: number
  readonly text: string
  /** Seconds for Retry-After. */
  readonly retryAfter?: number
  /** The connection cannot go on after this answer. */
  readonly closes?: boolean
}

export const refusals = {
  noNode: { status: 503, retryAfter: 1, text: 'No server of this cluster is ready. Try again in a moment.' },
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
  signInLost: {
    status: 502,
    closes: true,
    text: 'The server that had begun the sign-in died. Sign in again on a new connection.',
  },
  badAnswer: { status: 502, text: 'The server answered with something that is not HTTP.' },
  slowAnswer: { status: 504, text: 'The server did not answer in time.' },
  badTarget: { status: 400, closes: true, text: 'The request target must be a path, and there must be one Host.' },
  badCoding: { status: 501, closes: true, text: 'The only transfer coding that is understood is chunked.' },
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

export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return
  const body = `${refusal.text}\n`
  const headers: OutgoingHttpHeaders = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  }
  if (refusal.retryAfter !== undefined) headers['retry-after'] = String(refusal.retryAfter)
  if (refusal.closes === true) headers['connection'] = 'close'
  response.writeHead(refusal.status, headers)
  response.end(body)
}

/** What a client gets for bytes that are no request, or not in time; by the codes of Node's parser. */
const parserErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/**
 * @param answerBegun part of an answer has gone out on this connection, so that it can only be cut
 * @returns the status, or undefined when nothing could be said
 */
export function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answerBegun: boolean,
): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable || answerBegun) {
    socket.destroy()
    return undefined
  }
  const status = parserErrors[error.code ?? ''] ?? 400
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  // Whoever goes on sending is not waited for.
  socket.setTimeout(1000, () => socket.destroy())
  return status
}
