/** The controls of the lab by the management API: what is set is at every server when the call returns. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { systemClock, systemRandom } from '../../src/effects.js'
import type { Fetch } from '../../src/client/trusting-fetch.js'
import { isActive } from '../../src/lab/state.js'
import { createSender, type Answer } from '../../src/load/send.js'
import { prepareRequests } from '../../src/load/prepare.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { until } from '../fixtures/until.js'
import { apiOver } from './api-app.js'

const database = await sharedDatabase(t)
// An hour: none of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const first = await startNode({ database, mode: 1, settings })
const second = await startNode({ database, provision: false, nodeId: 'root-2' })
const nodes = [first, second]
const { store } = first.context
const { app, call } = await apiOver(store)
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})
const readings = (): readonly string[] => nodes.map(({ context }) => context.clock.now().toISOString())
const everywhere = (version: number): readonly object[] => [
  { node: 'root-1', cluster: 'root', version, reached: true },
  { node: 'root-2', cluster: 'root', version, reached: true },
]

t.test('nothing is set until somebody asks', async (t) => {
  t.match(await call('GET', '/lab'), {
    status: 200,
    body: { version: 0, active: [], clock: { mode: 'real' }, faults: {}, servers: {} },
  })
  t.ok(nodes.every(({ context }) => !isActive(context.lab.state()) && context.lab.clock.isReal()))
})

t.test('a clock that is set is set at every server when the answer comes, and the answer names them', async (t) => {
  const frozen = { mode: 'frozen', at: '2030-01-01T00:00:00Z' }
  const put = await call('PUT', '/lab/clock', frozen)
  t.same([put.status, put.body], [200, { ...frozen, now: '2030-01-01T00:00:00Z', nodes: everywhere(1) }])
  t.same(readings(), ['2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z'])
  t.same((await call('GET', '/lab/clock')).body, { ...frozen, now: '2030-01-01T00:00:00Z' })
  const advanced = await call('POST', '/lab/clock/advance', { by: 'P1M' })
  t.match([advanced.status, advanced.body], [200, { now: '2030-02-01T00:00:00Z', nodes: everywhere(2) }])
  t.same(readings(), ['2030-02-01T00:00:00.000Z', '2030-02-01T00:00:00.000Z'])
  t.match((await call('GET', '/lab')).body, { active: ['clock frozen at 2030-02-01T00:00:00Z'] })
  const cleared = await call('DELETE', '/lab')
  t.same(
    [cleared.status, cleared.body],
    [200, { ended: ['clock frozen at 2030-02-01T00:00:00Z'], nodes: everywhere(3) }],
  )
  t.ok(nodes.every(({ context }) => context.lab.clock.isReal()))
})

t.test('what management issues has the time of the forest', async (t) => {
  await call('PUT', '/lab/clock', { mode: 'frozen', at: '2031-05-06T07:08:09Z' })
  const token = await call('POST', '/tokens', { user: 'bob', lifetimeSeconds: 60 })
  const claims = JSON.parse(
    Buffer.from(String(token.body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
  ) as { readonly exp: number }
  t.equal(claims.exp, Date.parse('2031-05-06T07:09:09Z') / 1000)
  const answer = await fetch(`${second.url}/my/v2/templates`, {
    headers: { authorization: `Bearer ${String(token.body['access_token'])}` },
  })
  t.equal(answer.status, 200, 'and holds at every server')
  await answer.text()
  const template = {
    texts: [{ lcid: 1033, name: 'Later', description: 'd' }],
    grants: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  }
  t.match((await call('POST', '/clusters/root/templates', template)).text, /<ISSUEDTIME>2031-05-06T07:08</)
  await call('DELETE', '/lab')
})

t.test('a clock that steps is one for all', async (t) => {
  const step = { mode: 'step', at: '2030-01-01T00:00:00Z', by: 'PT1H' }
  t.match((await call('PUT', '/lab/clock', step)).body, { ...step, now: '2030-01-01T00:00:00Z' })
  for (const { url } of [second, first, first]) await (await fetch(`${url}/my/v2/templates`)).text()
  t.same((await call('GET', '/lab/clock')).body, { ...step, now: '2030-01-01T03:00:00Z' })
  t.match((await call('POST', '/lab/clock/advance', { by: 'P1D' })).body, { at: '2030-01-02T03:00:00Z' })
  await (await fetch(`${second.url}/my/v2/templates`)).text()
  t.match((await call('GET', '/lab/clock')).body, { now: '2030-01-02T04:00:00Z' })
  await call('DELETE', '/lab')
})

t.test('bad input is refused with what would be right, and changes nothing', async (t) => {
  const before = await store.lab.read()
  const refused: readonly (readonly ['PUT' | 'POST', string, unknown, RegExp])[] = [
    ['PUT', '', { mode: 'ofset', by: 'PT1S' }, /did you mean "offset"/],
    ['PUT', '', { mode: 'offset', by: '5m' }, /Did you mean "PT5M"/],
    ['PUT', '', { mode: 'offset', by: 5 }, /by must be string/],
    ['PUT', '', { mode: 'offset' }, /"by" of the clock is missing/],
    ['PUT', '', { mode: 'frozen', at: '2026-01-01' }, /Did you mean "2026-01-01T00:00:00Z"/],
    ['PUT', '', { mode: 'frozen', at: '2026-02-30T00:00:00Z' }, /no instant/],
    ['PUT', '', { mode: 'frozen', att: '2026-01-01T00:00:00Z' }, /did you mean "at"/],
    ['PUT', '', {}, /The mode of the clock is missing/],
    ['PUT', '', [], /object/],
    ['POST', '/advance', { by: '366D' }, /Did you mean "P366D"/],
    ['POST', '/advance', { for: 'P366D' }, /no member "for"/],
    ['POST', '/advance', { by: 'P9000Y' }, /1970 to 8999/],
    ['POST', '/advance', {}, /"by" is missing/],
  ]
  for (const [method, path, body, message] of refused) {
    const answer = await call(method, `/lab/clock${path}`, body as object)
    t.match([answer.status, answer.body], [400, { error: 'BadRequest', message }], JSON.stringify(body))
  }
  t.same(await store.lab.read(), before)
})

t.test('changes at the same time are all made, and every server has the last one', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => call(at % 2 === 0 ? 'POST' : 'PUT', ...changeOf(at))),
  )
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  const { version } = await store.lab.read()
  t.same(
    nodes.map(({ context }) => context.lab.state().version),
    [version, version],
  )
  await call('DELETE', '/lab')
})

function changeOf(at: number): readonly [string, object] {
  return at % 2 === 0 ? ['/lab/clock/advance', { by: 'PT1M' }] : ['/lab/clock', { mode: 'offset', by: `PT${at}M` }]
}

t.test('a server that is not reached is named, and all others have it', async (t) => {
  const without = await startNode({ database, provision: false, nodeId: 'root-3', lab: false })
  t.teardown(() => without.close())
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const [member] = await store.members.list()
  if (member === undefined) throw new Error('there are members')
  const other = { ...member, lastSeen: systemClock.now().toISOString() }
  await store.members.join({
    ...other,
    nodeId: 'silent',
    url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
  })
  await store.members.join({ ...other, nodeId: 'gone', url: 'http://127.0.0.1:1' })
  t.teardown(() => Promise.all(['silent', 'gone'].map((id) => store.members.leave(id))))
  const patience = new AbortController()
  const answered: string[] = []
  const fetchFrom: Fetch = async (url, init) => {
    const response = await fetch(url, init)
    const whole = new Response(await response.text(), { status: response.status })
    answered.push(url)
    return whole
  }
  const hurried = await apiOver(store, systemClock, { patience: () => patience.signal, fetchFrom })
  t.teardown(() => hurried.app.close())
  const asked = hurried.call('PUT', '/lab/clock', { mode: 'frozen', at: '2030-01-01T00:00:00Z' })
  const answering = [...nodes, without].map(({ url }) => `${url}/lab/state`)
  await until(() => answering.every((url) => answered.includes(url)), 'the others have answered')
  patience.abort()
  const answer = await asked
  const { version } = await store.lab.read()
  const away = (node: string, why: RegExp) => ({ node, cluster: 'root', version: null, reached: false, why })
  t.match(
    [answer.status, answer.body],
    [
      504,
      {
        error: 'NotEverywhere',
        message: /silent \(it did not answer within 2 s\).* All others have it/,
        nodes: [
          away('gone', /nobody answers at http:\/\/127.0.0.1:1|within 2 s/),
          ...everywhere(version),
          away('root-3', /--no-lab/),
          away('silent', /did not answer within 2 s/),
        ],
      },
    ],
  )
  t.ok(without.context.lab.clock.isReal())
})

t.test('one that is started again meanwhile is told where it is then, and one that leaves is not missed', async (t) => {
  await call('DELETE', '/lab').catch(() => undefined)
  const [member] = await store.members.list()
  if (member === undefined) throw new Error('there are members')
  const ghost = { ...member, nodeId: 'ghost', url: 'http://127.0.0.1:1', lastSeen: systemClock.now().toISOString() }
  await store.members.join(ghost)
  const asked = call('PUT', '/lab/clock', { mode: 'offset', by: 'P1D' })
  await until(() => nodes.every(({ context }) => !context.lab.clock.isReal()), 'the others have it')
  await store.members.leave('ghost')
  const answer = await asked
  t.same([answer.status, answer.body['nodes']], [200, everywhere((await store.lab.read()).version)])
  t.equal((await call('DELETE', '/lab')).status, 200)
})

t.test(
  'a year later, under load: expired certificates are refused at every server from the answer on, and work again when it ends',
  async (t) => {
    const prepared = await Promise.all(
      nodes.map(({ url }) =>
        prepareRequests({
          url,
          operations: ['license'],
          contents: 1,
          accounts: ['alice@contoso.test', 'bob@contoso.test'],
          password: seedPassword,
          timeoutMilliseconds: 600_000,
          ca: undefined,
          clock: systemClock,
          random: systemRandom,
          progress: () => undefined,
          signal: new AbortController().signal,
        }),
      ),
    )
    // The addresses of the content are those of the cluster: each node is asked at its own.
    const requests = prepared.map(({ license = [] }, at) =>
      license.map((request) => ({ ...request, origin: nodes[at]?.url ?? '' })),
    )
    const sender = createSender({ connections: 4, timeoutMilliseconds: 600_000 })
    t.teardown(() => sender.close())
    const phases = ['before', 'changing to later', 'later', 'changing back', 'back'] as const
    let phase = 0
    const over = new AbortController()
    /** By the phases in which a request began and in which it ended. */
    const answers: { readonly began: number; readonly ended: number; readonly answer: Answer }[] = []
    const seen = (at: number): boolean =>
      nodes.every(
        ({ nodeId }) => answers.filter(({ began, answer }) => began === at && answer.node === nodeId).length >= 20,
      )
    const loops = requests.flatMap((own) =>
      own.map(async (request) => {
        while (!over.signal.aborted) {
          const began = phase
          const answer = await sender.send(request)
          answers.push({ began, ended: phase, answer })
        }
      }),
    )
    await until(() => seen(0), 'every server licenses')
    phase = 1
    t.equal((await call('POST', '/lab/clock/advance', { by: 'P366D' })).status, 200)
    phase = 2
    await until(() => seen(2), 'every server refuses')
    phase = 3
    t.equal((await call('DELETE', '/lab')).status, 200)
    phase = 4
    await until(() => seen(4), 'every server licenses again')
    over.abort()
    await Promise.all(loops)
    const outcomesOf = (at: number): readonly string[] => [
      ...new Set(
        answers.filter(({ began, ended }) => began === at && ended === at).map(({ answer }) => answer.outcome),
      ),
    ]
    const expired = 'InvalidPersonaCertTimeException'
    t.same([outcomesOf(0), outcomesOf(2), outcomesOf(4)], [['answered'], [expired], ['answered']], phases.join(', '))
    t.same(
      answers.map(({ answer }) => answer.outcome).filter((outcome) => outcome !== 'answered' && outcome !== expired),
      [],
      'none failed for another reason',
    )
  },
)

t.test('what a server by hand has otherwise stands beside the settings of the installation', async (t) => {
  const settings = [
    { name: 'cluster', value: 'root', from: '--cluster' },
    { name: 'id', value: 'a new one', from: 'default' },
    { name: 'key-password', value: '(hidden)', from: 'RMS_KEY_PASSWORD' },
    { name: 'ntlm', value: 'lm', from: 'ntlm in node.json' },
    { name: 'profile', value: '2016', from: '--profile' },
  ]
  const byHand = await startNode({ database, provision: false, nodeId: 'root-7', config: { by: 'node', settings } })
  const without = await startNode({ database, provision: false, nodeId: 'root-8', lab: false })
  t.teardown(() => Promise.all([byHand.close(), without.close()]))
  const { status, body } = await call('GET', '/lab/config')
  t.equal(status, 200)
  t.match(body, { by: 'up', settings: { length: 4, 0: { name: 'key-password', value: '(hidden)' } } })
  t.same(body['servers'], [{ node: 'root-7', settings: [settings[0], settings[3]] }])
  t.same(body['gaps'], [{ node: 'root-8', text: 'root-8 says nothing of its settings: it was started with --no-lab' }])
  t.equal((await fetch(`${byHand.url}/lab/config`)).status, 403, 'nobody else is told')
})
