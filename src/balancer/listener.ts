/** One front door of a cluster: an HTTP/1.x server with a limit on everything, whose requests are forwarded. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { answerHalfClosed, halfOpen } from '../http/half-open.js'
import { endWith } from '../http/last-answer.js'
import { readPausably } from '../http/pausable.js'
import { answerUnreadable } from '../http/unreadable.js'
import { forward, type Forwarding } from './forward.js'
import type { Limits, ListenerOptions, TlsPair } from './options.js'
import { refusals } from './refusals.js'

export interface Listener {
  readonly name: string
  readonly url: string
  connections(): number
  counters(): ListenerCounters
  /** Accepts no more, finishes what runs; after the time (milliseconds) the rest is cut. */
  close(time: number): Promise<void>
}

export interface ListenerCounters {
  /** Connections closed at once because there were too many. */
  readonly dropped: number
  /** Connections ended because what came was no request, or not in time; by status. */
  readonly unreadable: Readonly<Record<number, number>>
}

/** @throws when the port is taken */
export async function listen(
  { name, host, port, tls }: ListenerOptions & { readonly tls?: TlsPair | undefined },
  limits: Limits,
  forwarding: Omit<Forwarding, 'isClosing'>,
): Promise<Listener> {
  let closing = false
  let dropped = 0
  const unreadable: Record<number, number> = {}
  /** Requests that run on each connection; more than one when the client pipelines. */
  const running = new Map<Socket, Set<ServerResponse>>()
  const whole: Forwarding = { ...forwarding, isClosing: () => closing }

  function receive(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { socket } = request
    const responses = running.get(socket)
    responses?.add(response)
    response.once('close', () => {
      responses?.delete(response)
      if (closing && responses?.size === 0) socket.end()
    })
    forward(request, response, expectsContinue, whole)
  }

  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.headersTimeout, limits.requestTimeout),
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.idleTimeout,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, limits.headersTimeout / 4)),
    insecureHTTPParser: false,
    // It is refused with the others.
    requireHostHeader: false,
    noDelay: true,
  }
  const server = answerHalfClosed(
    tls === undefined
      ? createServer(settings)
      : readPausably(
          createTlsServer({
            ...settings,
            ...halfOpen,
            ...tls,
            minVersion: 'TLSv1.2',
            handshakeTimeout: limits.headersTimeout,
          }),
        ),
  )
  server.maxConnections = limits.connections
  // The last resort for whatever neither sends nor reads, in either direction.
  server.setTimeout(Math.max(limits.answerTimeout, limits.requestTimeout, limits.idleTimeout) + 5000)
  /** Below TLS; without it, the same as those that carry requests. */
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    // Its handshake was under way when the others were ended.
    if (closing) socket.destroy()
    running.set(socket, new Set())
    socket.once('close', () => running.delete(socket))
  })
  server.on('drop', () => void dropped++)
  server.on('request', (request, response) => receive(request, response, false))
  server.on('checkContinue', (request, response) => receive(request, response, true))
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    // Node has taken its hands off this connection: nobody would see its end.
    socket.resume()
    const id = forwarding.refuse.nextId()
    endWith(
      socket,
      `HTTP/1.1 ${refusals.upgrade.status} Method Not Allowed\r\nConnection: close\r\nX-Request-Id: ${id}\r\nContent-Length: 0\r\n\r\n`,
      forwarding.timers,
    )
  })
  server.on('checkExpectation', (_request, response) => {
    forwarding.refuse.answer(response, {
      status: 417,
      closes: true,
      text: 'The only expectation that is understood is 100-continue.',
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const responses = running.get(socket)
    // TLS that did not come about: nothing can be said to the client.
    if (responses === undefined) {
      socket.destroy()
      return
    }
    const begun = [...responses].some((response) => response.headersSent)
    const id = forwarding.refuse.nextId()
    const status = answerUnreadable(socket, {
      error,
      headerLimit: limits.headerBytes,
      id,
      answerBegun: begun,
      timers: forwarding.timers,
    })
    if (status !== undefined) unreadable[status] = (unreadable[status] ?? 0) + 1
  })
  await start(server, host, port)
  return {
    name,
    url: urlOf(server, host, tls === undefined ? 'http' : 'https'),
    connections: () => sockets.size,
    counters: () => ({ dropped, unreadable }),
    close: async (time) => {
      closing = true
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const [socket, responses] of running) {
        if (responses.size === 0) socket.destroy()
      }
      const deadline = forwarding.timers.after(time, () => {
        for (const socket of sockets) socket.destroy()
      })
      await closed
      deadline.stop()
    },
  }
}

/** @throws the listening error, such as EADDRINUSE */
export async function start(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Where a server listens; an address that stands for all is shown as loopback. */
export function urlOf(server: Server, host: string, scheme: 'http' | 'https' = 'http'): string {
  const { port } = server.address() as AddressInfo
  const shown = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `${scheme}://${shown}:${port}`
}
