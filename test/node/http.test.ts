/** A node as HTTP sees it: clients that go away, odd encodings and framings, pages, health, and starts that fail. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createBalancerMetrics } from '../../src/balancer/metrics.js'
import { seedPassword } from '../../src/directory/seed.js'
import { createMetrics } from '../../src/node/metrics.js'
import { roles } from '../../src/node/roles.js'
import { defaultJournalLimits } from '../../src/node/journal.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { templateDistributionNamespace } from '../../src/services/templates/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
import { lenientProfile, profiles, type Profile } from '../../src/soap/profile.js'
import { until } from '../fixtures/until.js'

const log: Record<string, unknown>[] = []
const logger = pino(
  { level: 'info', base: null },
  { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
)
const node = await startNode({ mode: 1, log: logger, bodyLimit: 64 * 1024 })
t.teardown(() => node.close())

const path = '/_wmcs/certification/server.asmx'
const authorization = `Basic ${Buffer.from(`CONTOSO\\alice:${seedPassword}`).toString('base64')}`
const operation = `<GetServerInfo xmlns="${serverNamespace}"><requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo>`
const body = `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body>${operation}</s:Body></s:Envelope>`

const post = (content: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${node.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', authorization, ...headers },
    body: content,
  })

async function serves(t: Test): Promise<void> {
  const response = await post(body)
  t.equal(response.status, 200)
  t.match(await response.text(), /VersionInfo Version=/)
}

function open(url = node.url): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  socket.on('error', () => undefined)
  return socket
}

/** Writes what it is given and reads until the server closes the connection. */
const raw = async (...parts: readonly string[]): Promise<string> => exchange(open(), parts)

async function exchange(socket: Socket, parts: readonly string[]): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

const head = (more: readonly string[], version = '1.1'): string =>
  [
    `POST ${path} HTTP/${version}`,
    'Host: rms.contoso.test',
    'Content-Type: text/xml',
    `Authorization: ${authorization}`,
    ...more,
    '',
    '',
  ].join('\r\n')

/** Waits for a line of the log. */
async function logged(wanted: RegExp): Promise<Record<string, unknown> | undefined> {
  const find = () => log.find((candidate) => wanted.test(JSON.stringify(candidate)))
  await until(() => find() !== undefined, `the log has ${wanted}`)
  return find()
}

t.test('a client that goes away in the middle of its request is logged, and the server serves on', async (t) => {
  const socket = open()
  socket.write(`${head([`Content-Length: ${body.length}`])}${body.slice(0, 100)}`)
  await once(socket, 'connect')
  await fetch(`${node.url}/healthz`)
  socket.destroy()
  t.match(await logged(/went away/), { msg: 'refused', why: 'the client went away', path })
  await serves(t)
})

t.test('a hundred clients that go away before they are answered leave a server that serves on', async (t) => {
  const sockets = Array.from({ length: 100 }, () => open())
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect')
      socket.end(`${head([`Content-Length: ${body.length}`])}${body}`)
      socket.destroy()
    }),
  )
  await serves(t)
  t.notOk(
    log.some((line) => Number(line['level']) >= 50),
    'no error in the log',
  )
})

t.test('a request that does not come to its end is given up after the time limit', async (t) => {
  const impatient = await startNode({ mode: 1, requestTimeoutMilliseconds: 500 })
  t.teardown(() => impatient.close())
  const answer = await exchange(open(impatient.url), [`${head(['Content-Length: 500'])}${body.slice(0, 50)}`])
  t.match(answer, /^(HTTP\/1\.1 408|$)/)
  // A machine that stands still for a moment makes it impatient again.
  const isServed = () =>
    fetch(`${impatient.url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await until(isServed, 'it serves on')
})

t.test('what is not HTTP is answered 400 by HTTP itself', async (t) => {
  t.match(await raw('this is no HTTP\r\n\r\n'), /^HTTP\/1\.1 400/)
  t.match(await raw(head(['Content-Length: 5', 'Content-Length: 6']), 'abcdef'), /^HTTP\/1\.1 400/)
  t.match(await raw(head([`X-Long: ${'x'.repeat(80_000)}`])), /^HTTP\/1\.1 431[^]*larger than the 73728 bytes/)
  await serves(t)
})

t.test('HTTP/1.0, chunked and piecemeal requests are served', async (t) => {
  const old = await raw(`${head([`Content-Length: ${body.length}`], '1.0')}${body}`)
  t.match(old, /^HTTP\/1\.1 200/)
  t.match(old, /content-length: \d+/i)
  t.notMatch(old, /transfer-encoding/i)
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
  const chunked = await raw(
    head(['Transfer-Encoding: chunked', 'Connection: close']),
    chunk(body.slice(0, 7)),
    chunk(body.slice(7)),
    chunk(''),
  )
  t.match(chunked, /^HTTP\/1\.1 200/)
})

t.test('a client that waits for 100 Continue gets it', async (t) => {
  const socket = open()
  socket.write(head([`Content-Length: ${body.length}`, 'Expect: 100-continue', 'Connection: close']))
  const [first] = (await once(socket, 'data')) as [Buffer]
  t.match(first.toString(), /^HTTP\/1\.1 100 Continue/)
  socket.write(body)
  const [second] = (await once(socket, 'data')) as [Buffer]
  t.match(second.toString(), /^HTTP\/1\.1 200/)
})

t.test('UTF-16 is read, with its byte order mark; what is neither UTF-8 nor UTF-16 is refused', async (t) => {
  const utf16 = Buffer.from(`\uFEFF${body}`, 'utf16le')
  t.equal((await post(utf16, { 'content-type': 'text/xml; charset=utf-16' })).status, 200)
  t.equal((await post(Buffer.from(`\uFEFF${body}`, 'utf8'))).status, 200)
  const broken = await post(
    Buffer.concat([Buffer.from(body.slice(0, -20)), Buffer.from([0xff, 0xc0]), Buffer.from(body.slice(-20))]),
  )
  t.equal(broken.status, 400)
  t.match(await broken.text(), /^The request is neither UTF-8 nor UTF-16; its encoding is "utf-8", the charset of the/)
})

t.test('the charset of the Content-Type counts', async (t) => {
  // GUIDs that are unknown come back as they were understood.
  const request = (name: string): string =>
    `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body><AcquireTemplates xmlns="${templateDistributionNamespace}"><guids><string>${name}</string></guids></AcquireTemplates></s:Body></s:Envelope>`
  const asked = async (type: string, content: Buffer): Promise<Response> =>
    fetch(`${node.url}/_wmcs/licensing/templateDistribution.asmx`, {
      method: 'POST',
      headers: { 'content-type': type, authorization },
      body: content,
    })
  const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
  const western = Buffer.from(request('Zürich'), 'latin1')
  const understood: readonly (readonly [type: string, content: Buffer, name: string])[] = [
    ['text/xml', Buffer.from(request('Zürich')), 'Zürich'],
    ['text/xml ; charset=UTF8', Buffer.from(request('Zürich')), 'Zürich'],
    ['text/xml; charset=iso-8859-1', western, 'Zürich'],
    ['Text/XML; Charset="ISO-8859-1"', western, 'Zürich'],
    ['text/xml; charset=windows-1252', Buffer.from(request('80 \u0080'), 'latin1'), '80 €'],
    ['text/xml; charset=Windows-1252', Buffer.from(request('\u0092\u009F\u00FC'), 'latin1'), '\u2019\u0178\u00FC'],
    ['text/xml; charset=us-ascii', Buffer.from(request('Zurich')), 'Zurich'],
    ['text/xml; charset=utf-16', swapped(`\uFEFF${request('Zürich')}`), 'Zürich'],
    ['text/xml; charset=utf-16le', Buffer.from(request('Zürich'), 'utf16le'), 'Zürich'],
    ['text/xml; charset=utf-16be', swapped(request('Zürich')), 'Zürich'],
  ]
  for (const [type, content, name] of understood) {
    const answer = await asked(type, content)
    t.equal(answer.status, 200, type)
    t.match(await answer.text(), `<Guid>${name}</Guid>`, type)
  }
  for (const charset of ['utf-8', 'us-ascii'])
    t.equal((await asked(`text/xml; charset=${charset}`, western)).status, 400, charset)
  for (const charset of ['shift_jis', 'utf-7', '', `x${'y'.repeat(500)}`]) {
    const answer = await asked(`text/xml; charset=${charset}`, western)
    t.equal(answer.status, 415, charset)
    t.match(
      await answer.text(),
      `The encoding "${charset.slice(0, 40)}", the charset of the Content-Type, is not read here: send UTF-8`,
    )
  }
})

const unqualified = body.replace('<requests>', '<requests xmlns="">')

t.test(
  'a parameter in a wrong namespace is absent as on Windows; log, request log and metrics tell of it',
  async (t) => {
    const answer = await post(unqualified, { 'user-agent': 'unqualified' })
    t.equal(answer.status, 500)
    t.match(await answer.text(), /System\.ArgumentNullException/)
    const parameters = ["'requests' of namespace ''"]
    const warned = {
      operation: 'GetServerInfo',
      parameters,
      fate: 'absent',
      msg: 'Windows would not see this parameter',
    }
    t.match(log.slice(-2), [warned, { msg: 'refused', why: /requests has no ServerInfoRequest/ }])
    const records = await node.context.store.requestLog.query({ limit: 1000 })
    const own = records.find((record) => record.requestUserAgent === 'unqualified')
    t.match(JSON.parse(own?.metadata ?? '{}'), { windowsWouldNotSee: parameters })
    const metrics = await (await fetch(`${node.url}/metrics`)).text()
    t.match(metrics, /rms_foreign_parameters_total\{operation="GetServerInfo",fate="absent",node="[^"]+"\} 1/)
  },
)

t.test('with a lenient profile it is taken, and told of all the same', async (t) => {
  const lenient = await startNode({ mode: 1, log: logger, profile: lenientProfile })
  t.teardown(() => lenient.close())
  const headers = { 'content-type': 'text/xml', authorization }
  const answer = await fetch(`${lenient.url}${path}`, { method: 'POST', headers, body: unqualified })
  t.match(await answer.text(), /VersionInfo Version=/)
  t.match(log.slice(-2), [{ fate: 'taken', msg: 'Windows would not see this parameter' }, { msg: 'served' }])
  const metrics = await (await fetch(`${lenient.url}/metrics`)).text()
  t.match(metrics, /rms_foreign_parameters_total\{operation="GetServerInfo",fate="taken",node="[^"]+"\} 1/)
})

t.test('a request without VersionData is let pass and counted, or refused, as the profile has it', async (t) => {
  const headless = body.replace(operation, `<GetLicensorCertificate xmlns="${serverNamespace}"/>`)
  const journal = { limits: defaultJournalLimits, secrets: false }
  const answerOf = async (profile: Profile): Promise<readonly [string, RunningNode]> => {
    const other = await startNode({ mode: 1, log: logger, profile, journal })
    t.teardown(() => other.close())
    const headers = { 'content-type': 'text/xml', authorization }
    return [await (await fetch(`${other.url}${path}`, { method: 'POST', headers, body: headless })).text(), other]
  }
  const [passed, lenient] = await answerOf(profiles['2008'])
  t.match(passed, /<MaximumVersion>1\.1\.0\.0<.*GetLicensorCertificateResult/)
  t.match(
    await (await fetch(`${lenient.url}/metrics`)).text(),
    /rms_lenient_total\{operation="GetLicensorCertificate",what="no version header",node="[^"]+"\} 1/,
  )
  const kept = await lenient.context.journal?.read({ filter: {}, limit: 1, messages: false })
  t.same(kept?.entries[0]?.entry.warnings, ['no version header'])
  const [refused] = await answerOf(profiles.strict)
  t.match(refused, /MalformedDataVersionException/)
})

t.test('only the two media types of SOAP are taken, to the letter', async (t) => {
  for (const type of [
    'text/xml-foo',
    'text/xmlx; charset=utf-8',
    'application/soap+xml-x',
    'text/xml/x',
    'xtext/xml',
    'text/xml, text/xml',
    'application/xml',
    '',
  ]) {
    t.equal((await post(body, { 'content-type': type })).status, 415, type)
  }
})

t.test('callers without an account may send 64 KiB, packed or not; with a larger limit elsewhere', async (t) => {
  const large = await startNode({ mode: 1 })
  t.teardown(() => large.close())
  const send = async (path: string, length: number): Promise<number> => {
    const content = `<a>${'x'.repeat(length - 7)}</a>`
    const response = await fetch(`${large.url}/_wmcs${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', ...(path.includes('Activation') ? {} : { authorization }) },
      body: content,
    })
    await response.text()
    return response.status
  }
  t.equal(await send('/certification/Activation.asmx', 64 * 1024), 500)
  t.equal(await send('/certification/Activation.asmx', 64 * 1024 + 1), 413)
  t.equal(await send('/certification/server.asmx', 1024 * 1024), 500)
})

t.test('help page, discovery and WSDL of every endpoint and spelling are there without signing in', async (t) => {
  for (const { path: below, aliases } of roles.root) {
    for (const each of [below, ...aliases]) {
      const page = await fetch(`${node.url}/_wmcs${each}`)
      t.equal(page.status, 200, each)
      t.match(page.headers.get('content-type'), /^text\/html/)
      const address = `${node.url}/_wmcs${each}`
      t.match(await page.text(), `<link rel="alternate" type="text/xml" href="${address}?disco" />`)
      const disco = await fetch(`${address}?DISCO`)
      t.match(disco.headers.get('content-type'), /^text\/xml/)
      t.match(await disco.text(), `<contractRef ref="${address}?wsdl" docRef="${address}"`)
      const wsdl = await fetch(`${node.url}/_wmcs${each}?WSDL`)
      t.match(wsdl.headers.get('content-type'), /^text\/xml/)
      t.match(await wsdl.text(), new RegExp(`address location="${node.url}/_wmcs${each}"`))
    }
  }
})

t.test('health, readiness, metrics and the OpenAPI description answer without signing in', async (t) => {
  const json = async (page: string): Promise<unknown> => (await fetch(`${node.url}${page}`)).json()
  t.same(await json('/healthz'), { status: 'ok' })
  const { configurationVersion } = node.context.state().configuration
  t.same(await json('/readyz'), { status: 'ready', node: node.nodeId, configurationVersion })
  t.match(await json('/openapi.json'), {
    openapi: /^3/,
    // Swagger UI shows examples of XML only where the schema is an element with a name.
    paths: {
      '/_wmcs/licensing/license.asmx': {
        post: {
          requestBody: {
            content: {
              'text/xml': {
                schema: { type: 'object', xml: { name: 'Envelope' } },
                examples: { AcquireLicense: { value: /<AcquireLicense / } },
              },
            },
          },
        },
      },
    },
  })
  t.match(await (await fetch(`${node.url}/metrics`)).text(), /GetServerInfo/)
})

t.test('metrics tell of the process what each of its servers tells, and hold no server that is gone', async (t) => {
  const [one, other] = ['one', 'other'].map((name) => createMetrics(name))
  for (const [name, metrics] of [
    ['one', one],
    ['other', other],
  ] as const) {
    const text = (await metrics?.registry().metrics()) ?? ''
    t.match(text, new RegExp(`^rms_process_cpu_seconds_total\\{node="${name}"\\} `, 'm'))
    t.match(text, new RegExp(`^rms_nodejs_heap_space_size_total_bytes\\{space="new",node="${name}"\\} `, 'm'))
    t.match(text, '# TYPE rms_nodejs_gc_duration_seconds histogram\n')
    t.match(text, '# TYPE rms_requests_total counter\n')
  }
  const balancing = createBalancerMetrics(() => []).registry()
  t.match(await balancing.metrics(), /^rms_balancer_process_cpu_seconds_total \d/m)

  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const gone = [watched((held) => createMetrics('gone').watchLab(() => [JSON.stringify(held)]))]
  gone.push(watched((held) => void createBalancerMetrics(() => [held].flatMap(() => []))))
  // A job that has seen them keeps them.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  t.same(
    gone.map((reference) => reference.deref()),
    [undefined, undefined],
  )
})

function watched(use: (held: object) => void): WeakRef<object> {
  const held = {}
  use(held)
  return new WeakRef(held)
}

t.test('answers of one connection come in the order of their requests', async (t) => {
  const wrong = body.replace('VersionInfo', 'Coffee')
  const requests = [body, wrong, body].map(
    (text, index) =>
      `${head([`Content-Length: ${text.length}`, ...(index === 2 ? ['Connection: close'] : [])])}${text}`,
  )
  const answer = await raw(requests.join(''))
  t.same(
    [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '500', '200'],
  )
})

t.test('a start that fails says why and leaves nothing behind', async (t) => {
  const port = Number(new URL(node.url).port)
  await t.rejects(startNode({ mode: 1, port }), { code: 'EADDRINUSE' })
  const database = join(mkdtempSync(join(tmpdir(), 'rms-')), 'lab.sqlite')
  const first = await startNode({ mode: 1, database })
  await t.rejects(startNode({ mode: 1, database, keyPassword: 'wrong', nodeId: 'root-2' }), {
    name: 'WrongKeyPassword',
  })
  await first.close()
})

t.test('a cluster that comes back has its keys, its templates and its settings', async (t) => {
  const database = join(mkdtempSync(join(tmpdir(), 'rms-')), 'lab.sqlite')
  const first = await startNode({ mode: 1, database, settings: { onlinePublishingEnabled: false } })
  const before = first.context.state()
  await first.close()
  const second = await startNode({ mode: 1, database })
  const after = second.context.state()
  t.equal(after.own.signer.publicKey.modulus, before.own.signer.publicKey.modulus)
  t.same(
    after.own.templates.map(({ guid }) => guid).toSorted(),
    before.own.templates.map(({ guid }) => guid).toSorted(),
  )
  t.equal(after.configuration.onlinePublishingEnabled, false)
  await second.close()
})
