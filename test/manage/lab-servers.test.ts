/** Single servers of the lab stand still, are slow, have a wrong clock or lack something; all of them lack the database, or a log that takes records. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import {
  certify,
  getClientLicensorCert,
  labTrustRoot,
  readyMachine,
  type Account,
  type Publisher,
} from '../../src/client/index.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'
import { apiOver } from './api-app.js'

const folder = t.testdir({})
const database = join(folder, 'rms.sqlite')
const spoolFolder = join(folder, 'spool')
/** No node is checked by the balancer unless the test wants it. */
const checkInterval = 100_000_000
const balancerTime = testClock()
const listenerKey = 'key of the balancer'
const balancer = await startBalancer({
  clusters: [{ name: 'root', listeners: [{ name: 'intranet', host: '127.0.0.1', port: 0 }], nodes: [] }],
  limits: { checkInterval },
  listenerKey,
  clock: balancerTime,
  timers: balancerTime,
})
t.teardown(() => balancer.close())
const publicUrl = balancer.clusters[0]?.listeners[0]?.url ?? ''
// An hour: neither of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const timers = testClock()
const first = await startNode({ database, mode: 1, publicUrl, settings, timers, spoolFolder, listenerKey })
const second = await startNode({ database, publicUrl, provision: false, nodeId: 'root-2', timers, listenerKey })
const nodes = [first, second]
await balancer.setNodes(
  'root',
  nodes.map(({ nodeId: id, url }) => ({ id, url })),
)
await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
const { app, call } = await apiOver(first.store)
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})
t.afterEach(async () => {
  await call('DELETE', '/lab')
})

const everywhere = [
  { node: 'root-1', cluster: 'root', reached: true },
  { node: 'root-2', cluster: 'root', reached: true },
]
const path = '/_wmcs/certification/server.asmx'
const body =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetServerInfo xmlns="http://microsoft.com/DRM/ServerService">' +
  '<requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo></s:Body></s:Envelope>'

interface Seen {
  readonly status: number
  readonly lab: string | null
  readonly node: string | null
  readonly date: string
  readonly text: string
}

async function ask(url: string, user = 'bob'): Promise<Seen> {
  const authorization = `Basic ${Buffer.from(`CONTOSO\\${user}:${seedPassword}`).toString('base64')}`
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/xml; charset=utf-8' },
    body,
  })
  const { status, headers } = answer
  return {
    status,
    lab: headers.get('x-lab'),
    node: headers.get('x-served-by'),
    date: headers.get('date') ?? '',
    text: await answer.text(),
  }
}

const machine = readyMachine('bob-pc-mode1')
const client = {
  credentials: { user: 'CONTOSO\\bob', password: seedPassword },
  trustRoots: [labTrustRoot(1)],
  clock: systemClock,
  random: systemRandom,
}

const stateAtBalancer = (id: string): string | undefined =>
  balancer.status().clusters[0]?.nodes.find((node) => node.id === id)?.state

/** The balancer asks all nodes; those that answer have done so when it resolves. */
async function checkNodes(answering: readonly string[]): Promise<void> {
  const checks = (): readonly number[] =>
    answering.map((id) => balancer.status().clusters[0]?.nodes.find((node) => node.id === id)?.counters.checks ?? 0)
  const before = checks()
  await balancerTime.advance(checkInterval)
  await until(() => checks().every((count, at) => count > (before[at] ?? 0)), 'they have answered')
}

async function set(t: Test, id: string, controls: object): Promise<void> {
  t.match(await call('PUT', `/lab/servers/${id}`, controls), { status: 200, body: { node: id, nodes: everywhere } })
}

t.test('nothing is set until somebody asks', async (t) => {
  t.same((await call('GET', '/lab/servers')).body, {
    servers: [
      { node: 'root-1', cluster: 'root' },
      { node: 'root-2', cluster: 'root' },
    ],
  })
  t.same((await call('GET', '/lab/servers/root-1')).body, { node: 'root-1', cluster: 'root' })
  t.same((await call('GET', '/lab/installation')).body, {})
})

t.test(
  'a paused server takes connections and answers nothing, but the lab; resumed, it answers what waits',
  async (t) => {
    await set(t, 'root-2', { paused: true })
    const answered: string[] = []
    const waiting = [ask(second.url), fetch(`${second.url}/readyz`), fetch(`${second.url}/nowhere`)].map(
      async (one) => {
        const { status } = await one
        answered.push(String(status))
        return one
      },
    )
    t.equal((await ask(first.url)).status, 200, 'the other one goes on')
    const skewed = await call('PATCH', '/lab/servers/root-2', { skew: 'PT1H' })
    t.match(skewed.body, { paused: true, skew: 'PT1H', nodes: everywhere }, 'it is told what is set')
    t.ok(second.context.lab.pause.isPaused())
    t.same(answered, [])
    t.match((await call('GET', '/lab')).body, { active: ['server root-2: paused, clock off by PT1H'] })
    t.same((await call('PATCH', '/lab/servers/root-2', { paused: false })).status, 200)
    t.match(await waiting[0], { status: 200, lab: 'server=paused, server=skew' })
    await Promise.all(waiting)
    t.same(answered.toSorted(), ['200', '200', '404'])
    t.match(await ask(second.url), { status: 200, lab: 'server=skew' })
  },
)

t.test('an answer that was under way waits, too; a client that leaves is not missed', async (t) => {
  await set(t, 'root-2', { slow: 'PT7S' })
  const late = ask(second.url)
  await timers.untilTimer(7000)
  await set(t, 'root-2', { paused: true })
  let isAnswered = false
  void late.then(() => (isAnswered = true))
  await timers.advance(7000)
  const gone = new AbortController()
  const leaving = fetch(`${second.url}/readyz`, { signal: gone.signal })
  t.equal((await ask(first.url)).status, 200)
  gone.abort()
  await t.rejects(leaving)
  t.notOk(isAnswered)
  await call('DELETE', '/lab/servers/root-2')
  t.match(await late, { status: 200, lab: /server=slow/ })
})

t.test('what waits at a paused server goes to another one, which its balancer learns from its checks', async (t) => {
  await set(t, 'root-2', { paused: true })
  const asked = Array.from({ length: 4 }, () => ask(publicUrl))
  await until(() => (balancer.status().clusters[0]?.nodes[1]?.running ?? 0) === 2, 'half of them wait')
  await checkNodes(['root-1'])
  for (const span of [2000, 100, 2000, 100, 2000]) {
    await balancerTime.untilTimer(span)
    await balancerTime.advance(span)
  }
  t.same(
    (await Promise.all(asked)).map(({ status, node }) => [status, node]),
    Array.from({ length: 4 }, () => [200, 'root-1']),
  )
  t.equal(stateAtBalancer('root-2'), 'down')
  const served = () => first.store.requestLog.count({ hostMachineName: 'root-2' })
  const before = await served()
  t.equal((await call('PATCH', '/lab/servers/root-2', { paused: false })).status, 200)
  for (let time = 1; time <= 2; time++) t.equal((await ask(second.url)).status, 200)
  t.equal((await served()) - before, 2, 'what went to another one is not done here, too')
  await balancerTime.advance(100)
  await until(() => stateAtBalancer('root-2') === 'ready', 'it is seen again')
})

t.test('a large request that left a paused server is not done there, too', async (t) => {
  await set(t, 'root-2', { paused: true })
  const served = () => first.store.requestLog.count({ hostMachineName: 'root-2' })
  const before = await served()
  const large = body.replace('<s:Body>', `<!-- ${'large '.repeat(100_000)} --><s:Body>`)
  const socket = connect(Number(new URL(second.url).port), '127.0.0.1')
  const authorization = `Basic ${Buffer.from(`CONTOSO\\bob:${seedPassword}`).toString('base64')}`
  const head = { host: 'rms', authorization, 'content-type': 'text/xml', 'content-length': large.length }
  const lines = Object.entries({ ...head, 'x-balancer-key': listenerKey }).map(([name, value]) => `${name}: ${value}`)
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  // All of it, and then the balancer leaves.
  await new Promise<void>((resolve) => void socket.end(large, resolve))
  for (let turn = 1; turn <= 20; turn++) t.equal((await ask(first.url)).status, 200)
  await call('PATCH', '/lab/servers/root-2', { paused: false })
  await once(socket.resume(), 'close')
  t.equal((await served()) - before, 0)
})

t.test('the clock of one server differs from that of the forest', async (t) => {
  await call('PUT', '/lab/clock', { mode: 'frozen', at: '2030-01-01T00:00:00Z' })
  await set(t, 'root-2', { skew: '-PT10M' })
  t.match(await ask(second.url), { date: 'Mon, 31 Dec 2029 23:50:00 GMT', lab: 'server=skew' })
  t.match(await ask(first.url), { date: 'Tue, 01 Jan 2030 00:00:00 GMT', lab: null })
  await set(t, 'root-2', { skew: '-P2D' })
  const certified = (at: RunningNode): Promise<Account> => certify(client, `${at.url}/_wmcs/certification`, machine)
  const publisher = (at: RunningNode, account: Account): Promise<Publisher> =>
    getClientLicensorCert(client, `${at.url}/_wmcs/licensing`, account)
  const [early, late] = [await certified(second), await certified(first)]
  t.ok(await publisher(first, early))
  await t.rejects(publisher(second, late), { exceptionName: /InvalidPersonaCertTimeException$/ } as unknown as Error)
  t.match(
    await call('PUT', '/lab/servers/root-2', { skew: 'P9000Y' }),
    { status: 400, body: { message: /1970 to 8999/ } },
    'it stays within the years of the lab',
  )
  t.equal((await call('PUT', '/lab/servers/root-2', { skew: 'PT0S' })).body['skew'], undefined)
  t.match(await ask(second.url), { date: 'Tue, 01 Jan 2030 00:00:00 GMT', lab: null })
})

t.test('one goes on with the configuration that it has, until that ends', async (t) => {
  await set(t, 'root-2', { stale: true })
  const versions = (): readonly number[] =>
    nodes.map(({ context }) => context.state().configuration.configurationVersion)
  const [before = 0] = versions()
  t.equal((await call('PATCH', '/clusters/root/configuration', { racValidityTimeSeconds: 86_400 })).status, 200)
  await set(t, 'root-1', { slow: 'PT1S' })
  t.same(versions(), [before + 1, before], 'whoever is told something of the lab reads it, but the stale one')
  t.equal((await call('DELETE', '/lab/servers/root-2')).status, 200)
  t.same(versions(), [before + 1, before + 1], 'when the call returns')
})

t.test('one has a wrong key password: 500 whenever the balancer chooses it', async (t) => {
  await set(t, 'root-2', { wrongKeyPassword: true })
  const seen = [await ask(publicUrl), await ask(publicUrl), await ask(publicUrl), await ask(publicUrl)]
  for (const { status, lab, node } of seen)
    t.same([status, lab], node === 'root-2' ? [500, 'server=wrongKeyPassword'] : [200, null])
  t.same(new Set(seen.map(({ node }) => node)), new Set(['root-1', 'root-2']))
  t.equal((await fetch(`${second.url}${path}?wsdl`)).status, 500, 'pages of the services, too')
  t.equal(stateAtBalancer('root-2'), 'ready')
})

t.test('one does not reach the directory: it knows those whom it remembers', async (t) => {
  t.equal((await ask(second.url, 'bob')).status, 200)
  await set(t, 'root-2', { directoryAway: true })
  t.match(await ask(second.url, 'bob'), { status: 200, lab: 'server=directoryAway' })
  t.match(await ask(second.url, 'mallory'), { status: 500, text: /UnspecifiedErrorException/ })
  t.match(await ask(first.url, 'mallory'), { status: 200, lab: null })
  await call('DELETE', '/lab/servers/root-2')
  t.equal((await ask(second.url, 'mallory')).status, 200)
})

t.test('one is slow, always by as much or by a spread that is the same each time', async (t) => {
  await set(t, 'root-2', { slow: 'PT7S' })
  const late = ask(second.url)
  await timers.untilTimer(7000)
  await timers.advance(7000)
  t.match(await late, { status: 200, lab: 'server=slow' })
  const waits: number[] = []
  for (let time = 1; time <= 2; time++) {
    await call('DELETE', '/lab/servers/root-2')
    await set(t, 'root-2', { slow: { median: 'PT3S', sigma: 0.5 } })
    const before = timers.timers().length
    const asked = ask(second.url)
    await until(() => timers.timers().length > before, 'it waits')
    // The others are for hours, or for each second.
    const wait = timers.timers().find((due) => due > 1000) ?? 0
    waits.push(wait)
    await timers.advance(wait)
    t.equal((await asked).status, 200)
  }
  t.equal(Math.round(waits[0] ?? 0), Math.round(waits[1] ?? 1))
  t.not(Math.round(waits[0] ?? 0), 3000)
})

t.test('one is not seen by balancers, and serves who asks it directly', async (t) => {
  await set(t, 'root-2', { unseen: true })
  await checkNodes(['root-1', 'root-2'])
  t.equal(stateAtBalancer('root-2'), 'down')
  for (let time = 1; time <= 3; time++) t.equal((await ask(publicUrl)).node, 'root-1')
  t.match(await ask(second.url), { status: 200, lab: null })
  const readiness = await fetch(`${second.url}/readyz`)
  t.match([readiness.status, await readiness.json()], [503, { status: 'unseen' }])
  await call('DELETE', '/lab/servers/root-2')
  await balancerTime.advance(100)
  await until(() => stateAtBalancer('root-2') === 'ready', 'it is seen again')
})

t.test('no server reaches the database: as when it is really away, but for management', async (t) => {
  const query = { requestType: 'GetServerInfo' }
  for (const { url } of nodes) await ask(url)
  const before = await first.store.requestLog.count(query)
  t.match(await call('PUT', '/lab/installation', { databaseAway: true }), {
    status: 200,
    body: { databaseAway: true, nodes: everywhere },
  })
  t.match(await ask(first.url, 'bob'), { status: 200, lab: 'installation=databaseAway' }, 'who is known goes on')
  t.match(await ask(first.url, 'carol'), { status: 500, text: /UnspecifiedErrorException/ }, 'who is not does not')
  t.ok(readdirSync(spoolFolder).some((name) => name.endsWith('.spool')))
  t.equal((await ask(second.url, 'bob')).status, 500, 'a server without a spool answers nobody')
  const ready = async ({ url }: RunningNode): Promise<number> => (await fetch(`${url}/readyz`)).status
  t.same(await Promise.all(nodes.map(ready)), [200, 503])
  t.equal((await call('GET', '/directory/accounts')).status, 200, 'management reaches it')
  t.equal(await first.store.requestLog.count(query), before)
  t.match(await call('PUT', '/lab/servers/root-2', { skew: 'PT1H' }), { status: 200 }, 'the lab is told all the same')
  t.same((await call('DELETE', '/lab/installation')).status, 200)
  t.equal((await ask(first.url, 'carol')).status, 200)
  await timers.advance(1000)
  await until(async () => (await first.store.requestLog.count(query)) === before + 2, 'nothing is missing in the log')
  await until(async () => (await ready(second)) === 200, 'both are ready')
})

t.test('the log queue is full: no server answers, and none is ready', async (t) => {
  t.match(await call('PATCH', '/lab/installation', { logQueueFull: true }), {
    status: 200,
    body: { logQueueFull: true },
  })
  t.match(await ask(second.url), { status: 503, lab: 'installation=logQueueFull' })
  const readiness = await fetch(`${first.url}/readyz`)
  t.match([readiness.status, await readiness.json()], [503, { status: 'unable', reason: /set in the lab/ }])
  await checkNodes(['root-1', 'root-2'])
  t.match(await ask(publicUrl), { status: 503, lab: null }, 'the balancer has nobody to ask')
  const metrics = await (await fetch(`${first.url}/metrics`)).text()
  t.match(metrics, /rms_lab_active\{[^}]*control="log queue full"[^}]*\} 1/)
  const ended = await call('DELETE', '/lab')
  t.same(ended.body['ended'], ['log queue full'])
  t.equal((await ask(second.url)).status, 200)
  await balancerTime.advance(100)
  await until(() => stateAtBalancer('root-2') === 'ready', 'it is seen again')
})

t.test('what cannot be is refused with the nearest right thing, and changes nothing', async (t) => {
  await set(t, 'root-1', { slow: 'PT1S' })
  const { version } = (await call('GET', '/lab')).body
  const refused: readonly (readonly [string, unknown, number, RegExp])[] = [
    ['servers/root-3', { paused: true }, 404, /There is no server "root-3": did you mean root-1\?/],
    ['servers/licensing-one', { paused: true }, 404, /there is root-1, root-2/],
    ['servers/root-2', { pause: true }, 400, /did you mean "paused"\?/],
    ['servers/root-2', { paused: 'yes' }, 400, /"paused" is "yes": write true/],
    ['servers/root-2', { skew: '5m' }, 400, /Did you mean "PT5M"/],
    ['servers/root-2', { skew: 300 }, 400, /"skew" is no duration/],
    ['servers/root-2', { slow: 'PT11M' }, 400, /at most PT10M/],
    ['servers/root-2', { slow: '-PT1S' }, 400, /longer than nothing/],
    ['servers/root-2', { slow: { median: 'PT1S', sigma: 9 } }, 400, /"sigma"/],
    ['servers/root-2', [], 400, /object/],
    ['installation', { databaseGone: true }, 400, /did you mean "databaseAway"\?/],
    ['installation', { databaseAway: 'PT1S' }, 400, /write true/],
  ]
  for (const method of ['PUT', 'PATCH'] as const)
    for (const [at, wanted, status, message] of refused) {
      const answer = await call(method, `/lab/${at}`, wanted as object)
      t.match([answer.status, answer.body], [status, { message }], `${method} ${at} ${JSON.stringify(wanted)}`)
    }
  for (const method of ['GET', 'DELETE'] as const)
    t.match(await call(method, '/lab/servers/root-22'), { status: 404, body: { message: /did you mean root-2\?/ } })
  t.equal((await call('GET', '/lab')).body['version'], version)
  t.match((await call('PATCH', '/lab/servers/ROOT-1', { unseen: null, slow: null })).body, { node: 'root-1' })
  t.same((await call('GET', '/lab')).body['servers'], {}, 'where nothing is left nothing is kept')
})
