/**
 * Connections that clients opened and have sent nothing on, as browsers and HTTP libraries do ahead of need. Node takes them for busy until their first
 * request is overdue, a minute later, and closing would wait for them.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'

/** From now on: closing the app ends its unused connections first. */
export function closeUnusedConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>()
  const server: Server = app.server
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage) => unused.delete(socket))
  app.addHook('preClose', (done) => {
    for (const socket of unused) socket.destroy()
    done()
  })
}
