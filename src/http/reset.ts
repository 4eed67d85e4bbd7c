/** A connection ends as when a server dies: without a word. */
import type { Socket } from 'node:net'

/** TLS has no way to reset what is below it: its connection is cut. */
export function resetConnection(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy()
  else socket.resetAndDestroy()
}

/** Header in the answer of a server whose lab wants its client's connection reset, in place of cutting that of the balancer between. Its value is `reset`. */
export const resetMark = 'x-lab-connection'
