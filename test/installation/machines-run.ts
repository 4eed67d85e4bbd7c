/**
 * A root cluster on several machines that share nothing but one PostgreSQL, put together by the commands that a person would type. Run by
 * machines.test.ts, in a network namespace of its own where there can be one. Arguments: the way, and a folder. Prints what happened as JSON.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword } from '../../src/directory/seed.js'
import { until } from '../fixtures/until.js'
import { startPostgres } from '../cluster/postgres.js'
import { createMachine, layBridge, network, ownAddress, type Machine, type Server, type Way } from './machines.js'
import { licenseRequests, startOpenLoop, type OpenLoop } from './open-loop.js'

export interface MachinesResult {
  readonly provisioned: number | null
  readonly members: readonly { readonly nodeId: string; readonly address: string }[]
  readonly opened: string
  /** Who answered: with two nodes, after one was killed, with a third one in its place. */
  readonly served: readonly (readonly string[])[]
  readonly licenses: number
  readonly failures: readonly string[]
  readonly missing: readonly string[]
  readonly left: readonly string[]
}

const [way, folder = ''] = process.argv.slice(2) as [Way, string?]
const rate = 10
const endings: (() => unknown)[] = []
try {
  process.stdout.write(`${JSON.stringify(await runMachines())}\n`)
} finally {
  for (const end of endings.toReversed()) await end()
}

async function runMachines(): Promise<MachinesResult> {
  if (way === 'network namespaces') layBridge()
  const lan = way === 'network namespaces' ? { address: ownAddress[way], network } : undefined
  const server = await startPostgres({ teardown: (end) => void endings.push(end) }, { lan })
  const database = new URL(await server.newDatabase())
  database.hostname = ownAddress[way]
  const environment = { ...process.env, RMS_DB: database.href, RMS_KEY_PASSWORD: 'of the cluster' }
  const [front, first, second] = [2, 3, 4].map((number) => machine(number, environment)) as [Machine, Machine, Machine]

  const nodes = join(front.folder, 'nodes.json')
  const list = (...entries: readonly Server[]): void => {
    const named = entries.map(({ ready }) => ({ id: ready['id'], url: ready['url'] }))
    writeFileSync(
      nodes,
      JSON.stringify({
        clusters: [{ name: 'root', listeners: [{ name: 'intranet', host: front.address, port: 0 }], nodes: named }],
      }),
    )
  }
  list()
  const balancer = await start(front, ['balancer', '--nodes', nodes])
  const publicUrl =
    (balancer.ready['clusters'] as readonly { readonly listeners: readonly { readonly url: string }[] }[])[0]
      ?.listeners[0]?.url ?? ''
  const url = `${publicUrl}/_wmcs`
  const provisioned = first.run(['provision', 'root', '--cluster', 'root', '--public-url', publicUrl])
  if (provisioned.code !== 0) throw new Error(provisioned.stderr)
  const join1 = await start(first, [
    'node',
    '--cluster',
    'root',
    '--id',
    'first',
    '--host',
    first.address,
    '--data',
    first.folder,
  ])
  const join2 = await start(second, [
    'node',
    '--cluster',
    'root',
    '--id',
    'second',
    '--host',
    second.address,
    '--data',
    second.folder,
  ])
  list(join1, join2)
  balancer.signal('HUP')

  const opened = await openAt(url)
  const loop = startOpenLoop(url, await licenseRequests(url), rate)
  endings.push(() => loop.stop())
  const served = [await seen(loop, 2)]
  const store = await openStore(database.href)
  endings.push(() => store.close())
  const members = (await store.members.list()).map(({ nodeId, url: at }) => ({ nodeId, address: new URL(at).hostname }))

  join2.signal('KILL')
  await join2.ended
  served.push(await seen(loop, 1))
  const join3 = await start(second, [
    'node',
    '--cluster',
    'root',
    '--id',
    'third',
    '--host',
    second.address,
    '--data',
    second.folder,
  ])
  list(join1, join3)
  balancer.signal('HUP')
  served.push(await seen(loop, 2))
  await loop.stop()

  const answers = loop.answers.flatMap((answer) => answer ?? [])
  const licenses = answers.flatMap(({ license }) => license ?? [])
  const records = await store.requestLog.query({ requestType: 'AcquireLicense', limit: 10_000 })
  const logged = records.flatMap(
    ({ metadata }) => (JSON.parse(metadata) as { readonly issued?: readonly string[] }).issued ?? [],
  )
  const missing = licenses.filter((guid) => logged.filter((one) => one === guid).length !== 1)
  join3.signal('TERM')
  await join3.ended
  const left = (await store.members.list()).map(({ nodeId }) => nodeId)
  const failures = answers.flatMap(({ failure }) => failure ?? [])
  return { provisioned: provisioned.code, members, opened, served, licenses: licenses.length, failures, missing, left }
}

function machine(number: number, environment: NodeJS.ProcessEnv): Machine {
  const made = createMachine(way, number, folder, environment)
  endings.push(() => made.close())
  return made
}

async function start(on: Machine, args: readonly string[]): Promise<Server> {
  const server = await on.start([...args, '--json', '--log-level', 'warn'])
  endings.push(async () => {
    server.signal('KILL')
    await server.ended
  })
  return server
}

async function openAt(url: string): Promise<string> {
  const clientOf = (user: string) => connect({ url, user: `CONTOSO\\${user}`, password: seedPassword })
  await until(
    async () => (await fetch(`${url}/licensing/license.asmx`)).status === 200,
    'the balancer has read its list',
  )
  const file = await clientOf('alice').protectFile(Buffer.from('figures'), '.txt', {
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  })
  return (await clientOf('bob').openFile(file)).plain.toString()
}

/** Who answers from now on: looked at over as many requests as so many nodes would share several times. */
async function seen(loop: OpenLoop, count: number): Promise<readonly string[]> {
  const from = loop.answers.length
  const who = (): readonly string[] =>
    [...new Set(loop.answers.slice(from).flatMap((answer) => answer?.node ?? []))].toSorted()
  await until(
    () => loop.answers.slice(from).filter((answer) => answer !== undefined).length >= 20 && who().length >= count,
    `${count} nodes answer`,
  )
  return who()
}
