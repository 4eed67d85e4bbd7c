/** The answer to bytes that are no request, that come too late, or whose head is too large: there is no request to answer, only a connection. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Timers } from '../effects.js'
import { endWith } from './last-answer.js'

/** By the codes of Node's parser. */
const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

export interface Unreadable {
  readonly error: NodeJS.ErrnoException
  /** Bytes that request line and headers may take. */
  readonly headerLimit: number
  /** For X-Request-Id. */
  readonly id: string
  /** Part of an answer has gone out on this connection, so that it can only be cut. */
  readonly answerBegun: boolean
  readonly timers: Timers
}

/** @returns the status, or undefined when nothing could be said */
export function answerUnreadable(
  socket: Socket,
  { error, headerLimit, id, answerBegun, timers }: Unreadable,
): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable || answerBegun) {
    socket.destroy()
    return undefined
  }
  const status = statusOf[error.code ?? ''] ?? 400
  const body = `${textOf(status, headerLimit)}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    `X-Request-Id: ${id}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  endWith(socket, `${head.join('\r\n')}\r\n\r\n${body}`, timers)
  return status
}

function textOf(status: number, headerLimit: number): string {
  if (status === 431)
    return `The headers are larger than the ${headerLimit} bytes that this server takes: send smaller ones, such as a smaller token or fewer cookies, or raise --header-limit.`
  if (status === 413) return 'The extensions of the chunks are larger than this server takes.'
  if (status === 408) return 'The request did not arrive in time.'
  return 'This is no request that can be read: it is malformed, or it was cut.'
}
