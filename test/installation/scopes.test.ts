/** Scopes: forests of their own below /f/NAME of one installation. Nothing crosses over, whatever is set in one of them. */
import { request, type IncomingMessage } from 'node:http'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text as readText } from 'node:stream/consumers'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { pino } from 'pino'
import { RestRefused, SoapFault } from '../../src/client/index.js'
import { authenticate, negotiate, ntlmAccount } from '../../src/ntlm/client.js'
import { systemClock, type Timers } from '../../src/effects.js'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import type { BlankScope } from '../../src/installation/scopes/blank-scope.js'
import { openScopes } from '../../src/installation/scopes/scopes.js'
import { planScopes, type ScopePlan } from '../../src/installation/scopes/scope-plan.js'
import { makeScope, type Scope } from '../../src/installation/scopes/scope.js'
import { stockOf } from '../../src/installation/scopes/stock.js'
import { startNode } from '../../src/node/start.js'
import { scopeManagements } from '../../src/manage/scope-managements.js'
import {
  connect,
  connectRest,
  OptionRefused,
  startInstallation,
  type Installation,
  type LabScope,
  type RmsClient,
} from '../../src/index.js'
import { openConnection, rawRequest, type RawAnswer } from '../conformance/raw-http.js'

t.setTimeout(900_000)

const password = 'Passw0rd!'
const plain = Buffer.from('For bob only.')
const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test']

const token = 'the-token'
const installation = await startInstallation({ scopes: 3, token, root: undefined })
const site = installation.url.replace(/\/_wmcs$/, '')
t.teardown(() => installation.close())

const as = (user: string, url: string, signIn?: 'ntlm'): RmsClient =>
  connect({ url, user, password, ...(signIn === undefined ? {} : { signIn }) })

interface Answer {
  readonly status: number
  readonly body: string
}

async function get(path: string, base = site, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${base}${path}`, { headers })
  return { status: answer.status, body: await answer.text() }
}

async function manage(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${installation.manage}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.text() }
}

/** What comes of it: the short name of the exception, or the text. */
const outcomeOf = async (work: Promise<{ readonly plain: Buffer }>): Promise<string> =>
  work.then(
    ({ plain }) => plain.toString(),
    (error: unknown) =>
      error instanceof SoapFault ? (error.exceptionName ?? '').replace(/^.*\./, '') : `no fault: ${String(error)}`,
  )

const startedAnew = async (): Promise<void> => void (await installation.lab.scopes.clear())

t.test('two suites with opposite faults, side by side, 200 requests each: nothing crosses over', async (t) => {
  /** Half of what they do is refused by a fault of their own, and all of the other half is done. */
  const suite = async (name: string, refused: string, clock: string): Promise<readonly string[]> => {
    const scope = await installation.scope(name)
    const [author, reader] = [as(alice, scope.url), as(bob, scope.url)]
    const file = await author.protectFile(plain, '.txt', { rights: [{ to: bob, rights: ['VIEW'] }] })
    await reader.openFile(file)
    await author.templates()
    await scope.lab.faults.put('mine', {
      match: { operation: refused },
      effect: { exception: 'ClusterDecommissioned' },
    })
    await scope.lab.clock.put({ mode: 'offset', by: clock })
    await scope.lab.journal.clear()
    const outcomes: string[] = []
    for (let count = 0; count < 100; count++) {
      outcomes.push(await outcomeOf(reader.openFile(file)))
      outcomes.push(await outcomeOf(author.templates().then(() => ({ plain: Buffer.from('templates') }))))
    }
    return outcomes
  }
  const half = (first: string, second: string): readonly string[] =>
    Array.from({ length: 100 }, () => [first, second]).flat()
  const [one, other] = await Promise.all([
    suite('suite-a', 'AcquireLicense', 'PT1H'),
    suite('suite-b', 'AcquireTemplateInformation', '-PT2H'),
  ])
  t.same(one, half('ClusterDecommissionedException', 'templates'))
  t.same(other, half(plain.toString(), 'ClusterDecommissionedException'))

  for (const [name, failed] of [
    ['suite-a', 'AcquireLicense'],
    ['suite-b', 'AcquireTemplateInformation'],
  ] as const) {
    const { lab } = await installation.scope(name)
    const all = await lab.journal.list({}, { limit: 1000 })
    t.equal(all.entries.length, 200, `the journal of ${name} has its own requests`)
    const touched = all.entries.filter(({ faults }) => faults.length > 0)
    t.same([...new Set(touched.map(({ operation }) => operation))], [failed])
    t.equal(touched.length, 100)
    t.ok(all.entries.every(({ path }) => path.startsWith(`/f/${name}/`)))
  }
  t.same((await installation.lab.journal.list({})).entries, [], 'the installation itself was asked for nothing')
  t.same((await installation.lab.read()).active, [], 'and nothing is set in it')
  const [a, b] = await Promise.all(['suite-a', 'suite-b'].map((name) => installation.scope(name)))
  const hours = (await timeOf(a)) - (await timeOf(b))
  t.ok(Math.abs(hours - 3 * 3_600_000) < 600_000, 'each has its own time')
  await startedAnew()
})

const timeOf = async (scope: LabScope | undefined): Promise<number> =>
  Date.parse((await scope?.lab.clock.read())?.now ?? '')

t.test('the first request makes a scope, and everything that it issues has its address', async (t) => {
  const { status, body } = await get('/f/first/_wmcs/licensing/server.asmx?wsdl')
  t.equal(status, 200)
  t.ok(body.includes(`location="${site}/f/first/_wmcs/licensing/server.asmx"`), 'the WSDL')
  t.same(
    (await installation.lab.scopes.list()).map(({ name, url }) => [name, url]),
    [['first', `${site}/f/first/_wmcs`]],
  )
  const client = as(alice, `${site}/f/first`, 'ntlm')
  const known = await client.bootstrap()
  t.same(known.locations, {
    certificationUrl: `${site}/f/first/_wmcs/certification`,
    licensingUrl: `${site}/f/first/_wmcs/licensing`,
  })
  const texts = [
    ['SLC', (await client.serverCertificate())[0]?.text],
    ['RAC', known.account.chain[0]?.text],
    ['CLC', known.publisher.chain[0]?.text],
    ['PL', (await client.publish({ rights: [{ to: bob, rights: ['VIEW'] }] })).pl[0]?.text],
    ['template', (await client.templates())[0]?.text],
  ] as const
  for (const [kind, text = ''] of texts) {
    const addresses = [...text.matchAll(/<ADDRESS [^>]*>([^<]*)</g)].map(([, address = '']) => address)
    t.ok(
      addresses.every((address) => !address.startsWith('http') || address.startsWith(`${site}/f/first/`)),
      kind,
    )
  }
  await client.close()

  const device = connectRest({ url: `${site}/f/first/my/v2`, user: bob, password })
  const services = await device.discover()
  t.ok(
    [...services.values()].every((url) => url.startsWith(`${site}/f/first/my/v2/`)),
    'service discovery',
  )
  await t.rejects(
    device.discover(`${site}/f/other/_wmcs/licensing`),
    RestRefused,
    'the address of another scope is not an address here',
  )
  const { headers } = await fetch(`${site}/f/first/my/v2/templates`)
  t.match(headers.get('www-authenticate'), `authorization="${site}/f/first/adfs/oauth2/authorize"`)
  const about = JSON.parse((await get('/f/first/adfs/.well-known/openid-configuration')).body) as object
  t.match(about, { issuer: `${site}/f/first/adfs`, token_endpoint: `${site}/f/first/adfs/oauth2/token` })
  const page = await get('/f/first/')
  t.ok(page.body.includes('href="/f/first/_wmcs/licensing/license.asmx"'), 'the pages of the server')
  const described = JSON.parse((await get('/f/first/openapi.json')).body) as object
  t.match(described, { servers: [{ url: '/f/first' }] })
  await startedAnew()
})

t.test('keys and accounts of one scope mean nothing in another', async (t) => {
  const [a, b] = await Promise.all([installation.scope('a'), installation.scope('b')])
  await a.lab.accounts.add({ name: 'dave', mail: 'dave@contoso.test' })
  await as('dave@contoso.test', a.url).certify()
  await t.rejects(as('dave@contoso.test', b.url).certify(), 'nobody of that name is there')
  const file = await as(alice, a.url).protectFile(plain, '.txt', { rights: [{ to: bob, rights: ['VIEW'] }] })
  t.equal((await as(bob, a.url).openFile(file)).plain.toString(), plain.toString())
  t.equal(await outcomeOf(as(bob, b.url).openFile(file)), 'UntrustedPersonaCertException')
  const accessToken = async (scope: LabScope): Promise<string> =>
    (
      JSON.parse((await manage('POST', `/f/${scope.name}/tokens`, { user: bob })).body) as {
        readonly access_token: string
      }
    ).access_token
  const answerOf = async (scope: LabScope, bearer: string): Promise<number> =>
    (await get(`/f/${scope.name}/my/v2/templates`, site, { authorization: `Bearer ${bearer}` })).status
  t.same(
    [
      await answerOf(a, await accessToken(a)),
      await answerOf(b, await accessToken(a)),
      await answerOf(a, await accessToken(b)),
    ],
    [200, 401, 401],
    'access tokens',
  )
  await a.lab.reset()
  await t.rejects(as('dave@contoso.test', a.url).certify(), 'a reset is of one scope')
  t.equal((await a.lab.stateHash()) === (await b.lab.stateHash()), false, 'each has its keys')
  await startedAnew()
})

t.test('the management API of a scope is that of the installation, below its path', async (t) => {
  t.equal((await get('/f/managed/lab', installation.manage)).status, 401, 'it asks for the same token')
  t.same(await installation.lab.scopes.list(), [], 'and who has none makes no scope')
  t.equal((await manage('PUT', '/f/managed/lab/faults/gone', { ready: 'template-deleted' })).status, 200)
  t.same(
    (await installation.lab.scopes.list()).map(({ name }) => name),
    ['managed'],
    'the first call makes it',
  )
  t.equal((await manage('POST', '/f/managed/directory/accounts', { name: 'erin', password })).status, 201)
  const accounts = async (prefix: string): Promise<boolean> =>
    (await manage('GET', `${prefix}/directory/accounts/CONTOSO%5Cerin`)).status === 200
  t.same([await accounts('/f/managed'), await accounts('')], [true, false])
  t.match(JSON.parse((await manage('GET', '/f/managed/status')).body), {
    clusters: [{ name: 'root', url: `${site}/f/managed/_wmcs` }],
    lab: ['fault gone'],
  })
  t.match(JSON.parse((await manage('GET', '/f/managed/clusters/root/applied')).body), {})
  t.equal((await get('/F/managed/_wmcs/licensing/server.asmx?wsdl')).status, 200)
  t.equal((await manage('GET', '/F/managed/status')).status, 200, 'a capital is as good here as there')
  t.match(JSON.parse((await manage('GET', '/f/managed/openapi.json')).body), { servers: [{ url: '/f/managed' }] })
  t.equal((await manage('GET', '/f/managed/lab/scopes')).status, 404, 'a scope has no scopes')
  t.match(JSON.parse((await manage('GET', '/status')).body), {
    scopes: { most: 3, url: `${site}/f/`, names: ['managed'] },
  })
  const wsdl = await get('/f/managed/_wmcs/licensing/server.asmx?wsdl', installation.manage)
  t.ok(
    wsdl.body.includes(`${installation.manage}/f/managed/_wmcs/`),
    'its services answer there, too, without the token',
  )
  await startedAnew()
})

t.test('scopes are listed, made and removed by name', async (t) => {
  const made = await manage('PUT', '/lab/scopes/by-name')
  t.equal(made.status, 201)
  t.match(JSON.parse(made.body), { name: 'by-name', url: `${site}/f/by-name/_wmcs`, running: 0 })
  t.equal((await manage('PUT', '/lab/scopes/by-name')).status, 200, 'it is there')
  t.equal((await manage('GET', '/lab/scopes/by-name')).status, 200)
  t.match(JSON.parse((await manage('GET', '/lab/scopes')).body), {
    most: 3,
    idleSeconds: 600,
    scopes: [{ name: 'by-name' }],
  })
  const scope = await installation.scope('by-name')
  t.equal((await manage('DELETE', '/lab/scopes/by-name')).status, 204)
  t.equal((await manage('GET', '/lab/scopes/by-name')).status, 404)
  await t.rejects(scope.lab.clock.read(), /is gone/, 'its controls say so')
  await installation.scope('by-nam')
  const missing = await manage('DELETE', '/lab/scopes/by-name')
  t.match(missing, { status: 404, body: /did you mean \\"by-nam\\"/ })
  t.match(JSON.parse((await manage('DELETE', '/lab/scopes')).body), { removed: ['by-nam'] })
})

t.test('a scope that is removed finishes its requests, and lets go of those that the lab holds', async (t) => {
  const scope = await installation.scope('held')
  await scope.lab.faults.put('silent', { match: { operation: 'GetServerInfo' }, effect: { hang: true } })
  const client = as(alice, scope.url)
  await client.locations()
  const waiting = client.serverInfo().then(
    () => 'answered',
    () => 'cut',
  )
  const running = async (): Promise<number> => (await installation.lab.scopes.list())[0]?.running ?? 0
  while ((await running()) === 0) await new Promise((resolve) => setImmediate(resolve))
  await scope.close()
  t.equal(await waiting, 'cut')
  t.same(await installation.lab.scopes.list(), [])
})

t.test('a name that is none, and a scope too many, change nothing and say what is right', async (t) => {
  for (const [name, meant] of [
    ['Suite%20A', 'suite-a'],
    ['SUITE', 'suite'],
    ['-x', 'x'],
    ['..%2F..', 'suite-a'],
    ['%C3%9Cn%C3%AFt', 'unit'],
    ['a'.repeat(64), 'a'.repeat(63)],
    ['', 'suite-a'],
    ['%zz', 'zz'],
  ] as const) {
    const { status, body } = await get(`/f/${name}/_wmcs/licensing/server.asmx`)
    t.equal(status, 400, name)
    t.match(body, `such as "${meant}"`)
  }
  t.match(await manage('PUT', '/lab/scopes/Suite%20A'), { status: 400, body: /such as \\"suite-a\\"/ })
  t.match(await manage('GET', '/f/Suite/lab'), { status: 400, body: /such as \\"suite\\"/ })
  await t.rejects(installation.scope('a b'), /such as "a-b"/)
  t.equal((await get('/f/nobody/favicon.ico')).status, 404, 'a path that no client begins with')
  t.same(await installation.lab.scopes.list(), [])

  for (const name of ['one', 'two', 'three']) await installation.scope(name)
  const fourth = await get('/f/four/_wmcs/licensing/server.asmx')
  t.match(fourth, {
    status: 409,
    body: /There are 3 scopes already \(one, two, three\).*remove one, such as one,.*--scopes 3/,
  })
  t.match(await manage('PUT', '/lab/scopes/four'), { status: 409 })
  await t.rejects(installation.scope('four'), /There are 3 scopes already/)
  t.same(
    (await installation.lab.scopes.list()).map(({ name }) => name),
    ['one', 'three', 'two'],
  )
  t.equal((await get('/f/two/_wmcs/licensing/server.asmx')).status, 200, 'those that are there serve')
  await startedAnew()
})

t.test('what comes in pieces reaches a scope whole, and is answered as in the installation itself', async (t) => {
  const answerAt = async (base: string): Promise<readonly [number, string]> => {
    const asked = request(`${base}/_wmcs/licensing/license.asmx`, {
      method: 'POST',
      auth: `${alice}:${password}`,
      headers: { 'content-type': 'text/xml', 'transfer-encoding': 'chunked' },
    })
    asked.write('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Unknown>')
    asked.write('x'.repeat(100_000))
    asked.end('</Unknown></s:Body></s:Envelope>')
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return [answer.statusCode ?? 0, await readText(answer)]
  }
  t.same(await answerAt(`${site}/f/pieces`), await answerAt(site))
  await startedAnew()
})

t.test('what is set for the installation does nothing in its scopes', async (t) => {
  const scope = await installation.scope('apart')
  await installation.lab.servers.pause('root-1')
  t.equal((await as(alice, scope.url).certify()).chain.length > 0, true, 'the server of the installation is paused')
  await installation.lab.clear()
  await installation.lab.reset()
  t.same(
    (await installation.lab.scopes.list()).map(({ name }) => name),
    ['apart'],
    'a reset is of the installation',
  )
  await startedAnew()
})

t.test('a scope that nobody uses is gone after its time, and one that is in use stays', async (t) => {
  const { timers, pass } = movedTimers()
  const closed: string[] = []
  const scopes = openScopes({ most: 2, idleSeconds: 600 }, async (name) => standIn(name, () => closed.push(name)), {
    clock: systemClock,
    timers,
    log: pino({ level: 'silent' }),
  })
  const names = (): readonly string[] => scopes.list().map(({ name }) => name)
  await scopes.make('idle')
  pass(599_999)
  t.same(names(), ['idle'])
  await scopes.use('idle', async () => pass(3_600_000))
  t.same(names(), ['idle'], 'it was in use for an hour')
  pass(599_999)
  const scope = await scopes.use('idle', async (used) => used)
  pass(599_999)
  scopes.stillThere(scope)
  pass(599_999)
  t.same(names(), ['idle'])
  t.equal((await scopes.make('idle')).isNew, false)
  pass(599_999)
  t.same(names(), ['idle'], 'each use begins the time anew, and so does who makes sure that it is there')
  pass(1)
  t.same(names(), [])
  t.throws(() => scopes.stillThere(scope), /nobody used it for 600 s/)
  await scopes.close()
  t.same(closed, ['idle'])
})

/** Timers whose time the test lets pass. */
function movedTimers(): { readonly timers: Timers; readonly pass: (milliseconds: number) => void } {
  let now = 0
  const due = new Set<{ readonly at: number; readonly run: () => void }>()
  const after: Timers['after'] = (milliseconds, run) => {
    const one = { at: now + milliseconds, run }
    due.add(one)
    return { stop: () => void due.delete(one), unref: () => undefined }
  }
  return {
    timers: { after, every: after },
    pass: (milliseconds) => {
      now += milliseconds
      for (const one of [...due].filter(({ at }) => at <= now)) {
        due.delete(one)
        one.run()
      }
    },
  }
}

/** For the list of scopes, which looks into none. */
function standIn(name: string, onClose: () => void): Scope {
  const none = (): never => {
    throw new Error('Nobody asks for this')
  }
  return {
    name,
    url: `http://rms.contoso.test/f/${name}/_wmcs`,
    get store() {
      return none()
    },
    get lab() {
      return none()
    },
    openCluster: none,
    forestClock: none,
    clusters: none,
    serve: none,
    ending: new AbortController().signal,
    close: async (idle) => {
      await idle
      onClose()
    },
  }
}

t.test(
  'of several nodes in this process, another forest and a given seed, scopes have keys of their own',
  async (t) => {
    const given: Installation = await startInstallation({ scopes: 2, root: 2, forest: 'fabrikam.test', seed: 42 })
    t.teardown(() => given.close())
    const [a, b] = await Promise.all([given.scope('a'), given.scope('b')])
    t.equal(a.url, given.url.replace(/_wmcs$/, 'f/a/_wmcs'), 'below the address of the balancer')
    const certificates = await Promise.all(
      [a.url, b.url, given.url].map(
        async (url) => (await as('alice@fabrikam.test', url, 'ntlm').serverCertificate())[0],
      ),
    )
    const keys = certificates.map((slc) => slc?.body.issuedPrincipal?.publicKey?.modulus)
    t.equal(new Set(keys).size, 3)
    const statuses = await statusesOnOneConnection(given.url, 'FABRIKAM\\alice')
    t.same(statuses, [500, 500, 401, 401, 500], 'also who signed in by NTLM did so in one scope alone')
  },
)

t.test('an installation that closes answers who waits for something in one of its scopes', async (t) => {
  const closing: Installation = await startInstallation({ scopes: 1, token, mode: 1 })
  t.teardown(() => closing.close())
  await closing.scope('waited')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ match: { operation: 'Certify' }, timeout: 'PT10M' })
  const waiting = fetch(`${closing.manage}/f/waited/lab/journal/wait`, { method: 'POST', headers, body })
  const running = async (): Promise<number> => (await closing.lab.scopes.list())[0]?.running ?? 0
  while ((await running()) === 0) await new Promise((resolve) => setImmediate(resolve))
  await closing.close()
  t.equal((await waiting).status, 408)
})

t.test('the management of a scope that could not be made is tried anew for the next who asks', async (t) => {
  const outcomes = [Promise.reject(new Error('The database is away')), buildEmpty()]
  const managements = scopeManagements(async () => outcomes.shift() ?? buildEmpty(), undefined)
  const scope = standIn('tried', () => undefined)
  await t.rejects(managements.of(scope), /away/)
  const app = await managements.of(scope)
  t.equal(await managements.of(scope), app)
  await managements.close()
  await t.rejects(managements.of(standIn('late', () => undefined)), /answers nothing any more/)
})

const buildEmpty = async (): Promise<FastifyInstance> => Fastify()

t.test('while the database is away no scope is made, and the next one takes nothing that is lost', async (t) => {
  const { stored, plan } = await plannedScopes()
  t.teardown(() => plan.close())
  const { timers, pass } = movedTimers()
  const prepared: BlankScope[] = []
  const prepare = (): BlankScope => {
    const blank = plan.prepare()
    prepared.push(blank)
    return blank
  }
  const stock = stockOf(prepare, () => 1, { timers, log: pino({ level: 'silent' }) })
  await stock.fill()
  let isAway = true
  const configuration = async (): Promise<ServerConfiguration> => {
    if (isAway) throw new Error('The database is away')
    return stored
  }
  const make = async (name: string): Promise<Scope> =>
    makeScope(name, () => stock.take(), plan, { url: site, configuration })
  for (let count = 0; count < 20; count++) {
    await t.rejects(make('away'), /is away/)
    pass(1000)
  }
  t.equal(prepared.length, 1, 'the one in stock is there')
  isAway = false
  const scope = await make('back')
  t.equal(scope.url, `${site}/f/back/_wmcs`)
  t.equal(prepared.length, 1)
  await scope.close(Promise.resolve())
  await stock.close()
})

/** Of an installation as the one above, with its root cluster. */
async function plannedScopes(): Promise<{ readonly stored: ServerConfiguration; readonly plan: ScopePlan }> {
  const node = await startNode({ mode: 1 })
  const stored = { ...node.context.state().configuration, baseUrl: installation.url }
  await node.close()
  return { stored, plan: planScopes({ mode: 1, forest: 'contoso.test' }, undefined) }
}

t.test('an installation without scopes says how to have them', async (t) => {
  const without: Installation = await startInstallation()
  t.teardown(() => without.close())
  const base = without.url.replace(/\/_wmcs$/, '')
  for (const [path, at] of [
    ['/f/a/_wmcs/licensing/server.asmx', base],
    ['/lab/scopes', without.manage],
    ['/lab/scopes/a', without.manage],
    ['/f/a/lab', without.manage],
  ] as const)
    t.match(await get(path, at), { status: 404, body: /--scopes N/ }, path)
  await t.rejects(without.scope('a'), /--scopes N/)
  await t.rejects(startInstallation({ scopes: 1, lab: false }), OptionRefused)
  await t.rejects(startInstallation({ scopes: 101 }), OptionRefused)
})

t.test('who signed in by NTLM on a connection did so in one scope alone', async (t) => {
  t.same(await statusesOnOneConnection(installation.url), [500, 500, 401, 401, 500])
  await startedAnew()
})

/** For a body that no service takes, of who signs in to scope a: from there, there again, from scope b, from the installation, from scope a. */
async function statusesOnOneConnection(root: string, user = 'CONTOSO\\alice'): Promise<readonly number[]> {
  const site = root.replace(/\/_wmcs$/, '')
  const connection = await openConnection(site)
  const post = async (prefix: string, token?: Buffer): Promise<RawAnswer> => {
    const headers = token === undefined ? {} : { Authorization: `NTLM ${token.toString('base64')}` }
    connection.send(rawRequest(`${site}${prefix}/_wmcs/licensing/license.asmx`, '<a />', headers))
    return connection.answer()
  }
  const first = negotiate()
  const { headers } = await post('/f/a', first)
  const challenge = Buffer.from(headers['www-authenticate']?.split(' ')[1] ?? '', 'base64')
  const inputs = { now: new Date(), random: (length: number) => randomBytes(length) }
  const answers = [await post('/f/a', authenticate(first, challenge, ntlmAccount(user, password), inputs))]
  for (const prefix of ['/f/a', '/f/b', '', '/f/a']) answers.push(await post(prefix))
  connection.close()
  return answers.map(({ status }) => status)
}
