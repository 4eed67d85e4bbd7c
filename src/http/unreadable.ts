/** The answer to bytes that are no request, that come too late, or whose head is too large: there is no request to answer, only a connection. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { systemTimers } from '../effects.js'

/** By the codes of Node's parser. */
const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Milliseconds for the client to take the answer and close. */
const longestEnd = 1000

export interface Unreadable {
  readonly error: NodeJS.ErrnoException
  /** Bytes that request line and headers may take. */
  readonly headerLimit: number
  /** For X-Request-Id. */
  readonly id: string
  /** Part of an answer has gone out on this connection, so that it can only be cut. */
  readonly answerBegun: boolean
}

/** @returns the status, or undefined when nothing could be said */
export function answerUnreadable(
  socket: Socket,
  { error, headerLimit, id, answerBegun }: Unreadable,
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
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Whoever goes on sending is not waited for. A time-out of the socket would not do: an answer that ends meanwhile sets it anew.
  const patience = systemTimers.after(longestEnd, () => socket.destroy())
  patience.unref()
  socket.once('close', () => patience.stop())
  return status
}

function textOf(status: number, headerLimit: number): string {
  if (status === 431)
    return `The headers are larger than the ${headerLimit} bytes that this server takes: send smaller ones, such as a smaller token or fewer cookies, or raise --header-limit.`
  if (status === 413) return 'The extensions of the chunks are larger than this server takes.'
  if (status === 408) return 'The request did not arrive in time.'
  return 'This is no request that can be read: it is malformed, or it was cut.'
}
