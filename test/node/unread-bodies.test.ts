/** Requests that are refused before they are read: the answer comes, also to who sends on, and the connection goes on. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { loadServerState } from '../../src/cluster/server-state.js'
import { startManagement } from '../../src/manage/app.js'
import { readUnreadBodies } from '../../src/node/unread-bodies.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemEffects } from '../../src/effects.js'
import { defaultNodeOptions, startNode } from '../../src/node/start.js'

const node = await startNode({ mode: 1 })
t.teardown(() => node.close())
const alice = `Authorization: Basic ${Buffer.from(`CONTOSO\\alice:${seedPassword}`).toString('base64')}`
const xml = 'Content-Type: text/xml'

async function accessToken(): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'password',
    username: 'alice@contoso.test',
    password: seedPassword,
    resource: 'api.rms.rest.com',
    client_id: 'any',
  })
  const answer = await fetch(`${node.url}/adfs/oauth2/token`, { method: 'POST', body: form })
  return ((await answer.json()) as { readonly access_token: string }).access_token
}

function open(t: Test, url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  return socket
}

/** Sends all of it before it reads anything, as many clients do. @returns what came, until the server closed or `isWhole` */
async function sendThenRead(t: Test, url: string, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = open(t, url).pause()
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.pause()
  for (const part of parts) {
    if (!socket.write(part)) await Promise.race(['drain', 'close'].map(async (event) => once(socket, event)))
    if (socket.destroyed) break
  }
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close')
  return received
}

const megabytes = (count: number): readonly Buffer[] => Array.from({ length: count }, () => Buffer.alloc(2 ** 20, ' '))
const head = (first: string, ...headers: readonly string[]): string =>
  `${[`${first} HTTP/1.1`, 'Host: rms.contoso.test', ...headers].join('\r\n')}\r\n\r\n`
const last = head('GET /healthz', 'Connection: close')
const length = (count: number): string => `Content-Length: ${count * 2 ** 20}`
const chunks = (count: number): readonly (string | Buffer)[] => [
  ...megabytes(count).flatMap((one) => ['100000\r\n', one, '\r\n']),
  '0\r\n\r\n',
]

t.test('the answer comes after whatever was sent, and the connection goes on', async (t) => {
  const bearer = `Authorization: Bearer ${await accessToken()}`
  const soap = 'POST /_wmcs/licensing/license.asmx'
  const anonymous = 'POST /_wmcs/certification/Activation.asmx'
  const chunked = 'Transfer-Encoding: chunked'
  const form = 'Content-Type: application/x-www-form-urlencoded'
  const cases: readonly [string, number, string, readonly (string | Buffer)[]][] = [
    ['SOAP', 413, head(soap, alice, xml, length(5)), megabytes(5)],
    ['SOAP, chunked', 413, head(soap, alice, xml, chunked), chunks(20)],
    ['SOAP without an account', 413, head(anonymous, xml, length(2)), megabytes(2)],
    ['the same, chunked', 413, head(anonymous, xml, chunked), chunks(2)],
    ['no credentials', 401, head(soap, xml, length(5)), megabytes(5)],
    ['another content type', 415, head(soap, alice, 'Content-Type: text/plain', length(5)), megabytes(5)],
    ['another method', 405, head('PUT /_wmcs/licensing/license.asmx', alice, xml, length(3)), megabytes(3)],
    ['no such path', 404, head('POST /nothing', xml, length(3)), megabytes(3)],
    ['GET with a body', 200, head('GET /healthz', length(3)), megabytes(3)],
    [
      'REST',
      413,
      head('POST /my/v2/enduserlicenses', bearer, 'Content-Type: application/json', length(5)),
      megabytes(5),
    ],
    ['REST without a token', 401, head('POST /my/v2/enduserlicenses', length(5)), megabytes(5)],
    ['REST, no such path', 404, head('POST /my/v2/nothing', length(5)), megabytes(5)],
    ['tokens', 413, head('POST /adfs/oauth2/token', form, length(2)), megabytes(2)],
    ['tokens, chunked', 413, head('POST /adfs/oauth2/token', form, chunked), chunks(2)],
  ]
  for (const [name, status, first, parts] of cases) {
    const received = await sendThenRead(t, node.url, [first, ...parts, last])
    t.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), name)
    t.match(received, /HTTP\/1\.1 [^]*HTTP\/1\.1 200 [^]*\{"status":"ok"\}$/, `${name}: and the next request`)
  }
})

t.test('also when the connection ends with it', async (t) => {
  for (const first of [
    head('POST /_wmcs/licensing/license.asmx', alice, xml, length(5), 'Connection: close'),
    head('POST /_wmcs/licensing/license.asmx', alice, xml, length(5)).replace('HTTP/1.1', 'HTTP/1.0'),
  ])
    t.match(await sendThenRead(t, node.url, [first, ...megabytes(5)]), /^HTTP\/1\.1 413 [^]*larger than/)
})

t.test('what cannot be understood does not end the connection', async (t) => {
  const first = head('POST /adfs/oauth2/token', 'Content-Type: application/json', 'Content-Length: 2')
  t.match(await sendThenRead(t, node.url, [first, '{}', last]), /^HTTP\/1\.1 415 [^]*HTTP\/1\.1 200 /)
})

t.test('at management too', async (t) => {
  const { store } = node.context
  const openCluster = (name: string) => loadServerState(store, name, defaultNodeOptions.keyPassword, 'openssl')
  const management = await startManagement({
    host: '127.0.0.1',
    port: 0,
    token: 'secret',
    log: undefined,
    status: () => ({ manage: '', forest: '', version: '', clusters: [] }),
    api: {
      store,
      openCluster,
      ...systemEffects,
      forestClock: async () => systemEffects.clock,
      lab: undefined,
      ca: undefined,
    },
    topology: undefined,
    ca: undefined,
  })
  t.teardown(() => management.close())
  const first = head(
    'POST /directory/accounts',
    'Content-Type: application/json',
    'Authorization: Bearer secret',
    length(3),
  )
  t.match(await sendThenRead(t, management.url, [first, ...megabytes(3), last]), /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 /)
  const strange = head('POST /directory/accounts', 'Content-Type: application/json', length(3))
  t.match(
    await sendThenRead(t, management.url, [strange, ...megabytes(3), last]),
    /^HTTP\/1\.1 401 [^]*HTTP\/1\.1 200 /,
  )
})

t.test('who never ends is cut at a bound', async (t) => {
  const app = Fastify()
  readUnreadBodies(app, 2 ** 20)
  app.post('/', async (_request, reply) => reply.code(401).send())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const socket = open(t, url)
  socket.write(head('POST /', 'Transfer-Encoding: chunked'))
  let sent = 0
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const one = `10000\r\n${'x'.repeat(2 ** 16)}\r\n`
  while (!socket.destroyed) {
    sent += 2 ** 16
    if (!socket.write(one)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
  }
  t.ok(sent >= 2 ** 20, `${sent} bytes`)
})
