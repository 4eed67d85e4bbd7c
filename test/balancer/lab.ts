/** A balancer with upstream processes, and clients that see every byte. */
import { once } from 'node:events'
import { request, type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { startBalancer, type RunningBalancer } from '../../src/balancer/balancer.js'
import type { Limits } from '../../src/balancer/options.js'
import { trustedProxiesOf } from '../../src/http/trusted-proxies.js'
import type { TestClock } from '../fixtures/test-clock.js'
import { startUpstream, type Echo, type Upstream } from './upstream.js'

export interface Lab {
  readonly balancer: RunningBalancer
  readonly url: string
  readonly upstreams: readonly Upstream[]
}

export interface LabOptions {
  /** Proxies, as --trusted-proxies names them. */
  readonly trusted?: string
  /** The balancer's time. */
  readonly clock?: TestClock
}

/** A balancer before that many upstreams, all of them ready. */
export async function startLab(
  t: Test,
  count: number,
  limits: Partial<Limits> = {},
  { trusted, clock }: LabOptions = {},
): Promise<Lab> {
  const upstreams = await Promise.all(
    Array.from({ length: count }, async (_, index) => startUpstream(t, `node-${index + 1}`)),
  )
  const balancer = await startBalancer({
    clusters: [
      {
        name: 'root',
        listeners: [{ name: 'intranet', host: '127.0.0.1', port: 0 }],
        nodes: upstreams.map(({ id, url }) => ({ id, url })),
      },
    ],
    limits,
    trustedProxies: trusted === undefined ? undefined : trustedProxiesOf(trusted),
    ...(clock === undefined ? {} : { clock, timers: clock }),
  })
  t.teardown(() => balancer.close())
  await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
  return { balancer, url: balancer.clusters[0]?.listeners[0]?.url ?? '', upstreams }
}

export function stateOf(balancer: RunningBalancer, id: string): string | undefined {
  return balancer.status().clusters[0]?.nodes.find((node) => node.id === id)?.state
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Asking {
  readonly method?: string
  readonly body?: string | Buffer
  readonly headers?: OutgoingHttpHeaders
  readonly agent?: Agent
}

/** Rejects when the connection is cut. */
export function ask(url: string, { method = 'POST', body, headers = {}, agent }: Asking = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: agent ?? false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          rawHeaders: incoming.rawHeaders,
          body: Buffer.concat(chunks).toString('latin1'),
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export async function askEcho(url: string, asking: Asking = {}): Promise<Echo> {
  return JSON.parse((await ask(url, asking)).body) as Echo
}

export interface RawClient {
  readonly socket: Socket
  send(text: string): void
  /** Everything received up to and including what matches; later reads go on behind it. Rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>
  /** Everything until the other side closes. */
  rest(): Promise<string>
}

export async function rawClient(t: Test, url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  t.teardown(() => socket.destroy())
  let received = ''
  let ended = false
  socket.on('data', (chunk) => (received += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.once('close', () => (ended = true))
  await once(socket, 'connect')
  return {
    socket,
    send: (text) => void socket.write(text, 'latin1'),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(received)
          if (match === null && !ended) return
          socket.off('data', look)
          socket.off('close', look)
          if (match === null) {
            reject(new Error(`the connection ended after ${JSON.stringify(received)}`))
            return
          }
          const end = match.index + match[0].length
          resolve(received.slice(0, end))
          received = received.slice(end)
        }
        socket.on('data', look)
        socket.on('close', look)
        look()
      }),
    rest: async () => {
      if (!ended) await once(socket, 'close')
      return received
    },
  }
}
