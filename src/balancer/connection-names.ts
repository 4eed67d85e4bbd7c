/** A name for every client connection, told to the nodes: whoever is signed in on one is so on no other, whatever way requests take. */
import type { Socket } from 'node:net'
import type { Random } from '../effects.js'

/** @returns the name of a connection: always the same for one, never the same for two, also of other balancers */
export function nameConnections(random: Random): (socket: Socket) => string {
  const prefix = random.bytes(12).toString('base64url')
  const names = new WeakMap<Socket, string>()
  let count = 0
  return (socket) => {
    const known = names.get(socket)
    if (known !== undefined) return known
    const name = `${prefix}-${++count}`
    names.set(socket, name)
    return name
  }
}
