/** One attack: which bytes go onto the wire, in which manner, and what is not acceptable as an answer. */
import { gzipSync } from 'node:zlib'
import { seedPassword } from '../../src/directory/seed.js'
import type { Base, Material } from './material.js'
import { bodyMutations, severalChanges, type Mutation } from './mutations.js'
import { createPrng, type Prng } from './prng.js'

export interface Attack {
  readonly index: number
  readonly kind: string
  readonly base: Base
  readonly bytes: Buffer
  /**
   * `shared`: a whole HTTP request on a connection that goes on; it must be answered. `alone`: on a connection of its own, whose end we
   * send; it may also be closed. `broken off`: the connection is cut, nothing can come.
   */
  readonly manner: 'shared' | 'alone' | 'broken off'
  /** Whom the request signs in as; undefined when nobody must be let in. */
  readonly user: string | undefined
}

type Headers = Readonly<Record<string, string | undefined>>

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function request(base: Base, body: string | Buffer, headers: Headers = {}, line?: string): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const all: Headers = {
    Host: 'rms.contoso.test',
    'Content-Type': 'text/xml; charset=utf-8',
    SOAPAction: `"${base.namespace}/${base.operation}"`,
    Authorization: basic(base.user, seedPassword),
    'Content-Length': String(bytes.length),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]))
  return Buffer.concat([
    Buffer.from(`${line ?? `POST /_wmcs${base.path} HTTP/1.1`}\r\n${lines.join('')}\r\n`, 'latin1'),
    bytes,
  ])
}

/** The unchanged request. */
export function control(base: Base): Attack {
  return { index: -1, kind: 'unchanged', base, bytes: request(base, base.body), manner: 'shared', user: base.user }
}

type Maker = (
  base: Base,
  prng: Prng,
  material: Material,
) => Pick<Attack, 'bytes'> & Partial<Pick<Attack, 'manner' | 'user'>>

const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20))
const bombInBomb = gzipSync(bomb)

const headerGames: readonly ((base: Base, prng: Prng) => Headers)[] = [
  () => ({ 'Content-Type': 'text/plain' }),
  () => ({ 'Content-Type': undefined }),
  (_, prng) => ({
    'Content-Type': `text/xml; charset=${prng.pick(['utf-7', 'x', '"', 'utf-16', ';;;', 'a'.repeat(500)])}`,
  }),
  () => ({ 'Content-Type': 'application/soap+xml; action=' }),
  () => ({ 'Content-Type': 'multipart/related; boundary=x; type="text/xml"' }),
  (_, prng) => ({
    'Content-Type': prng
      .bytes(40)
      .toString('latin1')
      .replaceAll(/[\r\n\0]/g, ''),
  }),
  () => ({ SOAPAction: '"urn:other"' }),
  () => ({ SOAPAction: '"' }),
  (_, prng) => ({ SOAPAction: 'x'.repeat(1 << prng.below(13)) }),
  () => ({ 'Content-Encoding': 'br' }),
  () => ({ 'Content-Encoding': 'gzip, gzip' }),
  () => ({ 'Content-Encoding': 'gzip' }),
  () => ({ Host: 'a b' }),
  () => ({ Host: '' }),
  (_, prng) => ({ Host: 'x'.repeat(1 << prng.below(13)) }),
  (_, prng) => ({ 'X-Long': 'x'.repeat(prng.pick([1000, 15_000, 17_000, 100_000])) }),
  (_, prng) =>
    Object.fromEntries(Array.from({ length: prng.pick([10, 500, 2500]) }, (__, index) => [`X-${index}`, 'x'])),
  () => ({ 'Transfer-Encoding': 'chunked' }),
  () => ({ 'Transfer-Encoding': 'gzip, chunked', 'Content-Length': undefined }),
  () => ({ 'Content-Length': '-1' }),
  () => ({ 'Content-Length': '1e3' }),
  () => ({ 'Content-Length': '99999999999999999999' }),
  () => ({ 'Content-Length': '5, 6' }),
  () => ({ 'Content-Length': '10', 'content-length': '20' }),
  () => ({ Expect: 'the unexpected' }),
  () => ({ Upgrade: 'websocket', Connection: 'Upgrade' }),
  () => ({ Connection: 'close, keep-alive, TE, Upgrade' }),
  () => ({ 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Host': 'evil', Forwarded: 'for=1' }),
  () => ({ 'X-A\0': 'x' }),
  () => ({ 'X-Bad': 'a\rb' }),
]

const lines: readonly string[] = [
  'GET /_wmcs/licensing/license.asmx?wsdl HTTP/1.1',
  'GET /_wmcs/licensing/license.asmx?op=%00&wsdl[]=1 HTTP/1.1',
  'PUT /_wmcs/licensing/license.asmx HTTP/1.1',
  'DELETE / HTTP/1.1',
  'POST /_wmcs/licensing/../../etc/passwd HTTP/1.1',
  'POST /_wmcs/licensing/%2e%2e/%00 HTTP/1.1',
  'POST /_wmcs/%ZZ HTTP/1.1',
  'POST http://other.test/_wmcs/licensing/license.asmx HTTP/1.1',
  'POST * HTTP/1.1',
  'CONNECT localhost:1 HTTP/1.1',
  'TRACE / HTTP/1.1',
  'BREW /pot HTTP/1.1',
  'POST /_wmcs/licensing/license.asmx HTTP/9.9',
  'POST  /_wmcs HTTP/1.1',
  'POST /_wmcs/licensing/license.asmx',
  `GET /${'x'.repeat(8000)} HTTP/1.1`,
  `GET /${'x'.repeat(20_000)} HTTP/1.1`,
]

const credentials: readonly ((base: Base, prng: Prng) => string | undefined)[] = [
  () => undefined,
  () => '',
  ({ user }) => basic(user, 'wrong'),
  ({ user }) => basic(user, ''),
  ({ user }) => basic(user, `${seedPassword} `),
  () => basic('CONTOSO\\nobody', seedPassword),
  () => basic(`' OR 1=1 --`, `' OR 1=1 --`),
  ({ user }) => `Basic ${Buffer.from(user).toString('base64')}`,
  () => 'Basic !!!!',
  (_, prng) => `Basic ${prng.bytes(1 + prng.below(200)).toString('base64')}`,
  () => `Basic ${'A'.repeat(10_000)}`,
  ({ user }) => `Bearer ${Buffer.from(user).toString('base64')}`,
  () => 'NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKALFYAAAADw==',
  (_, prng) => `NTLM ${prng.bytes(prng.below(200)).toString('base64')}`,
  (_, prng) => `Negotiate ${prng.bytes(prng.below(200)).toString('base64')}`,
  () => 'Digest username="alice"',
]

const httpMakers: Readonly<Record<string, Maker>> = {
  headers: (base, prng) => ({ bytes: request(base, base.body, prng.pick(headerGames)(base, prng)), manner: 'alone' }),
  'request line': (base, prng) => ({ bytes: request(base, base.body, {}, prng.pick(lines)), manner: 'alone' }),
  credentials: (base, prng) => ({
    bytes: request(base, base.body, { Authorization: prng.pick(credentials)(base, prng) }),
    user: undefined,
  }),
  gzip: (base, prng, material) => {
    const packed = prng.pick<() => Buffer>([
      () => bomb,
      () => bombInBomb,
      () => gzipSync(base.body).subarray(0, prng.below(1000)),
      () => Buffer.concat([gzipSync(base.body, { level: 1 }), prng.bytes(20)]),
      () => gzipSync(bodyMutations['flip bytes']?.(base.body, prng, base, material) ?? '', { level: 1 }),
      () => prng.bytes(200),
    ])()
    return { bytes: request(base, packed, { 'Content-Encoding': 'gzip' }) }
  },
  'wrong length': (base, prng) => {
    const length = Buffer.byteLength(base.body)
    return {
      bytes: request(base, base.body, {
        'Content-Length': String(Math.max(0, length + prng.pick([-1, -100, 1, 100, 100_000, -prng.below(length)]))),
      }),
      manner: 'alone',
    }
  },
  'early end': (base, prng) => {
    const bytes = request(base, base.body)
    return {
      bytes: bytes.subarray(0, 1 + prng.below(bytes.length - 1)),
      manner: prng.pick(['alone', 'broken off', 'broken off']),
    }
  },
  'whole, then gone': (base) => ({ bytes: request(base, base.body), manner: 'broken off' }),
  'pipelined garbage': (base, prng) => ({
    bytes: Buffer.concat([
      request(base, base.body),
      prng.pick([
        prng.bytes(200),
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.from('\r\n\r\n\r\n'),
        request(base, 'x'),
      ]),
    ]),
    manner: 'alone',
  }),
  'bad chunks': (base, prng) => {
    const head = request(base, '', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' })
    const chunk = prng.pick([
      'zz\r\nab\r\n',
      'ffffffffffffffff\r\n',
      '-1\r\n',
      `5;${'e'.repeat(20_000)}\r\nabcde\r\n0\r\n\r\n`,
      '3\r\nabcde\r\n0\r\n\r\n',
      '0\r\n',
      '0\r\n\r\n',
    ])
    return { bytes: Buffer.concat([head, Buffer.from(chunk)]), manner: 'alone' }
  },
  'too large': (base, prng) => {
    const length = prng.pick([5, 9]) * 1024 * 1024
    if (prng.below(20) > 0) return { bytes: request(base, 'x', { 'Content-Length': String(length) }), manner: 'alone' }
    return { bytes: request(base, base.body.replace('?>', `?>${' '.repeat(length)}`)), manner: 'alone' }
  },
}

const fromMutation =
  (mutation: Mutation): Maker =>
  (base, prng, material) => {
    const versionTwo = prng.below(10) === 0
    const changed = mutation(base.body, prng, base, material)
    if (!versionTwo || typeof changed !== 'string') return { bytes: request(base, changed) }
    const body = changed.replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope')
    return { bytes: request(base, body, { 'Content-Type': 'application/soap+xml; charset=utf-8' }) }
  }

const makers: readonly (readonly [string, Maker])[] = [
  ...Object.entries({ ...bodyMutations, 'several changes': severalChanges }).map(
    ([name, mutation]) => [name, fromMutation(mutation)] as const,
  ),
  ...Object.entries(httpMakers),
]

/** Attack number `index` of that seed: always the same one, whatever was sent before. */
export function makeAttack(seed: number, index: number, material: Material): Attack {
  const prng = createPrng(seed, index)
  const [kind, make] = prng.pick(makers)
  const base = prng.pick(material.bases)
  return { index, kind, base, manner: 'shared', user: base.user, ...make(base, prng, material) }
}
