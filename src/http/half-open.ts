/**
 * Clients that say that they send nothing more and wait for their answer (`nc -N`, shutdown(SHUT_WR)): they get it. That a client is gone is
 * then told by a reset or a failed write only, and by the time-outs.
 */
import type { Server as HttpServer } from 'node:http'

/** To stand among the options of an https server besides. */
export const halfOpen = { allowHalfOpen: true } as const

/** Without this Node ends a connection when its other half ends, whatever answer is still due. */
export function answerHalfClosed<Listening extends HttpServer>(server: Listening): Listening {
  const undocumented: HttpServer & { httpAllowHalfOpen?: boolean } = server
  undocumented.httpAllowHalfOpen = true
  return server
}
