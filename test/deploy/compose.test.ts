/** docker-compose.yml is what it says: its services, run as processes in its order, become an installation that grows and shrinks while it serves. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { run } from '../cli/command.js'
import { startPostgres } from '../cluster/postgres.js'
import { inOrder, readComposeFile, type ComposeService } from './compose-file.js'
import { containersOf, type Container } from './containers.js'
import { aMoment, until } from '../fixtures/until.js'

const linuxOnly =
  'Containers are processes with a loopback address of their own here, which Linux has without being told'
if (process.platform !== 'linux') {
  t.plan(0, linuxOnly)
  process.exit(0)
}
t.setTimeout(900_000)

const file = readComposeFile()
const services = inOrder(file.services)
const folder = t.testdir()
const secrets = Object.fromEntries(
  Object.keys(file.secrets).map((name) => {
    const path = join(folder, name)
    writeFileSync(path, `${secretText(name)}\n`)
    return [name, path]
  }),
)
const databasePassword = secretText('database-password')
const token = secretText('management-token')

const server = await startPostgres(t)
const admin = new pg.Client(server.url('postgres'))
await admin.connect()
await admin.query(`create role rms login password '${databasePassword}'`)
await admin.query("create database rms owner rms encoding 'UTF8' template template0")
await admin.end()

const containers = containersOf({ folder, secrets, services, database: `127.0.0.1:${server.port}` })
t.teardown(() => containers.stopAll())
const started = new Map<string, readonly Container[]>()

/** What the text of a URL cannot hold as it is; those that travel in a header have no spaces. */
function secretText(name: string): string {
  const text = `a secret/of the:test@${name}`
  return ['listener-key', 'management-token'].includes(name) ? text.replaceAll(' ', '-') : text
}

function serviceNamed(name: string): ComposeService {
  const found = services.find((service) => service.name === name)
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return found
}

/** As compose does it: after those it depends on are as they should be. */
async function startService(service: ComposeService): Promise<void> {
  for (const [name, condition] of Object.entries(service.dependsOn)) {
    const others = started.get(name) ?? []
    if (condition === 'service_healthy') await Promise.all(others.map((other) => containers.untilHealthy(other)))
    if (condition === 'service_completed_successfully')
      await Promise.all(others.map((other) => containers.untilCompleted(other)))
  }
  started.set(
    service.name,
    Array.from({ length: service.replicas }, () => containers.start(service)),
  )
}

const root = `http://${containers.addressOf('root-balancer')}:7000`
const licensing = `http://${containers.addressOf('licensing-balancer')}:7001`
const management = `http://${containers.addressOf('management')}:7080`
const call = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`${management}${path}`, { method, headers: { authorization: `Bearer ${token}` } })

async function servedBy(url: string, turns: number): Promise<readonly string[]> {
  const seen = new Set<string>()
  for (let turn = 0; turn < turns; turn++)
    seen.add((await fetch(`${url}/_wmcs/licensing/license.asmx`)).headers.get('x-served-by') ?? '')
  return [...seen].toSorted()
}

t.test('every service becomes healthy, in the order of the file', async (t) => {
  for (const service of services) if (service.name !== 'database') await startService(service)
  for (const name of ['management', 'root-balancer', 'licensing-balancer']) {
    for (const container of started.get(name) ?? []) await containers.untilHealthy(container)
  }
  await until(
    async () => (await servedBy(root, 4)).length === 2 && (await servedBy(licensing, 4)).length === 2,
    'both nodes of both clusters serve',
  )
  t.ok((await servedBy(root, 4)).every((id) => /^root-[0-9a-f]{8}$/.test(id)))
})

t.test('started a second time, provisioning changes nothing', async (t) => {
  for (const name of ['provision-root', 'provision-licensing']) {
    const again = containers.start(serviceNamed(name))
    await containers.untilCompleted(again)
    t.match(again.said(), /is there already, at http:\/\/\S+\/_wmcs: nothing was changed/)
  }
})

t.test('the demo passes at both clusters', async (t) => {
  const outcomes = await Promise.all(
    [root, licensing].map((url) => run(['demo', '--json', '--server', `${url}/_wmcs`])),
  )
  for (const outcome of outcomes) t.match(outcome, { code: 0, stdout: /"event":"done","ok":true/ })
})

t.test('a node that is added serves within seconds, one that is stopped leaves; nobody notices', async (t) => {
  const at = { user: 'alice@contoso.test', password }
  const alice = connect({ url: root, ...at })
  const pl = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
  const bob = connect({ url: root, user: 'bob@contoso.test', password })
  const failures: unknown[] = []
  const ended = new AbortController()
  const asking = (async () => {
    for (; !ended.signal.aborted; await aMoment())
      await bob.acquireLicense(pl.text).catch((error: unknown) => failures.push(error))
  })()

  const third = containers.start(serviceNamed('root-node'))
  await containers.untilHealthy(third)
  await until(async () => (await servedBy(root, 6)).length === 3, 'the third node serves')
  const [first] = started.get('root-node') ?? []
  if (first === undefined) throw new Error('There is no node to stop')
  t.equal(await containers.stop(first), 0)
  await until(async () => (await servedBy(root, 6)).length === 2, 'the first node is no longer asked')
  ended.abort()
  await asking
  t.same(failures, [])
  const { nodes } = (await (await call('/clusters/root/nodes')).json()) as { nodes: { id: string }[] }
  t.same(nodes.map(({ id }) => id).toSorted(), await servedBy(root, 4), 'management tells who has joined')
})

t.test('management works on the database, and says of the rest where it is done', async (t) => {
  t.match(await (await call('/status')).json(), {
    forest: 'contoso.test',
    clusters: [
      { name: 'root', kind: 'root', url: `${root}/_wmcs`, nodes: [{ state: 'serving' }, { state: 'serving' }] },
      { name: 'licensing', kind: 'licensing' },
    ],
  })
  t.equal((await fetch(`${management}/clusters/root/nodes`)).status, 401, 'not without the token')
  const [id = ''] = await servedBy(root, 1)
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['POST', '/clusters/root/servers', /rms-emulator node --cluster root/],
    ['DELETE', `/servers/${id}`, /SIGTERM/],
    ['POST', `/servers/${id}/drain`, /balancer/],
    ['POST', `/servers/${id}/kill`, /where it runs/],
  ]
  for (const [method, path, message] of refused) {
    const answer = await call(path, method)
    t.equal(answer.status, 501, path)
    t.match(((await answer.json()) as { message: string }).message, message)
  }
  t.equal((await call('/servers/nobody', 'DELETE')).status, 404)
  const status = await run(['status', '--manage', management, '--json'], {
    environment: { RMS_TOKEN_FILE: secrets['management-token'] ?? '' },
  })
  t.match(status, { code: 0, stdout: /"forest":"contoso.test"/ })
  t.equal((await call('/requests?operation=AcquireLicense&limit=1')).status, 200)
})

t.test('everything ends on SIGTERM, and the nodes have left the member list', async (t) => {
  const all = [...started.values()].flat().filter(({ child }) => child.exitCode === null)
  t.ok(all.length >= 6)
  const codes = await Promise.all(all.map((container) => containers.stop(container)))
  t.same(
    codes,
    all.map(() => 0),
    all.map(({ service }) => service).join(', '),
  )
  await containers.stopAll()
  const client = new pg.Client(server.url('rms'))
  await client.connect()
  t.same((await client.query('select * from member')).rows, [])
  await client.end()
})
