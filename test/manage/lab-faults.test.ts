/** Faults as people set them: by the management API, the library and the command; at every server behind a balancer when the call returns. */
import { request as httpRequest } from 'node:http'
import t from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import { startInstallation } from '../../src/manage/start.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { run } from '../cli/command.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { apiOver } from './api-app.js'

const database = await sharedDatabase(t)
const listenerKey = 'between-balancer-and-nodes'
const balancer = await startBalancer({
  clusters: [{ name: 'root', listeners: [{ name: 'intranet', host: '127.0.0.1', port: 0 }], nodes: [] }],
  listenerKey,
})
t.teardown(() => balancer.close())
const publicUrl = balancer.clusters[0]?.listeners[0]?.url ?? ''
// An hour: neither of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const first = await startNode({ database, publicUrl, listenerKey, settings })
const second = await startNode({ database, publicUrl, listenerKey, provision: false, nodeId: 'root-2' })
const nodes = [first, second]
await balancer.setNodes(
  'root',
  nodes.map(({ nodeId: id, url }) => ({ id, url })),
)
await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
const { app, call } = await apiOver(first.context.store)
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})

interface Seen {
  /** 0: the connection was cut. */
  readonly status: number
  readonly lab: string | undefined
  readonly node: string | undefined
}

const path = '/_wmcs/certification/server.asmx'
const body =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetServerInfo xmlns="http://microsoft.com/DRM/ServerService">' +
  '<requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo></s:Body></s:Envelope>'

/** Through the balancer, on a connection of its own, so that nothing else is retried by whoever asks. */
function ask(user = 'bob', headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
  const authorization = `Basic ${Buffer.from(`CONTOSO\\${user}:${seedPassword}`).toString('base64')}`
  return new Promise((resolve) => {
    const cut = (): void => resolve({ status: 0, lab: undefined, node: undefined })
    const asked = httpRequest(
      `${publicUrl}${path}`,
      {
        method: 'POST',
        agent: false,
        headers: { authorization, 'content-type': 'text/xml; charset=utf-8', ...headers },
      },
      (answer) => {
        answer.on('error', cut).on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            lab: answer.headers['x-lab'] as string | undefined,
            node: answer.headers['x-served-by'] as string | undefined,
          }),
        )
        answer.resume()
      },
    )
    asked.on('error', cut)
    asked.end(body)
  })
}

async function statuses(count: number): Promise<readonly number[]> {
  const seen: number[] = []
  for (let number = 0; number < count; number++) seen.push((await ask()).status)
  return seen
}

t.test('a fault is set at every server when the answer comes, listed, and gone when it is removed', async (t) => {
  const wanted = { match: { user: 'bob@contoso.test' }, effect: { http: 503 }, seed: 5 }
  const put = await call('PUT', '/lab/faults/busy', wanted)
  t.same(
    [put.status, put.body],
    [
      200,
      {
        name: 'busy',
        match: { user: ['bob@contoso.test'] },
        effect: { http: 503 },
        when: {},
        seed: 5,
        matched: 0,
        nodes: ['root-1', 'root-2'].map((node) => ({ node, cluster: 'root', version: 1, reached: true })),
      },
    ],
  )
  for (const node of ['one', 'the other'])
    t.match(await ask(), { status: 503, lab: 'fault=busy' }, `${node}, and the balancer asks nobody else`)
  t.match(await ask('alice'), { status: 200, lab: undefined })
  t.match((await call('GET', '/lab/faults')).body, { faults: [{ name: 'busy', matched: 2 }] })
  t.match((await call('GET', '/lab')).body, { active: ['fault busy'] })
  const { nodes: _nodes, matched: _matched, name: _name, ...again } = put.body as unknown as Record<string, object>
  t.equal((await call('PUT', '/lab/faults/busy', again)).status, 200, 'as it is listed it can be put')
  t.match((await call('GET', '/lab/faults/busy')).body, { matched: 0 }, 'and counts from nothing')
  await ask()
  const removed = await call('DELETE', '/lab/faults/busy')
  t.match([removed.status, removed.body], [200, { name: 'busy', matched: 1, nodes: [{ reached: true }, {}] }])
  t.notOk('note' in removed.body)
  t.match(await ask(), { status: 200, lab: undefined })
})

t.test('the third request is the third one, whichever server has it', async (t) => {
  await call('PUT', '/lab/faults/third', { effect: { http: 500 }, when: { next: 1, after: 2 } })
  t.same(await statuses(5), [200, 200, 500, 200, 200])
  await call('PUT', '/lab/faults/third', { effect: { http: 503 }, when: { every: 2 } })
  t.same(await statuses(5), [200, 503, 200, 503, 200])
  t.match((await call('DELETE', '/lab/faults/third')).body, { matched: 5 })
})

t.test('what a server of a lab cuts is cut for the client, and no other server is asked', async (t) => {
  await call('PUT', '/lab/faults/cut', { effect: { reset: true }, when: { next: 2 } })
  t.same(await statuses(3), [0, 0, 200])
  await call('PUT', '/lab/faults/cut', { effect: { truncate: 10 }, when: { next: 2 } })
  t.same(await statuses(3), [0, 0, 200])
  t.match((await call('DELETE', '/lab/faults/cut')).body, { matched: 3 })
  t.ok(
    balancer.status().clusters[0]?.nodes.every(({ state }) => state === 'ready'),
    'and the balancer takes no server for a dead one',
  )
})

t.test('a fault of one server is seen whenever the balancer chooses it', async (t) => {
  await call('PUT', '/lab/faults/stale', { ready: 'key-password-stale', match: { node: 'root-2' } })
  const seen = [await ask(), await ask(), await ask(), await ask()]
  t.ok(seen.every(({ status, node }) => status === (node === 'root-2' ? 500 : 200)))
  t.equal(seen.filter(({ status }) => status === 500).length, 2)
  await call('DELETE', '/lab/faults/stale')
})

t.test('a fault that matched nothing in its life says so when it goes', async (t) => {
  await call('PUT', '/lab/faults/lonely', { match: { user: 'carol' }, effect: { http: 503 } })
  await ask()
  t.match((await call('DELETE', '/lab/faults/lonely')).body, {
    matched: 0,
    note: /^No request was ever matched by the fault "lonely": look at its match/,
  })
})

t.test('what cannot be is refused with the nearest right thing, and changes nothing', async (t) => {
  await call('PUT', '/lab/faults/kept', { effect: { http: 503 }, match: { user: 'carol' } })
  const { version } = (await call('GET', '/lab')).body
  const effect = { http: 503 }
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ['x', { effect: { exception: 'InvalidPersonaCertTimes' } }, /did you mean "InvalidPersonaCertTime"\?/],
    ['x', { effect: { delayed: 'PT1S' } }, /did you mean "delay"\?/],
    ['x', { effect, match: { operation: 'AquireLicense' } }, /did you mean "AcquireLicense"\?/],
    ['x', { effect, match: { operation: 'EndUserLicense' } }, /did you mean "EndUserLicenses"\?/],
    ['x', { effect, match: { node: 'root-3' } }, /There is no node "root-3" here: did you mean "root-1"\?/],
    ['x', { effect, match: { cluster: 'rood' } }, /did you mean "root"\?/],
    [
      'x',
      { effect, match: { user: 'bobb@contoso.test' } },
      /There is no account "bobb@contoso.test".*did you mean "bob@contoso.test"\?/,
    ],
    ['x', { effect, match: { user: 'CONTOSO\\malory' } }, /did you mean "CONTOSO\\\\?mallory"\?/],
    ['x', { ready: 'acl-close' }, /did you mean "acl-closed"\?/],
    ['x', {}, /no "effect"/],
    ['a b', { effect }, /A fault cannot be called "a b"/],
    ['catalogue', { effect }, /lists the ready ones/],
  ]
  for (const [name, fault, message] of refused) {
    const answer = await call('PUT', `/lab/faults/${encodeURIComponent(name)}`, fault)
    t.match([answer.status, answer.body], [400, { error: 'BadRequest', message }], JSON.stringify(fault))
  }
  for (const method of ['GET', 'DELETE'] as const)
    t.match(await call(method, '/lab/faults/keptt'), { status: 404, body: { message: /did you mean kept\?/ } })
  t.equal((await call('GET', '/lab')).body.version, version)
  await call('DELETE', '/lab')
  t.match((await call('GET', '/lab/faults')).body, { faults: [] }, 'the end of all ends them, too')
})

t.test('the catalogue is there over HTTP, with the rows that no server can cause', async (t) => {
  const { body } = await call('GET', '/lab/faults/catalogue')
  const { faults, others } = body as unknown as {
    faults: readonly { row: number }[]
    others: readonly { row: number }[]
  }
  t.equal(new Set([...faults, ...others].map(({ row }) => row)).size, 28)
  t.match(body['servers'], [{ row: 7, of: 'server', control: 'skew' }], 'and those of whole servers')
  t.match(faults[0], { name: 'server-info-denied', row: 1, fault: { effect: { http: 401 } } })
})

t.test('the library and the command say the same', async (t) => {
  const installation = await startInstallation({ headerFaults: true })
  t.teardown(() => installation.close())
  const { faults } = installation.lab
  await faults.put('gone', { ready: 'template-deleted', match: { user: 'bob' }, when: { next: 1 } })
  t.match(await faults.list(), [{ name: 'gone', ready: 'template-deleted', matched: 0 }])
  await t.rejects(faults.put('x', { effect: { exception: 'NoSuchThing' as 'UnspecifiedError' } }), {
    name: 'LabInputError',
  })
  t.ok(faults.catalogue().some(({ name }) => name === 'acl-closed'))

  const lab = (...args: readonly string[]) => run(['lab', 'faults', ...args, '--manage', installation.manage])
  t.match(
    (await lab()).stdout,
    /^gone: operation AcquireLicense or .*, user bob: \{"exception":"InvalidOfficialRightsTemplate"\}, when \{"next":1\}; matched 0\n$/,
  )
  t.match(await lab('put', 'closed', 'acl-closed'), { code: 0, stdout: /^closed: endpoint .*\nSet at root-1\.\n$/ })
  t.match(await lab('put', 'x', '{"effect":'), { code: 2, stderr: /The fault is no JSON/ })
  t.match(await lab('put', 'x', 'acl-close'), { code: 2, stderr: /did you mean "acl-closed"\?/ })
  t.match((await lab('catalogue')).stdout, /^name +row +what the client has of it\nserver-info-denied +1 /)
  t.match(JSON.parse((await lab('remove', 'closed', '--json')).stdout), { event: 'fault-removed', matched: 0 })
  t.match(await lab('remove', 'closed'), { code: 1, stderr: /There is no fault "closed": there is gone/ })

  t.match(await faults.remove('gone'), { matched: 0, note: /"gone"/ })
  const answer = await fetch(`${installation.url}/certification/server.asmx`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`CONTOSO\\bob:${seedPassword}`).toString('base64')}`,
      'content-type': 'text/xml',
      'x-lab-fault': 'log-queue-full',
    },
    body,
  })
  t.equal(answer.status, 503, 'and a request asks for a fault itself')
  t.equal(answer.headers.get('x-lab'), 'fault=log-queue-full')
  await answer.text()
  const metrics = await (await fetch(`${new URL(installation.url).origin}/metrics`)).text()
  t.match(metrics, /rms_lab_faults_total\{fault="log-queue-full",node="root-1"\} 1/)
})
