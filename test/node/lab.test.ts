/** What the lab does to exchanges of a node: each effect at each point, as a client sees it, and what controls are told. */
import { createSecretKey } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { proveCall, type ProvenCall } from '../../src/cluster/proven-call.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom, type Clock } from '../../src/effects.js'
import { RmsException } from '../../src/exceptions.js'
import type { ControlledExchange, FiredEffect, LabControl, LabEffect, LabPoint } from '../../src/lab/exchange.js'
import { noLab } from '../../src/lab/state.js'
import { withoutTimeout } from '../../src/node/held-sockets.js'
import { refreshLab } from '../../src/node/keep-fresh.js'
import { startNode } from '../../src/node/start.js'
import { RestException } from '../../src/rest-exceptions.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
import { addSeconds } from '../../src/xrml/times.js'
import { goodToken } from '../fixtures/rest-tokens.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'

let control: ControlledExchange = {}
let told: string[] = []
const watching: LabControl = {
  follow: ({ version }) => version > 0,
  begin: ({ method, endpoint, node, cluster, listener }) => {
    told.push(`${method} ${endpoint} at ${node} of ${cluster} by ${listener}`)
    return control
  },
}
const clock = testClock()
const node = await startNode({
  mode: 1,
  labControls: [watching],
  clock: { now: () => new Date(), monotonic: () => clock.monotonic() },
  timers: clock,
})
t.teardown(() => node.close())
let version = 0
node.context.lab.set({ ...noLab, version: ++version })

const path = '/_wmcs/certification/server.asmx'
const authorization = `Basic ${Buffer.from(`CONTOSO\\alice:${seedPassword}`).toString('base64')}`
const operation = `<GetServerInfo xmlns="${serverNamespace}"><requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo>`
const body = `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body>${operation}</s:Body></s:Envelope>`
const post = (headers: Record<string, string> = {}, url = node.url): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', authorization, ...headers },
    body,
  })

const head = `POST ${path} HTTP/1.1\r\nHost: rms\r\nContent-Type: text/xml\r\nAuthorization: ${authorization}`
const asked = `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** The same, with all that travels in one's own hands. */
function ask({ url } = node): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(asked)
  return socket
}

/** Until the end of the test, this happens at this point. */
function set(t: Test, point: LabPoint, ...effects: readonly LabEffect[]): void {
  const fired = effects.map((effect, index): FiredEffect => ({ fault: `${effect.kind}-${index + 1}`, effect }))
  control = { effects: (asked) => (asked === point ? fired : []) }
  t.teardown(() => {
    control = {}
    told = []
  })
}

async function served(t: Test): Promise<void> {
  control = {}
  const answer = await post()
  t.match([answer.status, answer.headers.get('x-lab')], [200, null], 'without it all is well')
  await answer.text()
}

t.test('controls are told of an exchange from its head to its end', async (t) => {
  control = {
    received: (text) => told.push(`received ${String(text) === body}`),
    signedIn: (caller) => told.push(`signed in ${caller.account?.name}`),
    operation: (name) => told.push(`operation ${name}`),
    step: (name) => told.push(`step ${name}`),
    outcome: (outcome) => told.push(`outcome ${outcome.operation} ${outcome.refusal?.why ?? 'good'}`),
    answered: (answer) => told.push(`answered ${answer.status} ${/VersionInfo/.test(answer.body.toString())}`),
    ended: ({ faults }) => told.push(`ended ${faults.length}`),
  }
  t.teardown(() => {
    control = {}
    told = []
  })
  t.equal((await post()).status, 200)
  await until(() => told.at(-1) === 'ended 0', 'it ends')
  t.equal(told[0], `POST ${path} at root-1 of root by direct`)
  t.same(told.filter((line) => !line.startsWith('step')).slice(1), [
    'received true',
    'signed in CONTOSO\\alice',
    'operation GetServerInfo',
    'outcome GetServerInfo good',
    'answered 200 true',
    'ended 0',
  ])
  t.ok(told.some((line) => line.startsWith('step ')))
  told = []
  t.equal((await post({ authorization: 'Basic bm9ib2R5Og==' })).status, 401)
  await until(() => told.at(-1) === 'ended 0', 'it ends')
  t.match(told.slice(1), [/^outcome .* 401: /, 'answered 401 false', 'ended 0'], 'who is not let in')
  told = []
  await (await fetch(`${node.url}/readyz`)).text()
  t.same(told, [], 'health is no exchange')
})

t.test('a refusal is the fault that belongs to it, over SOAP and REST', async (t) => {
  set(t, 'operation', { kind: 'refuse', error: new RmsException('ClusterDecommissioned', 'the lab says so') })
  const answer = await post()
  t.equal(answer.status, 500)
  t.equal(answer.headers.get('x-lab'), 'fault=refuse-1')
  t.match(await answer.text(), /<faultstring>Microsoft\.[A-Za-z.]*ClusterDecommissionedException/)
  const headers = { authorization: `Bearer ${await goodToken(node, 'bob')}` }
  set(t, 'operation', { kind: 'refuse', error: new RestException('Busy', 'the lab says so') })
  const rest = await fetch(`${node.url}/my/v2/templates`, { headers })
  t.match(
    [rest.status, rest.headers.get('x-lab'), await rest.json()],
    [503, 'fault=refuse-1', { Code: /ServiceBusyException/ }],
  )
  await served(t)
})

t.test('another answer stands in place of the right one, at each point', async (t) => {
  for (const point of ['request', 'operation', 'answer'] as const) {
    const answer = { status: 503, headers: { 'content-type': 'text/plain', 'retry-after': '7' }, body: 'closed' }
    set(t, point, { kind: 'answer', answer })
    const response = await post(point === 'request' ? { authorization: 'Basic !' } : {})
    t.match(
      [response.status, response.headers.get('retry-after'), response.headers.get('content-type')],
      [503, '7', /text\/plain/],
      point,
    )
    t.equal(response.headers.get('x-lab'), 'fault=answer-1')
    t.equal(await response.text(), 'closed')
  }
  set(t, 'operation', {
    kind: 'answer',
    answer: { status: 401, headers: { 'www-authenticate': 'Negotiate' }, body: '' },
  })
  const form = new URLSearchParams({ grant_type: 'password', username: 'bob', password: seedPassword })
  for (const [url, init] of [
    ['/my/v2/templates', { headers: { authorization: `Bearer ${await goodToken(node, 'bob')}` } }],
    ['/adfs/oauth2/token', { method: 'POST', body: form }],
  ] as const) {
    const response = await fetch(`${node.url}${url}`, init)
    t.match([response.status, response.headers.get('www-authenticate')], [401, 'Negotiate'], url)
    await response.text()
  }
  await served(t)
})

t.test('a delay is waited for, and ends with a client that goes away', async (t) => {
  for (const point of ['request', 'operation', 'answer'] as const) {
    set(t, point, { kind: 'delay', milliseconds: 86_000 })
    const asked = post()
    await clock.untilTimer(86_000)
    await clock.advance(86_000)
    t.equal((await asked).headers.get('x-lab'), 'fault=delay-1', point)
  }
  set(t, 'operation', { kind: 'delay', milliseconds: 87_000 })
  const socket = ask()
  await clock.untilTimer(87_000)
  socket.resetAndDestroy()
  await until(() => !clock.timers().includes(87_000), 'nobody waits')
  await served(t)
})

t.test(
  'no time-out cuts what the lab keeps waiting, and a balancer of ours hears that an answer is to come',
  async (t) => {
    const listenerKey = 'shown by our balancer'
    const follow = { follow: () => true, begin: () => control }
    const hurried = await startNode({ mode: 1, labControls: [follow], listenerKey, requestTimeoutMilliseconds: 100 })
    t.teardown(() => hurried.close())
    const send = (headers: Record<string, string>): Promise<string> => {
      const socket = connect(Number(new URL(hurried.url).port), '127.0.0.1')
      const given = {
        host: 'rms',
        'content-type': 'text/xml',
        authorization,
        'content-length': body.length,
        ...headers,
      }
      const head = Object.entries(given).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n${body}`)
      return new Promise((resolve) => {
        let text = ''
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          if (text.includes('</soap:Envelope>')) socket.destroy()
        })
        socket.on('close', () => resolve(text))
      })
    }
    for (const point of ['request', 'operation', 'answer'] as const) {
      set(t, point, { kind: 'delay', milliseconds: 1200 })
      t.match(await send({}), /^HTTP\/1\.1 200 [^]*x-lab: fault=delay-1/, point)
      const behind = await send({ 'x-balancer-key': listenerKey, 'x-balancer-listener': 'intranet' })
      t.match(behind, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 [^]*x-lab: fault=delay-1/, point)
    }
    // The second of two that come at once waits on when the first one is answered.
    const delays = [10, 1200]
    const later = (): FiredEffect[] => [{ fault: 'late', effect: { kind: 'delay', milliseconds: delays.shift() ?? 0 } }]
    control = { effects: (point) => (point === 'operation' ? later() : []) }
    const socket = connect(Number(new URL(hurried.url).port), '127.0.0.1')
    socket.write(asked + asked)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.split('</soap:Envelope>').length === 3) socket.destroy()
    })
    await once(socket, 'close')
    t.equal(text.match(/x-lab: fault=late/g)?.length, 2)
  },
)

t.test('of two requests on one connection that wait, neither has the time-out back for the other', async (t) => {
  const socket = new Socket()
  socket.setTimeout(30_000)
  t.teardown(() => socket.destroy())
  const begin = (): readonly [() => void, Promise<void>] => {
    let end = (): void => undefined
    const held = new Promise<void>((resolve) => (end = resolve))
    const request = { raw: { socket }, server: {}, headers: {} } as FastifyRequest
    return [end, withoutTimeout(request, clock, () => held)]
  }
  for (const [first, last] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const waiting = [begin(), begin()]
    t.equal(socket.timeout, 0)
    waiting[first]?.[0]()
    await waiting[first]?.[1]
    t.equal(socket.timeout, 0, 'the other one waits')
    waiting[last]?.[0]()
    await waiting[last]?.[1]
    t.equal(socket.timeout, 30_000, 'nobody waits')
  }
})

t.test('the body of a request that waits is taken in meanwhile, whole and in order', async (t) => {
  const follow = { follow: () => true, begin: () => control }
  const roomy = await startNode({ mode: 1, labControls: [follow], timers: clock, bodyLimit: 2 ** 25 })
  t.teardown(() => roomy.close())
  set(t, 'request', { kind: 'delay', milliseconds: 88_000 })
  // More than lies on its way when nobody reads it.
  const long = body.replace('<s:Body>', `<!-- ${'long '.repeat(4_000_000)} --><s:Body>`)
  let isSent = false
  const sent = new ReadableStream({
    start: (controller) => {
      for (let at = 0; at < long.length; at += 2 ** 16) controller.enqueue(Buffer.from(long.slice(at, at + 2 ** 16)))
      controller.close()
    },
  }).pipeThrough(new TransformStream({ flush: () => void (isSent = true) }))
  const asked = fetch(`${roomy.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', authorization },
    body: sent,
    duplex: 'half',
  })
  await clock.untilTimer(88_000)
  await until(() => isSent, 'all of it has gone out')
  await clock.advance(88_000)
  const answer = await asked
  t.match([answer.status, answer.headers.get('x-lab')], [200, 'fault=delay-1'])
  t.match(await answer.text(), /VersionInfo/)
  await served(t)
})

t.test('a server that stops answers at once what is late', async (t) => {
  const other = await startNode({ mode: 1, labControls: [{ follow: () => true, begin: () => control }], timers: clock })
  set(t, 'answer', { kind: 'delay', milliseconds: 599_000 })
  const asked = fetch(`${other.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml', authorization },
    body,
  })
  await clock.untilTimer(599_000)
  await other.close()
  t.equal((await asked).status, 200)
})

t.test('a connection is reset, at each point', async (t) => {
  for (const point of ['request', 'operation', 'answer'] as const) {
    set(t, point, { kind: 'reset' })
    await t.rejects(post(), { cause: { code: 'ECONNRESET' } }, point)
  }
  await served(t)
})

t.test('an answer is cut short, and says how long it would have been', async (t) => {
  set(t, 'answer', { kind: 'truncate', bytes: 100 })
  const socket = ask()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  const [head = '', content = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  t.match(head, /^HTTP\/1\.1 200 /)
  t.match(head, /x-lab: fault=truncate-1/)
  t.ok(Number(/content-length: (\d+)/.exec(head)?.[1]) > 100)
  t.equal(content.length, 100)
  await served(t)
})

t.test('a document is put in place of another, and the length is right', async (t) => {
  control = {
    rewrite: ({ body: given, ...rest }) => ({
      fault: 'other',
      answer: { ...rest, body: given.toString().replace('VersionInfo', 'VersionInfoOfTheLab') },
    }),
  }
  const answer = await post()
  t.equal(answer.headers.get('x-lab'), 'fault=other')
  t.match(await answer.text(), /VersionInfoOfTheLab/)
  await served(t)
})

t.test('nothing is answered: the client waits, and a server that stops lets go of it', async (t) => {
  for (const point of ['request', 'operation', 'answer'] as const) {
    let isAsked = false
    const begin = (): ControlledExchange => {
      isAsked = true
      return control
    }
    const other = await startNode({ mode: 1, labControls: [{ follow: () => true, begin }] })
    set(t, point, { kind: 'hang', ends: new AbortController().signal })
    const asked = fetch(`${other.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', authorization },
      body,
    })
    const outcome = asked.then(
      () => 'answered',
      () => 'cut',
    )
    await until(() => isAsked, 'it has begun')
    // Closing waits for exchanges that are under way: it would never end otherwise.
    await other.close()
    t.equal(await outcome, 'cut', point)
  }
})

t.test('nothing is answered until it ends: then the exchange goes on', async (t) => {
  for (const point of ['request', 'operation', 'answer'] as const) {
    const ended = new AbortController()
    set(t, point, { kind: 'hang', ends: ended.signal })
    const asked = post()
    ended.abort()
    t.equal((await asked).status, 200, point)
  }
})

t.test('what is issued is issued with what the lab says, for this request alone', async (t) => {
  let isAsked = false
  set(t, 'operation', {
    kind: 'issue',
    with: async (good, { now }) => {
      isAsked = now instanceof Date
      return { ...good, principal: { ...good.principal, name: 'somebody' } }
    },
  })
  const before = node.context.state()
  t.equal((await post()).status, 200)
  t.ok(isAsked)
  t.equal(node.context.state(), before)
})

t.test('a state is told to a node by who has its cluster key, and by nobody else', async (t) => {
  const { clusterKey } = node.context.state()
  const target = '/lab/state'
  const told = { version: ++version, state: { clock: { mode: 'frozen', at: '2030-01-01T00:00:00Z' } } }
  const text = JSON.stringify(told)
  const call = { method: 'POST', target, nodeId: 'root-1', body: text }
  const proof = (change: Partial<ProvenCall> = {}, key = clusterKey, clock: Pick<Clock, 'now'> = systemClock): string =>
    proveCall(key, { ...call, ...change }, { clock, random: systemRandom })
  const tell = async (shown: string | undefined, content = text): Promise<readonly [number, unknown]> => {
    const headers = { 'content-type': 'application/json', ...(shown === undefined ? {} : { 'x-lab-proof': shown }) }
    const response = await fetch(`${node.url}${target}`, { method: 'POST', headers, body: content })
    const answer = await response.text()
    return [response.status, answer.startsWith('{') ? JSON.parse(answer) : answer]
  }
  const hourAgo = { now: () => addSeconds(systemClock.now(), -3600) }
  const otherKey = { secret: createSecretKey(Buffer.alloc(32)) }
  const refused: readonly (readonly [string | undefined, RegExp])[] = [
    [undefined, /no proof/],
    ['nonsense', /no proof/],
    [proof({}, otherKey), /another cluster key password/],
    [proof({ nodeId: 'root-2' }), /not of this call/],
    [proof({ method: 'GET' }), /not of this call/],
    [proof({ target: '/lab/state?x' }), /not of this call/],
    [proof({ body: text.replace('2030', '2031') }), /not of this call/],
    [proof().replace(/^\d{4}/, '2025'), /not of this call/],
    [proof({}, clusterKey, hourAgo), /five minutes/],
  ]
  for (const [shown, why] of refused) t.match(await tell(shown), [403, { why }], String(why))
  t.not(node.context.lab.state().version, version)
  const good = proof()
  t.same(await tell(good), [200, { node: 'root-1', version }])
  t.match(await tell(good), [403, { why: /shown before/ }])
  t.equal(node.context.clock.now().toISOString(), '2030-01-01T00:00:00.000Z')
  t.same(await tell(proof()), [200, { node: 'root-1', version }], 'told twice is told once')
  const older = JSON.stringify({ ...told, version: version - 1, state: {} })
  t.same(await tell(proof({ body: older }), older), [200, { node: 'root-1', version }], 'an older one changes nothing')
  for (const [wrong, why] of [
    ['{', /no JSON/],
    ['{"version":"new"}', /whole number/],
    ['{"version":99,"state":{"clock":{"mode":"off"}}}', /cannot be "off"/],
    ['{"version":99,"states":{}}', /did you mean "state"/],
  ] as const)
    t.match(await tell(proof({ body: wrong }), wrong), [400, { why }])
  t.equal((await tell(proof(), 'x'.repeat(1_100_000)))[0], 413)
  node.context.lab.set({ ...noLab, version: ++version })
})

t.test('a node without a lab has nothing of it, whatever is set', async (t) => {
  const { lab } = node.context.store
  const other = await startNode({ mode: 1, lab: false })
  t.teardown(() => other.close())
  t.equal((await fetch(`${other.url}/lab/state`, { method: 'POST' })).status, 404)
  t.equal(
    (await other.context.store.lab.save({ ...noLab, clock: { mode: 'frozen', at: '2030-01-01T00:00:00Z' } }))?.version,
    1,
  )
  await refreshLab(other.context)
  t.equal(other.context.lab.state(), noLab)
  t.equal(await lab.version(), 0)
})

t.test('a node reads what is set when it starts, and when it refreshes', async (t) => {
  const database = join(t.testdir(), 'rms.sqlite')
  const first = await startNode({ mode: 1, database })
  t.teardown(() => first.close())
  const frozen = { ...noLab, clock: { mode: 'frozen', at: '2030-01-01T00:00:00Z' } } as const
  await first.context.store.lab.save(frozen)
  const second = await startNode({ mode: 1, database, nodeId: 'root-2' })
  t.teardown(() => second.close())
  t.equal(second.context.clock.now().toISOString(), '2030-01-01T00:00:00.000Z')
  t.ok(first.context.lab.clock.isReal())
  await refreshLab(first.context)
  t.equal(first.context.clock.now().toISOString(), '2030-01-01T00:00:00.000Z')
  const members = await first.context.store.members.list()
  t.same(
    members.filter(({ lastSeen, started }) => lastSeen >= '2029' || started >= '2029'),
    [],
    'members live by real time',
  )
  t.match(
    await (await fetch(`${first.url}/metrics`)).text(),
    /rms_lab_active\{control="clock frozen at 2030-01-01T00:00:00Z",node="root-1"\} 1/,
  )
})

t.test('a database that is away is told of once, and when it is back', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const time = testClock()
  const lone = await startNode({ mode: 1, timers: time, log })
  t.teardown(() => lone.close())
  const told = (): readonly string[] =>
    lines.flatMap((line) => /"msg":"(the configuration [^"]*refreshed[^"]*)"/.exec(line)?.[1] ?? [])
  const refresh = async (): Promise<void> => {
    await time.untilTimer(1000)
    await time.advance(1000)
  }
  lone.context.lab.set({ ...noLab, version: 1, installation: { databaseAway: true } })
  for (let times = 1; times <= 3; times++) await refresh()
  await time.untilTimer(1000)
  t.same(told(), ['the configuration could not be refreshed'])
  lone.context.lab.set({ ...noLab, version: 2 })
  await refresh()
  await until(() => told().length === 2, 'it is read again')
  t.equal(told()[1], 'the configuration is refreshed again')
})

t.test('where there is no memory for the journal, one line says so, and the services go on without it', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const more = { limits: { bytes: 2 ** 52, entries: 100 }, secrets: false }
  const lone = await startNode({ mode: 1, journal: more, log })
  t.teardown(() => lone.close())
  const heard: number[] = []
  lone.context.journal?.follow({}, false, ({ entry }) => heard.push(entry.status))
  for (let times = 1; times <= 3; times++) t.equal((await post({}, lone.url)).status, 200)
  t.match(await lone.context.journal?.read({ filter: {}, limit: 10, messages: false }), { kept: 0, dropped: 3 })
  t.equal(heard.length, 3, 'who follows is told all the same')
  t.match(lines, [/"bytes":4503599627370496,.*there is no memory for the journal/])
})

t.test('a clock that steps goes one further with each request, in one order for all nodes', async (t) => {
  const database = join(t.testdir(), 'rms.sqlite')
  const nodes = [await startNode({ mode: 1, database }), await startNode({ mode: 1, database, nodeId: 'root-2' })]
  t.teardown(() => Promise.all(nodes.map((one) => one.close())))
  const clockSetting = { mode: 'step', at: '2030-01-01T00:00:00Z', by: 'PT1M', from: 0 } as const
  for (const { context } of nodes) context.lab.set({ ...noLab, version: 1, clock: clockSetting })
  const dates: (string | null)[] = []
  for (const at of [0, 0, 1, 0, 1, 1]) {
    await (await fetch(`${nodes[at]?.url}/readyz`)).text()
    const answer = await fetch(`${nodes[at]?.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', authorization },
      body,
    })
    t.equal(answer.status, 200)
    dates.push(answer.headers.get('date'))
  }
  t.same(
    dates,
    [1, 2, 3, 4, 5, 6].map((minute) => `Tue, 01 Jan 2030 00:0${minute}:00 GMT`),
  )
  const records = await nodes[0]?.context.store.requestLog.query({ limit: 10 })
  t.same(
    records?.map(({ requestTime }) => requestTime).toSorted(),
    [1, 2, 3, 4, 5, 6].map((minute) => `2030-01-01T00:0${minute}:00.000Z`),
    'the request log has the time of the lab',
  )
})

t.test('a client that goes away while the step of the clock is counted is in the journal', async (t) => {
  const whole = await openStore(':memory:')
  t.teardown(() => whole.close())
  let [counting, goOn] = [(): void => undefined, (): void => undefined]
  const begun = new Promise<void>((resolve) => (counting = resolve))
  const gone = new Promise<void>((resolve) => (goOn = resolve))
  const takeStep = async (): Promise<number> => {
    counting()
    await gone
    return whole.lab.takeStep()
  }
  const lone = await startNode({
    mode: 1,
    store: { ...whole, lab: { ...whole.lab, takeStep } },
    journal: { limits: { bytes: 2 ** 20, entries: 10 }, secrets: false },
  })
  t.teardown(() => lone.close())
  const by = { mode: 'step', at: '2030-01-01T00:00:00Z', by: 'PT1M', from: 0 } as const
  lone.context.lab.set({ ...noLab, version: 1, clock: by })
  const statuses: number[] = []
  lone.context.journal?.follow({}, false, ({ entry }) => statuses.push(entry.status))
  const served = new Promise<Socket>((resolve) => {
    const hear = (message: unknown): void => {
      unsubscribe('http.server.request.start', hear)
      resolve((message as { readonly socket: Socket }).socket)
    }
    subscribe('http.server.request.start', hear)
  })
  const socket = connect(Number(new URL(lone.url).port), '127.0.0.1')
  socket.write(asked.slice(0, -10))
  await begun
  const server = await served
  const closed = new Promise((resolve) => server.once('close', resolve))
  socket.resetAndDestroy()
  await closed
  goOn()
  await until(() => statuses.length > 0, 'it is in the journal')
  t.same(statuses, [0])
})

t.test('the Date header says the time of the lab', async (t) => {
  node.context.lab.set({ ...noLab, version: ++version, clock: { mode: 'frozen', at: '2031-02-03T04:05:06Z' } })
  for (const url of [path, '/readyz', '/nowhere'])
    t.equal((await fetch(`${node.url}${url}`)).headers.get('date'), 'Mon, 03 Feb 2031 04:05:06 GMT', url)
  node.context.lab.set({ ...noLab, version: ++version })
  t.not((await fetch(`${node.url}/readyz`)).headers.get('date'), 'Mon, 03 Feb 2031 04:05:06 GMT')
})
