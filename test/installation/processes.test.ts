/** An installation of real processes: two clusters behind balancers, servers that come, go and die, and nothing that outlives `up`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  acquireLicense,
  connect,
  labTrustRoot,
  readPlChain,
  readyMachine,
  type RmsClient,
} from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import type { ClusterStatus, InstallationStatus, NodeStatus } from '../../src/index.js'
import { isOnPostgres, sharedDatabase } from '../cluster/postgres.js'
import {
  childrenOf,
  isAlive,
  jsonLines,
  main,
  outcome,
  printedCommands,
  run,
  startUp,
  type Outcome,
  type RunningUp,
} from '../cli/command.js'
import { until } from '../fixtures/until.js'

t.setTimeout(900_000)

const temporary = t.testdir()
const environment = { TMPDIR: temporary }
const data = join(t.testdirName, 'lab')
const database = await sharedDatabase(t)
const lab = await startUp(
  ['--root', '2', '--licensing', 'licensing=2', '--data', data, '--db', database, '--log-level', 'warn'],
  { environment },
)
t.teardown(async () => void (await lab.stop()))
const manage = lab.ready.manage

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
const content = Buffer.from('figures')
const clientAt = (url: string, user: string): RmsClient =>
  connect({ url, user: `CONTOSO\\${user}`, password, machine: readyMachine('alice-pc-mode2') })

/** A command on the installation; it finds the token by itself. */
const command = (...args: string[]): Promise<Outcome> => run([...args, '--manage', manage], { environment })

async function call(method: string, path: string): Promise<Response> {
  return fetch(`${manage}${path}`, { method, headers: { authorization: `Bearer ${lab.ready.token}` } })
}

async function clusterNamed(name: string): Promise<ClusterStatus> {
  const { clusters } = (await (await call('GET', '/status')).json()) as InstallationStatus
  const found = clusters.find((cluster) => cluster.name === name)
  if (found === undefined) throw new Error(`There is no cluster ${name}`)
  return found
}

/** Which nodes answer at this address, in a few turns. */
async function servers(url: string, turns: number): Promise<readonly string[]> {
  const seen = new Set<string>()
  for (let turn = 0; turn < turns; turn++)
    seen.add((await fetch(`${url}/licensing/license.asmx`)).headers.get('x-served-by') ?? '')
  return [...seen].toSorted()
}

/** The node is asked directly; its license is verified, and the request log names it. */
async function licensesOf(cluster: string, id: string): Promise<unknown> {
  const { url, nodes } = await clusterNamed(cluster)
  const pl = await clientAt(url, 'alice').publish(forBob)
  const { account } = await clientAt(url, 'bob').bootstrap()
  await acquireLicense(
    context,
    `${nodes.find((node) => node.id === id)?.url}/_wmcs/licensing`,
    account.chain,
    readPlChain(pl.text),
  )
  return (await call('GET', `/requests/count?operation=AcquireLicense&node=${id}`)).json()
}

const context = {
  credentials: { user: 'CONTOSO\\bob', password },
  trustRoots: [labTrustRoot(2)],
  clock: systemClock,
  random: systemRandom,
}
const [rootUrl, licensingUrl] = lab.ready.clusters.map(({ url }) => url) as [string, string]

t.test('both clusters serve through their balancers, and keep to themselves what was published for them', async (t) => {
  t.match(lab.ready, {
    forest: 'contoso.test',
    token: /^\S{20,}$/,
    clusters: [
      { name: 'root', kind: 'root' },
      { name: 'licensing', kind: 'licensing' },
    ],
  })
  t.same(
    lab.ready.clusters.map(({ nodes }) => nodes.map(({ id }) => id)),
    [
      ['root-1', 'root-2'],
      ['licensing-1', 'licensing-2'],
    ],
  )
  t.same(await servers(rootUrl, 4), ['root-1', 'root-2'])
  t.same(await servers(licensingUrl, 4), ['licensing-1', 'licensing-2'])
  const atRoot = { alice: clientAt(rootUrl, 'alice'), bob: clientAt(rootUrl, 'bob') }
  const atLicensing = { alice: clientAt(licensingUrl, 'alice'), bob: clientAt(licensingUrl, 'bob') }
  const [mine, theirs] = await Promise.all([
    atRoot.alice.protectFile(content, '.txt', forBob),
    atLicensing.alice.protectFile(content, '.txt', forBob),
  ])
  t.same((await atRoot.bob.openFile(mine)).plain, content)
  t.same((await atLicensing.bob.openFile(theirs)).plain, content)
  t.equal(
    (await atLicensing.alice.locations()).certificationUrl,
    `${rootUrl}/certification`,
    'accounts are certified at the root',
  )
  const pl = await atLicensing.alice.publish(forBob)
  const { account } = await atRoot.bob.bootstrap()
  const asked = acquireLicense(context, `${rootUrl}/licensing`, account.chain, readPlChain(pl.text))
  await t.rejects(
    asked,
    { exceptionName: /RightsLabelNoMatchingIssuedPrincipalException$/ } as unknown as Error,
    'the root does not open it',
  )
})

t.test('servers join, a cluster is added, servers leave: each by one command, each serves', async (t) => {
  const [root, licensing, legal] = [
    await command('add-server', 'root', '--json'),
    await command('add-server', 'licensing'),
    await command('add-cluster', 'legal', '--enrollment', 'root'),
  ]
  t.match(root, { code: 0, stderr: '' })
  t.match(jsonLines(root), [{ event: 'added', cluster: 'root', id: 'root-3' }])
  t.match(licensing, { code: 0, stdout: /^licensing-3 serves in the cluster licensing since now/ })
  t.same(await servers(rootUrl, 6), ['root-1', 'root-2', 'root-3'])
  t.same(await servers(licensingUrl, 6), ['licensing-1', 'licensing-2', 'licensing-3'])
  t.same(await licensesOf('root', 'root-3'), { count: 1 }, 'a root server that joined')
  t.same(await licensesOf('licensing', 'licensing-3'), { count: 1 }, 'a licensing server that joined')
  t.match(legal, { code: 1, stderr: /\S/ }, 'nobody was granted SubEnroll')
  t.notMatch(legal.stderr, /\n\s+at /)

  t.match(await command('add-cluster', 'legal'), { code: 0, stdout: /^cluster +legal/ })
  t.same(await licensesOf('legal', 'legal-1'), { count: 1 }, 'a standalone licensing server')
  const { url } = await clusterNamed('legal')
  const [alice, bob] = [clientAt(url, 'alice'), clientAt(url, 'bob')]
  t.same((await bob.openFile(await alice.protectFile(content, '.txt', forBob))).plain, content)

  await t.test('what is refused, and why', async (t) => {
    t.match(await command('add-server', 'sales'), {
      code: 1,
      stderr: /There is no cluster "sales"; there are root, licensing, legal/,
    })
    t.match(await command('add-cluster', 'legal'), { code: 1, stderr: /There is a cluster "legal" already/ })
    t.match(await command('add-cluster', 'Legal'), { code: 1, stderr: /There is a cluster "legal" already/ })
    t.match(await command('add-cluster', 'bad/name'), { code: 2, stderr: /The name may have letters, digits, dots/ })
    t.match(await command('remove-server', 'sales-1'), { code: 1, stderr: /There is no server "sales-1"/ })
    t.match(await command('remove-server', 'legal-1'), {
      code: 1,
      stderr: /legal-1 is the last server of the cluster "legal".*--force/,
    })
  })
  t.match(await command('remove-server', 'legal-1', '--force'), { code: 0 })
  t.match(await command('remove-server', 'root-1'), { code: 0, stdout: /^root-1 has finished/ })
  t.match(await command('remove-server', 'root-2'), { code: 0 })
  t.match(await command('remove-server', 'root-3'), {
    code: 1,
    stderr: /root-3 is the last server of the root cluster/,
  })
  t.equal((await call('DELETE', '/servers/root-3?force=true')).status, 409, 'the last root node not even with force')
  t.same(await servers(rootUrl, 4), ['root-3'])
  const store = await openStore(database)
  t.same(
    (await store.members.list()).map(({ nodeId }) => nodeId).toSorted(),
    ['licensing-1', 'licensing-2', 'licensing-3', 'root-3'],
    'the member list',
  )
  await store.close()
})

t.test('a node that is killed under requests: none fails, and it comes back', async (t) => {
  const [alice, bob] = [clientAt(licensingUrl, 'alice'), clientAt(licensingUrl, 'bob')]
  const pl = await alice.publish(forBob)
  await bob.acquireLicense(pl.text)
  const failures: unknown[] = []
  let licenses = 0
  const ended = new AbortController()
  const ask = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await bob.acquireLicense(pl.text).then(
        () => licenses++,
        (error: unknown) => failures.push(error),
      )
    }
  }
  const asking = [ask(), ask(), ask()]
  await until(() => licenses > 20, 'licenses before the kill')
  const before = (await clusterNamed('licensing')).nodes.find(({ id }) => id === 'licensing-2')
  t.equal((await call('POST', '/servers/licensing-2/kill')).status, 204)
  const isBack = async (): Promise<boolean> => {
    const now = (await clusterNamed('licensing')).nodes.find(({ id }) => id === 'licensing-2')
    return (
      now?.state === 'serving' && now.pid !== before?.pid && (await servers(licensingUrl, 3)).includes('licensing-2')
    )
  }
  await until(isBack, 'the killed node serves again')
  ended.abort()
  await Promise.all(asking)
  t.same(failures, [])
  t.notOk(isAlive(before?.pid ?? 0))
  const logged = (await (await call('GET', '/requests/count?operation=AcquireLicense')).json()) as { count?: number }
  t.ok(Number(logged.count) >= licenses, `all ${licenses} licenses are in the request log (${JSON.stringify(logged)})`)
})

t.test('a node by hand: what it was told wrongly, it says, and changes nothing', async (t) => {
  const db = ['--db', database]
  const members = async (): Promise<unknown> =>
    (await clusterNamed('root')).nodes.map(({ id, pid, state }) => [id, pid, state])
  const before = await members()
  t.match(await run(['node', '--cluster', 'root', ...db, '--key-password', 'wrong']), {
    code: 1,
    stdout: '',
    stderr: /cluster key password is wrong/,
  })
  t.match(await run(['node', '--cluster', 'sales', ...db]), {
    code: 1,
    stdout: '',
    stderr: /There is no cluster "sales" in this database; it has legal, licensing, root/,
  })
  t.match(await run(['provision', 'root', '--cluster', 'second', '--public-url', 'http://b', ...db]), {
    code: 1,
    stderr: /The forest has the root cluster "root" already/,
  })
  t.same(await members(), before)
})

t.test(
  'a server that joins by hand serves behind the balancer of its cluster, is shown, and leaves again',
  async (t) => {
    const args = ['node', '--json', '--cluster', 'root', '--id', 'by-hand', '--db', database, '--leave-time', '1']
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = outcome(child)
    const stateOf = async () => (await clusterNamed('root')).nodes.find(({ id }) => id === 'by-hand')?.state
    await until(async () => (await stateOf()) === 'serving', 'status shows it')
    await until(async () => (await servers(rootUrl, 2)).includes('by-hand'), 'the balancer knows it')
    t.match(await command('remove-server', 'by-hand'), {
      code: 1,
      stderr: /by-hand was started by hand: stop its process/,
    })
    child.kill('SIGTERM')
    t.match(await ended, { code: 0, signal: null })
    await until(async () => (await stateOf()) === undefined, 'it has left')
    t.notOk((await servers(rootUrl, 4)).includes('by-hand'))
  },
)

// The database has no part in these: they run once.
if (!isOnPostgres) {
  t.test('a server that hangs is shown so, and one that is drained, and a cluster without servers', async (t) => {
    const stateOf = async (id: string): Promise<NodeStatus | undefined> =>
      (await clusterNamed('licensing')).nodes.find((node) => node.id === id)
    const { pid = 0 } = (await stateOf('licensing-3')) ?? {}
    process.kill(pid, 'SIGSTOP')
    try {
      await until(async () => (await stateOf('licensing-3'))?.state === 'down', 'status says that it is down')
      t.match(await stateOf('licensing-3'), { pid, reason: '/readyz did not answer within 2000 ms', since: /Z$/ })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await until(async () => (await stateOf('licensing-3'))?.state === 'serving', 'it serves again')
    const { requests } = (await stateOf('licensing-3')) ?? {}
    t.ok((requests?.answered ?? 0) > 0, 'what it has answered')
    t.match(requests, { running: Number, failed: Number })

    t.equal((await fetch(`${manage}/readyz`)).status, 503, 'the last server of a cluster was removed')
    t.match(await command('lab', 'server', 'pause', 'licensing-3'), { code: 0, stdout: 'licensing-3: paused.\n' })
    const paused = await servers(licensingUrl, 6)
    t.same(paused, ['licensing-1', 'licensing-2'], 'nobody fails, and what waited at it went to another one')
    t.equal((await stateOf('licensing-3'))?.state, 'down')
    t.match(await command('lab', 'server', 'resume', 'licensing-3'), { stdout: 'licensing-3 is as in a product.\n' })
    await until(async () => (await stateOf('licensing-3'))?.state === 'serving', 'it serves again')

    t.equal((await call('POST', '/servers/licensing-3/drain')).status, 200)
    t.match(await stateOf('licensing-3'), { state: 'draining', reason: 'asked to drain' })
    t.match(await (await call('POST', '/servers/licensing-3/resume')).json(), { state: 'serving' })
    const { balancer, configurationVersion, decommissioned } = await clusterNamed('licensing')
    t.match(await (await fetch(`${balancer?.url}/status`)).json(), { clusters: [{ name: 'licensing' }] })
    t.match([balancer?.state, decommissioned], ['serving', false])
    t.type(configurationVersion, 'number')
    t.same((await clusterNamed('legal')).nodes, [], 'its last server was removed, and it stays')
  })

  t.test('a server is drained and resumed', async (t) => {
    t.match(await command('drain', 'licensing-2'), {
      code: 0,
      stdout: new RegExp(`until npx rms-emulator resume licensing-2 --manage ${manage}\n`),
      stderr: '',
    })
    t.notOk((await servers(licensingUrl, 4)).includes('licensing-2'))
    const before = (await clusterNamed('licensing')).balancer?.pid ?? 0
    process.kill(before, 'SIGKILL')
    const drainsAgain = async (): Promise<boolean> => {
      const { balancer, nodes } = await clusterNamed('licensing')
      return balancer?.pid !== before && nodes.find(({ id }) => id === 'licensing-2')?.state === 'draining'
    }
    await until(drainsAgain, 'a balancer that was started again is told')
    t.match(jsonLines(await command('resume', 'licensing-2', '--json')), [{ event: 'resumed', state: 'serving' }])
    await until(async () => (await servers(licensingUrl, 3)).includes('licensing-2'), 'it is given requests again')
  })
}

t.test('a cluster that the root does not admit tells the command that helps, and it does', async (t) => {
  const refused = await command('add-cluster', 'enrolled', '--enrollment', 'root')
  const [told = []] = printedCommands(refused.stderr)
  t.same(told, ['admit', 'subenrollservice', 'CONTOSO\\rms-service', '--manage', manage], refused.stderr)
  t.match(await run(told, { environment }), {
    code: 0,
    stdout: /subenrollservice\.asmx of root admits CONTOSO\\rms-service/,
  })
  await until(
    async () => (await command('add-cluster', 'enrolled', '--enrollment', 'root')).code === 0,
    'the nodes of the root know it, and the cluster is there',
  )
  t.match(await command('revoke', ...told.slice(1, 3)), { code: 0, stdout: /admits nobody/ })
  t.match(await command('drain', 'enrolled-1'), {
    code: 0,
    stderr: /^No server of the cluster enrolled takes requests now: its clients get HTTP 503$/m,
  })
  t.match(await command('remove-server', 'enrolled-1', '--force'), { code: 0 })
  const { url } = await clusterNamed('enrolled')
  t.match(await command('remove-cluster', 'enrolled'), { code: 1, stderr: /The key of "enrolled" goes with it/ })
  t.match(await command('remove-cluster', 'root', '--force'), { code: 1, stderr: /"root" is the root cluster/ })
  t.match(await command('remove-cluster', 'enrolled', '--force'), {
    code: 0,
    stdout: /^The cluster enrolled .* is gone/,
  })
  t.equal(await clusterNamed('enrolled').catch(() => undefined), undefined)
  await t.rejects(fetch(url), 'nobody listens for it')
})

t.test('SIGKILL of up leaves no process', async (t) => {
  const pids = childrenOf(lab.child.pid ?? 0)
  t.ok(pids.length >= 7, `three balancers, four nodes: ${pids.length}`)
  await lab.stop('SIGKILL')
  await until(() => !pids.some(isAlive), 'all processes have ended')
  const again = await startUp(
    ['--root', '1', '--licensing', 'licensing=1', '--data', data, '--db', database, '--log-level', 'warn'],
    { environment },
  )
  t.same(
    again.ready.clusters.map(({ name, nodes }) => [name, nodes.length]),
    [
      ['root', 1],
      ['licensing', 1],
      ['legal', 1],
    ],
    'what was added comes back, and what was removed does not',
  )
  const { certificationUrl } = await clientAt(again.url, 'carol').locations()
  t.equal(certificationUrl, `${again.url}/certification`, 'at its address of now')
  await resetAfterChanges(t, again)
  t.same(await again.stop(), { code: 0, signal: null })
})

/** To the state of the first start, with the servers and at the addresses of this one. */
async function resetAfterChanges(t: Test, { ready: { manage, token, clusters } }: RunningUp): Promise<void> {
  const call = (method: string, path: string): Promise<Response> =>
    fetch(`${manage}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
  const command = (...args: string[]): Promise<Outcome> => run([...args, '--manage', manage], { environment })
  const servers = async (): Promise<readonly object[]> => {
    const status = (await (await call('GET', '/status')).json()) as InstallationStatus
    return status.clusters.map(({ name, url, extranetUrl, nodes }) => ({
      name,
      url,
      outside: extranetUrl !== undefined,
      nodes: nodes.map(({ id, state }) => `${id} ${state}`),
    }))
  }
  const reset = async (): Promise<void> => {
    const told = await command('lab', 'reset', '--json')
    const nodes = ['licensing-1', 'root-1'].map((node) => ({ node, reached: true }))
    t.match(jsonLines(told), [{ event: 'reset', nodes }], told.stderr)
  }
  const [rootUrl = '', licensingUrl = ''] = clusters.map(({ url }) => url)
  const atStart = [
    { name: 'root', url: rootUrl, outside: false, nodes: ['root-1 serving'] },
    { name: 'licensing', url: licensingUrl, outside: false, nodes: ['licensing-1 serving'] },
  ]
  await reset()
  t.same(await servers(), atStart, 'clusters that were added to the first start are gone')
  const { stdout: hash } = await command('lab', 'state-hash')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const connections = new Set<unknown>()
  const ask = async (): Promise<void> => {
    const asked = request(`${rootUrl}/licensing/license.asmx`, { agent }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    connections.add(answer.socket)
    t.equal(answer.statusCode, 200)
    await once(answer.resume(), 'end')
  }
  await ask()
  const before = await clientAt(licensingUrl, 'alice').protectFile(content, '.txt', forBob)
  for (const args of [
    ['add-server', 'root'],
    ['add-server', 'root'],
    ['drain', 'root-2'],
    ['remove-server', 'root-1'],
    ['add-extranet', 'root'],
    ['add-cluster', 'passing'],
    ['remove-cluster', 'licensing', '--force'],
  ])
    t.match(await command(...args), { code: 0 }, args.join(' '))
  t.equal((await call('POST', '/servers/root-3/kill')).status, 204)
  t.equal((await call('DELETE', '/directory/accounts/bob@contoso.test')).status, 204)
  t.equal((await call('DELETE', '/forest/scp?force=true')).status, 204)
  await reset()
  t.same(await servers(), atStart)
  t.equal((await command('lab', 'state-hash')).stdout, hash)
  await ask()
  t.equal(connections.size, 1)
  t.same((await clientAt(licensingUrl, 'bob').openFile(before)).plain, content, 'its key is back, too')
}
