/** What the lab does to exchanges of a node: each effect at each point, as a client sees it, and what controls are told. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { seedPassword } from '../../src/directory/seed.js'
import { RmsException } from '../../src/exceptions.js'
import type { ControlledExchange, FiredEffect, LabControl, LabEffect, LabPoint } from '../../src/lab/exchange.js'
import { noLab } from '../../src/lab/state.js'
import { startNode } from '../../src/node/start.js'
import { RestException } from '../../src/rest-exceptions.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
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
const post = (headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${node.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', authorization, ...headers },
    body,
  })

/** The same, with all that travels in one's own hands. */
function ask(): Socket {
  const socket = connect(Number(new URL(node.url).port), '127.0.0.1')
  const head = `POST ${path} HTTP/1.1\r\nHost: rms\r\nContent-Type: text/xml\r\nAuthorization: ${authorization}`
  socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
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

t.test('the Date header says the time of the lab', async (t) => {
  node.context.lab.set({ ...noLab, version: ++version, clock: { mode: 'frozen', at: '2031-02-03T04:05:06Z' } })
  for (const url of [path, '/readyz', '/nowhere'])
    t.equal((await fetch(`${node.url}${url}`)).headers.get('date'), 'Mon, 03 Feb 2031 04:05:06 GMT', url)
  node.context.lab.set({ ...noLab, version: ++version })
  t.not((await fetch(`${node.url}/readyz`)).headers.get('date'), 'Mon, 03 Feb 2031 04:05:06 GMT')
})
