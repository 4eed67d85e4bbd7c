/** HTTP by hand: exactly the bytes that a test wants on the wire, and what comes back, byte by byte. */
import { connect, type Socket } from 'node:net'
import { hangs } from '../fixtures/until.js'

export interface RawAnswer {
  readonly version: string
  readonly status: number
  /** By lower-case name; of several, the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Connection {
  readonly send: (bytes: string | Buffer) => void
  /** The next answer; `100 Continue` counts as one, without body. */
  readonly answer: (mostMilliseconds?: number) => Promise<RawAnswer>
  /** All complete answers that have come and were not asked for. */
  readonly rest: () => readonly RawAnswer[]
  readonly isClosed: () => boolean
  /** Says that nothing more will be sent. */
  readonly end: () => void
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
  readonly close: () => void
}

export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return connectionOn(socket)
}

function connectionOn(socket: Socket): Connection {
  let received = Buffer.alloc(0)
  let ended = false
  let wake = (): void => undefined
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => undefined)
    socket.once('close', () => {
      ended = true
      wake()
      resolve()
    })
  })
  const take = (): RawAnswer | undefined => {
    const taken = takeAnswer(received, ended)
    if (taken !== undefined) received = received.subarray(taken.length)
    return taken?.answer
  }
  const answer = async (mostMilliseconds = hangs): Promise<RawAnswer> => {
    const end = Date.now() + mostMilliseconds
    for (;;) {
      const taken = take()
      if (taken !== undefined) return taken
      if (ended || Date.now() > end)
        throw new Error(
          `${ended ? 'The connection was closed' : 'Nothing more came'} after "${received.toString('latin1').slice(0, 300)}"`,
        )
      await waitFor((resolve) => (wake = resolve), end - Date.now())
    }
  }
  const rest = (): readonly RawAnswer[] => {
    const all: RawAnswer[] = []
    for (let taken = take(); taken !== undefined; taken = take()) all.push(taken)
    return all
  }
  return {
    send: (bytes) => socket.write(bytes),
    answer,
    rest,
    isClosed: () => ended,
    closed,
    end: () => socket.end(),
    close: () => socket.destroy(),
  }
}

async function waitFor(register: (resolve: () => void) => void, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    register(resolve)
    timer = setTimeout(resolve, milliseconds)
  })
  clearTimeout(timer)
}

/** One answer from the front of the bytes; undefined when it is not complete. */
function takeAnswer(bytes: Buffer, ended: boolean): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n')
  const [version = '', status = ''] = statusLine.split(' ')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const start = headEnd + 4
  const head = { version, status: Number(status), headers }
  if (head.status < 200) return { answer: { ...head, body: '' }, length: start }
  if (headers['transfer-encoding'] === 'chunked') {
    const chunked = takeChunks(bytes, start)
    return chunked === undefined ? undefined : { answer: { ...head, body: chunked.body }, length: chunked.end }
  }
  const length =
    headers['content-length'] === undefined
      ? ended
        ? bytes.length - start
        : undefined
      : Number(headers['content-length'])
  if (length === undefined || bytes.length < start + length) return undefined
  return { answer: { ...head, body: bytes.subarray(start, start + length).toString('utf8') }, length: start + length }
}

function takeChunks(bytes: Buffer, start: number): { body: string; end: number } | undefined {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return { body: Buffer.concat(parts).toString('utf8'), end: next }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}

/** A request head and body. Headers with the value undefined are left out. */
export function rawRequest(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string | undefined>>,
  first = 'POST',
  version = '1.1',
): Buffer {
  const { pathname, search, host } = new URL(url)
  const bytes = Buffer.from(body)
  const all: Readonly<Record<string, string | undefined>> = {
    Host: host,
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': String(bytes.length),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]))
  return Buffer.concat([
    Buffer.from(`${first} ${pathname}${search} HTTP/${version}\r\n${lines.join('')}\r\n`, 'latin1'),
    bytes,
  ])
}
