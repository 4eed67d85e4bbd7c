/**
 * Connections that clients opened and have sent nothing on, as browsers and HTTP libraries do ahead of need. Node takes them for busy until their first
 * request is overdue, a minute later, and closing would wait for them. It would wait as long for those whose last answer ends while it closes: they were
 * not idle when idle ones were closed.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'

/** From now on: closing the app ends its unused connections first, and each other one after its answer. */
export function closeUnusedConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>()
  let isClosing = false
  const server: Server = app.server
  const isTls = server instanceof TlsServer
  const handshaking = isTls ? handshakesOf(server) : undefined
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    unused.delete(socket)
    response.once('close', () => {
      if (isClosing) server.closeIdleConnections()
    })
  })
  app.addHook('preClose', (done) => {
    isClosing = true
    for (const socket of [...unused, ...(handshaking?.values() ?? [])]) socket.destroy()
    done()
  })
}

/** Connections whose TLS has not come about: one that its client gave up meanwhile stays, half open, until the time for handshakes is over. */
function handshakesOf(server: Server): ReadonlyMap<string, Socket> {
  const handshaking = new Map<string, Socket>()
  const peer = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
  server.on('connection', (socket: Socket) => {
    const key = peer(socket)
    handshaking.set(key, socket)
    socket.once('close', () => handshaking.delete(key))
  })
  server.on('secureConnection', (socket: Socket) => handshaking.delete(peer(socket)))
  return handshaking
}
