/** The last answer on a connection from which no requests are taken any more. */
import type { Socket } from 'node:net'
import type { Timers } from '../effects.js'

/** Milliseconds for the client to take the answer and close. */
const longestEnd = 1000

/** Writes this and ends the connection. Whoever goes on sending, or keeps its half open, is not waited for. */
export function endWith(socket: Socket, answer: string, timers: Timers): void {
  socket.end(answer)
  // A time-out of the socket would not do: an answer that ends meanwhile sets it anew.
  const patience = timers.after(longestEnd, () => socket.destroy())
  patience.unref()
  socket.once('close', () => patience.stop())
}
