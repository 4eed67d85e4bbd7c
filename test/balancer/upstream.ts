/** A tiny HTTP server in a process of its own that stands in for a node: it can hold, die, reset, answer in part, and count. */
import { fork, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { TlsIdentity } from '../../src/crypto/lab-ca.js'

export interface Echo {
  readonly node: string
  readonly connection: number
  readonly method: string
  readonly url: string
  readonly headers: readonly string[]
  readonly length: number
  readonly hash: string
  readonly user?: string
}

export interface Upstream {
  readonly id: string
  readonly url: string
  readonly process: ChildProcess
  /** Resolves with the next message of this kind that has not been waited for yet. */
  next(event: string): Promise<Message>
  /** Requests that began, by path. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** stall: /readyz is not answered from now on. pause: nothing is, but /reset-first, until go-on. */
  tell(message: 'release' | 'ready' | 'not-ready' | 'stall' | 'pause' | 'go-on' | 'count'): void
  kill(): Promise<void>
}

interface Message {
  readonly event: string
  readonly [field: string]: unknown
}

export interface UpstreamOptions {
  /** /readyz answers 503 until told otherwise. */
  readonly notReady?: boolean
  readonly port?: number
  /** Serves https with these. */
  readonly tls?: TlsIdentity
}

/** Starts one; it ends with the test. */
export async function startUpstream(t: Test, id: string, options: UpstreamOptions = {}): Promise<Upstream> {
  const child = fork(fileURLToPath(import.meta.url), ['upstream', id, JSON.stringify(options)])
  const seen: Message[] = []
  const waiting: { event: string; resolve: (message: Message) => void }[] = []
  child.on('message', (message: Message) => {
    const index = waiting.findIndex(({ event }) => event === message.event)
    if (index < 0) seen.push(message)
    else waiting.splice(index, 1)[0]?.resolve(message)
  })
  const exited = once(child, 'exit')
  const next = async (event: string): Promise<Message> => {
    const index = seen.findIndex((message) => message.event === event)
    if (index >= 0) return seen.splice(index, 1)[0] as Message
    return new Promise((resolve) => void waiting.push({ event, resolve }))
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.teardown(kill)
  const { url } = await next('listening')
  return {
    id,
    url: String(url),
    process: child,
    next,
    counts: async () => {
      child.send('count')
      return (await next('counts'))['counts'] as Readonly<Record<string, number>>
    },
    tell: (message) => void child.send(message),
    kill,
  }
}

interface ConnectionState {
  readonly number: number
  challenged: boolean
  user: string | undefined
}

function runUpstream(id: string, { port = 0, notReady = false, tls }: UpstreamOptions): void {
  let ready = !notReady
  let stalls = false
  let paused: (() => void)[] | undefined
  const counts: Record<string, number> = {}
  const held: (() => void)[] = []
  const connections = new WeakMap<Socket, ConnectionState>()
  let connectionCount = 0
  const tell = (message: Message): void => void process.send?.(message)
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message) => {
    if (message === 'release') for (const release of held.splice(0)) release()
    if (message === 'ready') ready = true
    if (message === 'not-ready') ready = false
    if (message === 'stall') stalls = true
    if (message === 'pause') paused = []
    if (message === 'go-on') {
      const waiting = paused ?? []
      paused = undefined
      for (const goOn of waiting) goOn()
    }
    if (message === 'count') tell({ event: 'counts', counts })
  })

  function stateOf(socket: Socket): ConnectionState {
    const known = connections.get(socket)
    if (known !== undefined) return known
    const state: ConnectionState = { number: ++connectionCount, challenged: false, user: undefined }
    connections.set(socket, state)
    return state
  }

  async function echo(request: IncomingMessage, response: ServerResponse, status = 200): Promise<void> {
    const hash = createHash('sha256')
    let length = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      hash.update(chunk)
    }
    const { number: connection, user } = stateOf(request.socket)
    const { method = '', url = '', rawHeaders: headers } = request
    const answer: Echo = {
      node: id,
      connection,
      method,
      url,
      headers,
      length,
      hash: hash.digest('hex'),
      ...(user === undefined ? {} : { user }),
    }
    response.writeHead(status, [
      'Content-Type',
      'application/json',
      'X-Served-By',
      id,
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Connection',
      'X-Only-Here',
      'X-Only-Here',
      'yes',
    ])
    response.end(JSON.stringify(answer))
  }

  /** The shape of NTLM, not its cryptography: the type 3 message carries the user's name in clear. */
  async function ntlm(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const state = stateOf(request.socket)
    const [, scheme = 'NTLM', token = ''] = /^(\w+) (\S+)$/.exec(request.headers.authorization ?? '') ?? []
    const message = Buffer.from(token, 'base64')
    const refuse = async (...offers: string[]): Promise<void> => {
      for await (const _ of request) void _
      response.writeHead(401, [
        'X-Served-By',
        id,
        ...offers.flatMap((offer) => ['WWW-Authenticate', offer]),
        'X-Connection',
        String(state.number),
        'Content-Length',
        '0',
      ])
      response.end()
    }
    if (message[8] === 1) {
      state.challenged = true
      await refuse(`${scheme} ${Buffer.from('NTLMSSP\0\x02\0\0\0challenge').toString('base64')}`)
    } else if (message[8] === 3 && state.challenged) {
      state.user = message.subarray(12).toString('latin1')
      await echo(request, response)
    } else if (state.user !== undefined) {
      await echo(request, response)
    } else {
      await refuse('Negotiate', 'NTLM', 'Basic realm="lab"')
    }
  }

  const behaviors: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>
  > = {
    '/readyz': (_request, response) => {
      if (!stalls) response.writeHead(ready ? 200 : 503).end()
    },
    '/echo': (request, response) => echo(request, response),
    '/ntlm': ntlm,
    '/hold': async (request, response) => {
      response.once('close', () => tell({ event: 'closed', finished: response.writableFinished }))
      await new Promise<void>((resolve) => {
        held.push(resolve)
        tell({ event: 'holding' })
      })
      await echo(request, response)
    },
    '/die': async (request) => {
      for await (const _ of request) void _
      process.kill(process.pid, 'SIGKILL')
    },
    '/die-early': (request) => void request.once('data', () => process.kill(process.pid, 'SIGKILL')),
    '/reset-first': async (request, response) => {
      if (request.url !== `/reset-first?${id}`) return echo(request, response)
      for await (const _ of request) void _
      request.socket.resetAndDestroy()
    },
    '/reset': (request) => void request.once('end', () => request.socket.resetAndDestroy()).resume(),
    '/partial': (request, response) => {
      request.resume()
      response.writeHead(200, { 'content-length': 1000 })
      response.write('some of it', () => request.socket.destroy())
    },
    '/chunked': async (request, response) => {
      for await (const _ of request) void _
      for (const piece of ['one ', 'two ', 'three']) response.write(piece)
      response.end()
    },
    '/half': async (_request, response) => {
      response.write('one half')
      await new Promise<void>((resolve) => held.push(resolve))
      response.end('other half')
    },
    '/busy': async (request, response) => echo(request, response, 503),
    '/lab-busy': (request, response) =>
      void request.once('end', () => response.writeHead(503, { 'x-lab': 'fault=a' }).end()).resume(),
    '/lab-reset': (request, response) =>
      void request.once('end', () => response.writeHead(500, { 'x-lab-connection': 'reset' }).end()).resume(),
    '/early': (_request, response) => void response.writeHead(413, { 'content-length': 0 }).end(),
    '/not-http': (request) => void request.socket.end('this is not HTTP\r\n\r\n'),
    '/processing': async (request, response) => {
      for (let times = 0; times < 6; times++) {
        response.writeProcessing()
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      await echo(request, response)
    },
    '/never': (request, response) => {
      response.once('close', () => tell({ event: 'closed', finished: response.writableFinished }))
      request.resume()
      tell({ event: 'holding' })
    },
  }

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    counts[path] = (counts[path] ?? 0) + 1
    if (paused !== undefined && path !== '/reset-first') {
      paused.push(() => serve(request, response))
      if (path !== '/readyz') tell({ event: 'holding' })
      return
    }
    void Promise.resolve((behaviors[path] ?? behaviors['/echo'])?.(request, response)).catch(() => request.destroy())
  }
  const server = tls === undefined ? createServer(serve) : createTlsServer({ ...tls }, serve)
  server.keepAliveTimeout = 65_000
  server.listen(port, '127.0.0.1', () =>
    tell({
      event: 'listening',
      url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    }),
  )
}

if (process.argv[2] === 'upstream')
  runUpstream(process.argv[3] ?? '', JSON.parse(process.argv[4] ?? '{}') as UpstreamOptions)
