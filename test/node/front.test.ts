/** What a node says of itself to the outside: its addresses, the names of requests, and the pages above its services. */
import { once } from 'node:events'
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { seedPassword } from '../../src/directory/seed.js'
import { answerLater } from '../../src/node/documentation.js'
import { trustedProxiesOf } from '../../src/http/trusted-proxies.js'
import { startNode } from '../../src/node/start.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'

const log: Record<string, unknown>[] = []
const logger = pino(
  { level: 'info', base: null },
  { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
)
let trusted: string | undefined
const node = await startNode({
  mode: 1,
  log: logger,
  publicUrl: 'https://rms.contoso.test',
  settings: { externalLicensingUrl: 'https://Outside.contoso.test:8443/_wmcs/licensing' },
  listenerKey: 'the-secret',
  trustedProxies: (address) => trusted !== undefined && trustedProxiesOf(trusted)(address),
})
t.teardown(() => node.close())
const { port, host: own } = new URL(node.url)

const path = '/_wmcs/certification/server.asmx'
const openId = '/adfs/.well-known/openid-configuration'
const authorization = `Basic ${Buffer.from(`CONTOSO\\alice:${seedPassword}`).toString('base64')}`
const operation = `<GetServerInfo xmlns="${serverNamespace}"><requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo>`
const body = `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body>${operation}</s:Body></s:Envelope>`

/** Exactly these lines, and everything until the end. */
async function raw(first: string, lines: readonly string[]): Promise<string> {
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  const received = text(socket)
  socket.write([first, ...lines, 'Connection: close', '', ''].join('\r\n'), 'latin1')
  return received
}

/** With a Host header of one's own, which fetch does not send. */
async function get(what: string, headers: OutgoingHttpHeaders): Promise<string> {
  const [answer] = (await once(request(`${node.url}${what}`, { headers }).end(), 'response')) as [IncomingMessage]
  return text(answer)
}

const locationOf = async (headers: OutgoingHttpHeaders): Promise<string | undefined> =>
  /location="(.*?)\/_wmcs/.exec(await get(`${path}?wsdl`, headers))?.[1]

t.test('every legal Host stands in WSDL and help page, escaped; what is none is refused', async (t) => {
  for (const [host, shown] of [
    ['root_balancer:7000', 'root_balancer:7000'],
    ["o'brien", "o'brien"],
    ['a&b', 'a&amp;b'],
    ['a!b;c=d,e~f*(g)', 'a!b;c=d,e~f*(g)'],
    ['r%6fot:0', 'r%6fot:0'],
    ['root:', 'root'],
    ['[fe80::1%25eth0]:65535', '[fe80::1%25eth0]:65535'],
  ] as const) {
    const lines = [`Host: ${host}`]
    t.ok((await raw(`GET ${path}?wsdl HTTP/1.1`, lines)).includes(`location="http://${shown}${path}"`), host)
    t.ok((await raw(`GET ${path}?op=GetServerInfo HTTP/1.1`, lines)).includes(`Host: ${shown}\n`), host)
  }
  for (const lines of [
    ['Host: "><script>'],
    ['Host: a b'],
    ['Host: u@a'],
    ['Host: a:99999'],
    [],
    ['Host: a', 'Host: b'],
  ]) {
    const answer = await raw(`GET ${path}?wsdl HTTP/1.1`, lines)
    t.match(answer, /^HTTP\/1\.1 400 [^]*x-request-id: [^]*There must be one Host header/, lines.join())
    t.notMatch(answer, /<script>/)
  }
})

t.test('who names no host is told the address of the cluster, never that of the node', async (t) => {
  for (const lines of [[], ['Host:'], [`Host: ${own}`, 'X-Forwarded-Host:']])
    t.match(
      await raw(`GET ${path}?wsdl HTTP/1.0`, lines),
      `location="https://rms.contoso.test${path}"`,
      JSON.stringify(lines),
    )
})

t.test('https in front: by a URL of the cluster, or by the word of who is believed', async (t) => {
  for (const [host, address] of [
    ['rms.contoso.test', 'https://rms.contoso.test'],
    ['RMS.contoso.test:443', 'https://RMS.contoso.test:443'],
    ['outside.contoso.test:8443', 'https://outside.contoso.test:8443'],
    ['outside.contoso.test', 'http://outside.contoso.test'],
    ['inner:7000', 'http://inner:7000'],
  ] as const)
    t.equal(await locationOf({ host }), address, 'by itself')
  const host = 'inner:7000'
  for (const [headers, address] of [
    [{ 'x-forwarded-proto': 'HTTPS,http' }, 'https://inner:7000'],
    [{ forwarded: 'proto=https;host="front.test:8443"' }, 'https://front.test:8443'],
    [
      { 'x-forwarded-host': 'front.test', 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
      'https://front.test:444',
    ],
  ] as const) {
    t.equal(await locationOf({ host, ...headers }), 'http://inner:7000', 'a stranger is not believed')
    t.equal(await locationOf({ host, 'x-balancer-key': 'the-secret', ...headers }), address, 'the balancer is')
    trusted = '127.0.0.1'
    t.equal(await locationOf({ host, ...headers }), address, 'a proxy that was named is')
    trusted = undefined
  }
  const withComma = { host: 'a,b:7000', 'x-forwarded-host': 'a,b:7000', 'x-balancer-key': 'the-secret' }
  t.equal(await locationOf(withComma), 'http://a,b:7000', 'a name with a comma is no list')
})

t.test('the request log says by the same rule whether a request came by https', async (t) => {
  const secure = async (name: string, headers: OutgoingHttpHeaders): Promise<boolean | undefined> => {
    const all = { 'content-type': 'text/xml', authorization, 'x-request-id': name, ...headers }
    const sent = request(`${node.url}${path}`, { method: 'POST', headers: all }).end(body)
    await once(sent, 'response')
    const records = await node.context.store.requestLog.query({ requestType: 'GetServerInfo' })
    return records.find(({ clientRequestId }) => clientRequestId === name)?.secureConnectionState
  }
  t.equal(await secure('known', { host: 'rms.contoso.test' }), true)
  t.equal(await secure('plain', { host: 'inner:7000' }), false)
  t.equal(await secure('stranger', { host: 'inner:7000', 'x-forwarded-proto': 'https' }), false)
  t.equal(
    await secure('balancer', { host: 'inner', 'x-forwarded-proto': 'https', 'x-balancer-key': 'the-secret' }),
    true,
  )
})

t.test('the request log has the address of the client, of which nobody is believed who is not to be', async (t) => {
  const addressOf = async (name: string, headers: OutgoingHttpHeaders): Promise<string | undefined> => {
    const all = { host: 'inner', 'content-type': 'text/xml', authorization, 'x-request-id': name, ...headers }
    const sent = request(`${node.url}${path}`, { method: 'POST', headers: all }).end(body)
    await once(sent, 'response')
    const records = await node.context.store.requestLog.query({ requestId: name })
    return records[0]?.requestUserAddress
  }
  const forwarded = { 'x-forwarded-for': '192.0.2.1, 198.51.100.7' }
  t.equal(await addressOf('itself', {}), '127.0.0.1')
  t.equal(await addressOf('liar', forwarded), '127.0.0.1')
  t.equal(await addressOf('wrong-key', { ...forwarded, 'x-balancer-key': 'guessed' }), '127.0.0.1')
  const byBalancer = { ...forwarded, 'x-balancer-key': 'the-secret' }
  t.equal(await addressOf('by-balancer', byBalancer), '198.51.100.7', 'what stands before it the client wrote')
  trusted = '127.0.0.1, 198.51.100.0/24'
  t.equal(await addressOf('by-proxies', byBalancer), '192.0.2.1', 'unless that was a proxy that is believed')
  t.equal(await addressOf('by-named-proxy', forwarded), '192.0.2.1')
  const standard = { forwarded: 'for=192.0.2.1;proto=http, For="[2001:db8::7]:4711", for=198.51.100.7' }
  t.equal(await addressOf('by-the-standard', standard), '2001:db8::7', 'Forwarded, where that alone is written')
  t.equal(await addressOf('by-both', { ...forwarded, ...standard }), '192.0.2.1')
  t.equal(await addressOf('by-nobody', { forwarded: 'proto=http, for=unknown' }), '127.0.0.1')
  trusted = undefined
})

t.test(
  'the sign-in service is where it was asked, when that is a URL of the cluster; its issuer has one name',
  async (t) => {
    const issuer = 'https://rms.contoso.test/adfs'
    for (const [host, origin] of [
      ['rms.contoso.test', 'https://rms.contoso.test'],
      ['outside.contoso.test:8443', 'https://outside.contoso.test:8443'],
      ['evil.test', 'https://rms.contoso.test'],
    ] as const)
      t.match(JSON.parse(await get(openId, { host })), {
        issuer,
        authorization_endpoint: `${origin}/adfs/oauth2/authorize`,
        token_endpoint: `${origin}/adfs/oauth2/token`,
        jwks_uri: `${origin}/adfs/discovery/keys`,
      })
  },
)

t.test('every answer has the name by which log and request log have the request', async (t) => {
  const named = async (what: string, init: RequestInit = {}): Promise<string> => {
    const answer = await fetch(`${node.url}${what}`, init)
    await answer.text()
    const id = answer.headers.get('x-request-id') ?? ''
    t.match(id, /^\w+-\d+$/, `${init.method ?? 'GET'} ${what.slice(0, 40)}: ${answer.status}`)
    return id
  }
  const lineOf = (id: string) => log.find(({ requestId }) => requestId === id)
  const recordOf = async (id: string) => {
    await node.context.requestLog.flush()
    const records = await node.context.store.requestLog.query({})
    return records.find(({ hostMachineRequestId }) => hostMachineRequestId === id)
  }
  const type = { 'content-type': 'text/xml' }
  const soap = { method: 'POST', body, headers: { ...type, authorization, 'x-request-id': 'mine' } }

  const served = await named(path, soap)
  t.match(lineOf(served), { msg: 'served', operation: 'GetServerInfo', clientRequestId: 'mine' })
  t.match(await recordOf(served), {
    requestType: 'GetServerInfo',
    clientRequestId: 'mine',
    authenticatedState: 'True',
    metadata: '{"account":"alice@contoso.test","scheme":"Basic"}',
    durationMilliseconds: Number,
  })
  const again = await named(path, { ...soap, headers: { ...soap.headers, 'x-request-id': 'm ine' } })
  t.match(await recordOf(again), { clientRequestId: '' }, 'what is no name is passed over')
  const faulty = await named(path, { ...soap, body: body.replace('VersionInfo', 'Coffee') })
  t.match(lineOf(faulty), { msg: 'refused' })
  t.match(await recordOf(faulty), { successOrFailure: 'Failed' })
  const wrong = { authorization: 'Basic eDp5' }
  const refused = await named(path, { ...soap, headers: { ...type, ...wrong } })
  t.match(lineOf(refused), { msg: 'sign-in refused', status: 401 })
  const errorInformation = /^401: wrong user name or password/
  t.match(await recordOf(refused), { requestPath: path, successOrFailure: 'Failed', errorInformation })
  const templates = '/my/v2/templates'
  const rest = await named(templates, { headers: wrong })
  t.match(await recordOf(rest), { requestPath: templates, errorInformation: /^401: / })
  for (const [what, init] of [
    [path, { ...soap, headers: type }],
    [templates, {}],
  ] as const) {
    const challenged = await named(what, init)
    t.match(lineOf(challenged), { msg: 'sign-in refused', status: 401 })
    t.equal(await recordOf(challenged), undefined, 'whoever brings no credentials can fill no log')
  }
  const long = `/common/userrealm/${'x'.repeat(300)}`
  for (const what of ['/healthz', '/nothing', '/%zz', '/docs', '/my/v2/nothing', '/adfs/oauth2/authorize', long])
    await named(what)
  for (const [method, what] of [
    ['PUT', path],
    ['POST', '/adfs/oauth2/token'],
    ['DELETE', '/my/v2/templates'],
  ] as const)
    await named(what, { method })
  t.match(await raw('this is no HTTP', []), /x-request-id: \w+-\d+\r\n/i)
})

t.test(
  'pages that could not be made once are made for the next one who asks, and closing waits for none',
  async (t) => {
    const app = Fastify()
    let fails = true
    answerLater(app, async () => {
      if (fails) throw new Error('no memory')
      const pages = Fastify()
      pages.get('/docs', async () => 'the pages')
      return pages
    })
    t.equal((await app.inject('/docs')).statusCode, 500)
    fails = false
    t.match(await app.inject('/docs'), { statusCode: 200, body: 'the pages' })
    await app.close()

    const broken = Fastify()
    let fail = (): void => undefined
    answerLater(broken, () => new Promise((_, reject) => (fail = () => reject(new Error('no memory')))))
    await broken.ready()
    const asked = broken.inject('/docs')
    await setImmediate()
    const closed = broken.close()
    fail()
    t.equal((await asked).statusCode, 500)
    await closed
  },
)

t.test('the addresses above the services say what is here', async (t) => {
  const page = async (what: string): Promise<string> => {
    const answer = await fetch(`${node.url}${what}`)
    t.equal(answer.status, 200, what)
    t.match(answer.headers.get('content-type'), /^text\/html/)
    return answer.text()
  }
  for (const what of ['/', '/_wmcs', '/_wmcs/', '/_wmcs/licensing', '/_WMCS/Licensing/', '/_wmcs/certification/']) {
    const shown = await page(what)
    t.match(shown, /<h1>rms-emulator: root cluster root/)
    t.match(shown, /never protect real documents/)
    t.equal(shown.includes('href="/_wmcs/licensing/license.asmx"'), !/certification/i.test(what), what)
    t.equal(shown.includes('href="/_wmcs/certification/certification.asmx?op=Certify"'), !/licensing/i.test(what), what)
  }
  for (const [, href = ''] of (await page('/')).matchAll(/href="([^"]*)"/g)) {
    const answer = await fetch(`${node.url}${href}`)
    await answer.text()
    t.equal(answer.status, 200, href)
  }
  const unknown = await fetch(`${node.url}${path}?op=Nothing`)
  t.equal(unknown.status, 404)
  t.match(await unknown.text(), /There is no operation 'Nothing' here/)
})

t.test('a client that ends its half of the connection is answered, and the connection ends then', async (t) => {
  const head = (length: string, version = '1.1'): string =>
    [
      `POST ${path} HTTP/${version}`,
      'Host: a',
      'Content-Type: text/xml',
      `Authorization: ${authorization}`,
      length,
      '\r\n',
    ].join('\r\n')
  const half = async (content: string): Promise<string> => {
    const socket = connect({ port: Number(port), host: '127.0.0.1' })
    const received = text(socket)
    socket.end(content)
    return received
  }
  const whole = `${head(`Content-Length: ${body.length}`)}${body}`
  for (const [way, content] of [
    ['1.1', whole],
    ['1.0', `${head(`Content-Length: ${body.length}`, '1.0')}${body}`],
    ['chunked', `${head('Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
    ['two at a time', `${whole}${whole}`],
  ] as const)
    t.equal((await half(content)).split('<VersionInfo Version=').length, way === 'two at a time' ? 3 : 2, way)
  const large = `${head('Content-Length: 5000000')}${'x'.repeat(5_000_000)}`
  t.match(await half(large), /^HTTP\/1\.1 413/, 'a body that is too large')
  t.match(await half(whole.slice(0, -50)), /^HTTP\/1\.1 400/, 'a request that is cut is not carried out')
})
