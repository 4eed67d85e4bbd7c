/**
 * Clients that do what clients should not do. Each way is one of those in which a client can be the cause of a failed request to a node: none of
 * them may be counted against the node, or be noticed by anybody else.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { seedPassword } from '../../src/directory/seed.js'
import type { Prng } from '../hostile/prng.js'

/** What an attacker knows: the address, and a request that is good. */
export interface Target {
  /** Of the cluster's balancer. */
  readonly url: string
  /** Path and body of a request that alice may send. */
  readonly path: string
  readonly body: string
}

/** One attack; ends when it is over. Never rejects. */
export type Attack = (target: Target, prng: Prng) => Promise<void>

/** Milliseconds that an attacker waits for an answer or an end that does not come. */
const mostWaiting = 2000
const kilobyte = 1024
const alice = `Authorization: Basic ${Buffer.from(`CONTOSO\\alice:${seedPassword}`).toString('base64')}`
const xml = 'Content-Type: text/xml; charset=utf-8'

/** The socket below TLS: only that can be reset. */
const below = new WeakMap<Socket, Socket>()

function open(url: string): Socket {
  const { protocol, hostname: host, port } = new URL(url)
  const tcp = connect({ host, port: Number(port) }).on('error', () => undefined)
  if (protocol === 'http:') return tcp
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false }).on('error', () => undefined)
  below.set(socket, tcp)
  return socket
}

function reset(socket: Socket): void {
  const tcp = below.get(socket) ?? socket
  if (!tcp.destroyed) tcp.resetAndDestroy()
  socket.destroy()
}

function head(first: string, host: string, ...headers: readonly string[]): string {
  return `${[`${first} HTTP/1.1`, `Host: ${host}`, ...headers].join('\r\n')}\r\n\r\n`
}

const hostOf = ({ url }: Target): string => new URL(url).host
const whole = (target: Target, ...more: readonly string[]): string =>
  head(`POST ${target.path}`, hostOf(target), alice, xml, `Content-Length: ${target.body.length}`, ...more) +
  target.body

/** @returns whether it is still open */
async function write(socket: Socket, data: string | Buffer): Promise<boolean> {
  if (socket.destroyed) return false
  if (!socket.write(data)) await ended(socket, 'drain')
  return !socket.destroyed
}

/** Until this happens, the connection closes, or it is not waited for any longer. */
async function ended(socket: Socket, ...events: readonly string[]): Promise<void> {
  if (socket.destroyed) return
  const over = new AbortController()
  const { signal } = over
  const happens = [...events, 'close'].map(async (event) => once(socket, event, { signal }))
  await Promise.race([...happens, pause(mostWaiting, undefined, { signal })]).catch(() => undefined)
  over.abort()
  await Promise.allSettled(happens)
}

async function writeMuch(socket: Socket, bytes: number, isChunked: boolean): Promise<void> {
  const piece = Buffer.alloc(64 * kilobyte, 'x')
  for (let left = bytes; left > 0; left -= piece.length)
    if (
      !(await write(socket, isChunked ? Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]) : piece))
    )
      return
  if (isChunked) await write(socket, '0\r\n\r\n')
}

/** Refused before it has been read: too large, not signed in, no such path. */
const earlyAnswers: Attack = async (target, prng) => {
  const first = prng.pick([
    head('POST /_wmcs/certification/Activation.asmx', hostOf(target), xml),
    head(`POST ${target.path}`, hostOf(target), alice, xml),
    head(`POST ${target.path}`, hostOf(target), xml),
    head(`PUT ${target.path}`, hostOf(target), alice, xml),
    head('POST /adfs/oauth2/token', hostOf(target), 'Content-Type: application/x-www-form-urlencoded'),
    head('POST /my/v2/enduserlicenses', hostOf(target), 'Content-Type: application/json'),
    head('POST /nothing', hostOf(target)),
  ])
  const bytes = prng.pick([128, 1024, 2048, 3072, 6144]) * kilobyte
  const isChunked = prng.below(2) === 0
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
  const socket = open(target.url)
  await write(socket, first.replace('\r\n\r\n', `\r\n${framing}\r\n\r\n`))
  // Some read what comes, some send and go.
  if (prng.below(2) === 0) socket.resume()
  await writeMuch(socket, bytes, isChunked)
  if (prng.below(2) === 0) await ended(socket.resume(), 'data')
  socket.destroy()
}

/** Cut by a reset: in the head, in the body, or when the request is whole. */
const resets: Attack = async (target, prng) => {
  const socket = open(target.url)
  const bytes = prng.pick([0, 1, 100, 500]) * kilobyte
  const text = head(`POST ${target.path}`, hostOf(target), alice, xml, `Content-Length: ${800 * kilobyte}`)
  await write(socket, text.slice(0, prng.below(3) === 0 ? prng.below(text.length) : text.length))
  if (bytes > 0) await writeMuch(socket, bytes, false)
  if (prng.below(2) === 0) await pause(prng.below(30))
  reset(socket)
}

/** Says that nothing more comes: behind a whole request, and in the middle of one. */
const halfClosed: Attack = async (target, prng) => {
  const socket = open(target.url)
  const text = prng.pick([whole(target), head('GET /healthz', hostOf(target))])
  socket.end(prng.below(2) === 0 ? text : text.slice(0, prng.below(text.length)))
  await ended(socket.resume(), 'end')
  socket.destroy()
}

/** Sends, or reads, a little and then nothing. */
const slow: Attack = async (target, prng) => {
  const socket = open(target.url).pause()
  const text = prng.pick([
    whole(target),
    head(`POST ${target.path}`, hostOf(target), alice, xml, `Content-Length: ${200 * kilobyte}`) +
      'x'.repeat(100 * kilobyte),
  ])
  const step = Math.ceil(text.length / 10)
  const steps = 1 + prng.below(10)
  for (let at = 0; at < steps; at++) {
    if (!(await write(socket, text.slice(at * step, (at + 1) * step)))) break
    await pause(prng.below(50))
  }
  await pause(prng.below(1000))
  socket.destroy()
}

const strangeHosts = [
  'other.contoso.test',
  'localhost',
  '127.0.0.1:1',
  '[::1]:7000',
  'x',
  'root_balancer:7000',
  'a..b',
  '',
  'user@host',
  'xn--nxasmq6b',
  'a'.repeat(300),
]

/** Says Hosts that the certificate of no node has, on one connection after the other name. */
const wrongHosts: Attack = async (target, prng) => {
  const socket = open(target.url)
  for (let count = 1 + prng.below(4); count > 0; count--) {
    const host = prng.pick(strangeHosts)
    if (!(await write(socket, head(prng.pick(['GET /healthz', `GET ${target.path}?wsdl`]), host)))) break
    await ended(socket.resume(), 'data')
  }
  socket.destroy()
}

/** What is no TLS at a port with TLS, what is no HTTP at one without, and a handshake that goes no further. */
const badTls: Attack = async ({ url }, prng) => {
  const { hostname: host, port } = new URL(url)
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => undefined)
  await ended(socket, 'connect')
  const clientHello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), prng.bytes(200)])
  await write(
    socket,
    prng.pick([clientHello, prng.bytes(300), Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), Buffer.alloc(0)]),
  )
  await pause(prng.below(100))
  if (prng.below(2) === 0) reset(socket)
  else socket.destroy()
}

/** Heads near the limit, above it, and of very many lines. */
const hugeHeads: Attack = async (target, prng) => {
  const size = prng.pick([14, 16, 60, 63, 64, 65, 66, 80, 200]) * kilobyte
  const lines =
    prng.below(2) === 0
      ? [`Cookie: ${'c'.repeat(size)}`]
      : Array.from({ length: Math.floor(size / 40) }, (_, index) => `X-${index}: ${'v'.repeat(30)}`)
  const socket = open(target.url)
  const text = prng.pick([
    head('GET /healthz', hostOf(target), ...lines),
    whole(target, ...lines),
    head(`GET /${'p'.repeat(size)}`, hostOf(target)),
    head(
      `POST ${target.path}`,
      hostOf(target),
      `Authorization: Negotiate ${Buffer.alloc(size, 1).toString('base64')}`,
      xml,
      'Content-Length: 0',
    ),
  ])
  await write(socket, text)
  await ended(socket.resume(), 'data')
  socket.destroy()
}

/** Goes away while its good request is with a node, or while the answer comes. */
const aborts: Attack = async (target, prng) => {
  const socket = open(target.url)
  await write(socket, whole(target))
  if (prng.below(3) === 0) await ended(socket.resume(), 'data')
  else await pause(prng.below(30))
  if (prng.below(2) === 0) reset(socket)
  else socket.destroy()
}

export const attacks = {
  earlyAnswers,
  resets,
  halfClosed,
  slow,
  wrongHosts,
  badTls,
  hugeHeads,
  aborts,
} as const satisfies Readonly<Record<string, Attack>>

export type AttackName = keyof typeof attacks
