/** What management tells of clusters and their nodes, and what it does about nodes that it did not start. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import t from 'tap'
import { provisionLicensing, provisionRoot } from '../../src/cluster/provision.js'
import type { ClusterRow } from '../../src/cluster/store/cluster-store.js'
import { openStore } from '../../src/cluster/store/open.js'
import { systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { startManagementElsewhere } from '../../src/manage/elsewhere.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { keyPassword } from './api-app.js'

const database = await sharedDatabase(t)
const store = await openStore(database)
await provisionRoot(store, { name: 'root', baseUrl: 'http://root.test/_wmcs', keyPassword, mode: 2 }, { clock, random })
await provisionLicensing(store, { name: 'legal', baseUrl: 'http://legal.test/_wmcs', keyPassword }, { clock, random })
const token = 'secret'
const management = await startManagementElsewhere({
  database,
  keyPassword,
  host: '127.0.0.1',
  port: 0,
  token,
  log: pino({ level: 'silent' }),
})
t.teardown(async () => {
  await management.close()
  await store.close()
})

const call = async (path: string, method = 'GET'): Promise<{ readonly status: number; readonly body: unknown }> => {
  const answer = await fetch(`${management.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}
const enter = (nodeId: string, lastSeen: string, cluster = 'root'): Promise<void> =>
  store.members.join({
    nodeId,
    cluster,
    url: `http://127.0.0.1:1`,
    pid: 1,
    started: '2026-01-01T00:00:00.000Z',
    lastSeen,
  })
const idsOf = async (cluster: string): Promise<unknown> =>
  ((await call(`/clusters/${cluster}/nodes`)).body as { nodes: { id: string }[] }).nodes.map(({ id }) => id)

t.test(
  'where servers are started elsewhere, a reset returns to the state that management found, with the same clusters',
  async (t) => {
    const hash = (await call('/lab/state-hash')).body
    t.equal((await call('/directory/accounts/bob@contoso.test', 'DELETE')).status, 204)
    t.notSame((await call('/lab/state-hash')).body, hash)
    const legal = (await store.clusters.find('legal')) as ClusterRow
    t.ok(await store.clusters.insertIfAbsent({ ...legal, name: 'sales' }))
    t.match(await call('/lab/reset', 'POST'), {
      status: 409,
      body: { message: /has the clusters legal, root, and here are legal, root, sales: .*Nothing was changed$/ },
    })
    t.equal((await call('/directory/accounts/bob@contoso.test')).status, 404)
    await store.clusters.remove('sales')
    t.match(await call('/lab/reset', 'POST'), { status: 200, body: { nodes: [] } })
    t.same((await call('/lab/state-hash')).body, hash)
  },
)

t.test('the clusters, and the nodes of each', async (t) => {
  t.match(await call('/clusters'), {
    status: 200,
    body: {
      clusters: [
        { name: 'legal', kind: 'licensing', url: 'http://legal.test/_wmcs' },
        { name: 'root', kind: 'root', cryptographicMode: 2 },
      ],
    },
  })
  t.same(await idsOf('root'), [])
  await enter('root-1', '2026-01-01T12:00:00.000Z')
  await enter('legal-1', '2026-01-01T12:00:00.000Z', 'legal')
  t.match(await call('/clusters/root/nodes'), {
    body: { nodes: [{ id: 'root-1', url: 'http://127.0.0.1:1', lastSeen: '2026-01-01T12:00:00.000Z' }] },
  })
  t.equal((await call('/clusters/sales/nodes')).status, 404)
})

t.test(
  'a node that is silent while others speak is given to no balancer; when all are silent, as while the database was away, all are',
  async (t) => {
    await enter('root-2', '2026-01-01T12:00:30.000Z')
    t.same(await idsOf('root'), ['root-1', 'root-2'])
    await enter('root-2', '2026-01-01T12:02:00.000Z')
    t.same(await idsOf('root'), ['root-2'])
    t.same(await idsOf('legal'), ['legal-1'])
    t.match((await call('/status')).body, {
      forest: 'contoso.test',
      clusters: [
        {
          name: 'root',
          nodes: [
            { id: 'root-1', state: 'away' },
            { id: 'root-2', state: 'serving' },
          ],
        },
        { name: 'legal' },
      ],
    })
  },
)

t.test('where nodes say seldom that they live, they are given more time', async (t) => {
  const { configuration } = (await store.clusters.find('root')) ?? {}
  const saved = await store.clusters.saveConfiguration('root', {
    ...(configuration as NonNullable<typeof configuration>),
    configurationRefreshIntervalSeconds: 60,
  })
  t.same(await idsOf('root'), ['root-1', 'root-2'])
  await store.clusters.saveConfiguration('root', {
    ...(saved as NonNullable<typeof saved>),
    configurationRefreshIntervalSeconds: 1,
  })
  t.same(await idsOf('root'), ['root-2'])
})

t.test('a dead node can be taken from the list, a living one is stopped where it runs', async (t) => {
  t.match(await call('/servers/root-2', 'DELETE'), {
    status: 501,
    body: { error: 'NotImplemented', message: /stop the process of root-2 with SIGTERM/ },
  })
  t.match(await call('/servers/root-1', 'DELETE'), { status: 204 })
  t.match(await call('/servers/root-1', 'DELETE'), {
    status: 404,
    body: { message: /There is no server "root-1"; there is .*root-2/ },
  })
  t.same(
    (await store.members.list('root')).map(({ nodeId }) => nodeId),
    ['root-2'],
  )
})

t.test(
  'it is ready when each cluster has a server that says so itself, whatever the database says of it',
  async (t) => {
    let isReady = true
    const server = createServer((_request, response) => void response.writeHead(isReady ? 200 : 503).end())
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const ready = async (): Promise<readonly [number, unknown]> => {
      const answer = await fetch(`${management.url}/readyz`)
      return [answer.status, await answer.json()]
    }
    t.match(await ready(), [
      503,
      { status: 'unable', reason: /^root has no server that is ready .*; legal has no server/ },
    ])
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const known = await store.members.list()
    for (const member of known) await store.members.join({ ...member, url })
    t.match(await ready(), [
      200,
      { status: 'ready', clusters: [{ name: 'root' }, { name: 'legal', ready: ['legal-1'] }] },
    ])
    isReady = false
    t.match(await ready(), [503, { reason: /down, \/readyz answered 503/ }])
    for (const member of known) await store.members.join(member)
  },
)

t.test('a licensing-only cluster without living servers can be removed, when it is known what is lost', async (t) => {
  t.match(await call('/clusters/root?force=true', 'DELETE'), { status: 409, body: { message: /is the root cluster/ } })
  t.match(await call('/clusters/sales?force=true', 'DELETE'), { status: 404 })
  t.match(await call('/clusters/legal', 'DELETE'), {
    status: 409,
    body: { message: /The key of "legal" goes with it/ },
  })
  t.match(await call('/clusters/legal?force=true', 'DELETE'), {
    status: 501,
    body: { message: /stop the processes of legal-1 with SIGTERM/ },
  })
  await store.members.leave('legal-1')
  t.equal((await call('/clusters/legal?force=true', 'DELETE')).status, 204)
  t.equal(await store.clusters.find('legal'), undefined)
})

t.test('every way to say that processes are elsewhere is in the OpenAPI document', async (t) => {
  const { paths } = (await (await fetch(`${management.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: object }>>
  }
  for (const path of ['/clusters', '/clusters/{cluster}/servers', '/servers/{id}/drain', '/servers/{id}/kill'])
    t.hasProp(paths[path]?.['post']?.responses ?? {}, '501', path)
  for (const path of ['/servers/{id}', '/clusters/{cluster}'])
    t.hasProp(paths[path]?.['delete']?.responses ?? {}, '501', path)
  for (const method of ['put', 'delete'])
    t.hasProp(paths['/clusters/{cluster}/extranet']?.[method]?.responses ?? {}, '501', method)
})
