/** One question to a node: whether it can serve. */
import { get } from 'node:http'
import { get as getByTls } from 'node:https'
import type { Timers } from '../effects.js'
import { isCut, isShortage } from './failure.js'

export interface Readiness {
  /**
   * ready and not ready are the node's own word. unreachable: no connection came about. nothing: it said nothing in time, or cut the connection.
   * unknown: it could not be asked.
   */
  readonly says: 'ready' | 'not ready' | 'unreachable' | 'nothing' | 'unknown'
  /** For people. */
  readonly reason: string
}

/**
 * By a connection of its own: a node that no longer accepts connections is not ready, whatever old ones do. Never rejects.
 * @param timeout milliseconds
 */
export function askReady(url: string, timeout: number, timers: Timers): Promise<Readiness> {
  return new Promise((resolve) => {
    const isTls = url.startsWith('https:')
    const ask = isTls ? getByTls : get
    let isConnected = false
    let isLate = false
    const request = ask(new URL('/readyz', url), { agent: false, headers: { connection: 'close' } }, (answer) => {
      const { statusCode } = answer
      answer.on('error', () => undefined)
      // Its body says nothing more, and need never end.
      request.destroy()
      say({ says: statusCode === 200 ? 'ready' : 'not ready', reason: `/readyz answered ${statusCode}` })
    })
    const deadline = timers.after(timeout, () => {
      isLate = true
      request.destroy()
      say({ says: 'nothing', reason: `/readyz did not answer within ${timeout} ms` })
    })
    const say = (readiness: Readiness): void => {
      deadline.stop()
      resolve(readiness)
    }
    request.once('socket', (socket) => {
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isConnected = true
      })
    })
    request.on('error', (error) => {
      if (isLate) return
      say({ says: saysError(error, isConnected), reason: `/readyz: ${error.message}` })
    })
  })
}

/** A connection that is cut in the TLS handshake was taken all the same. */
function saysError(error: Error, isConnected: boolean): Readiness['says'] {
  if (isShortage(error)) return 'unknown'
  return isConnected || isCut(error) ? 'nothing' : 'unreachable'
}
