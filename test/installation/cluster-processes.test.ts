/** Servers that are added and never take requests: they are gone again, and whoever asked is told. */
import { pino } from 'pino'
import t from 'tap'
import { provisionRoot } from '../../src/cluster/provision.js'
import { openStore } from '../../src/cluster/store/open.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import { NoAnswer, type BalancerProcess, type SeenNode } from '../../src/installation/balancer-process.js'
import { ChildFailed } from '../../src/installation/child.js'
import { createClusterProcesses } from '../../src/installation/cluster-processes.js'
import { followJoinedNodes } from '../../src/installation/joined-nodes.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'
import { sharedDatabase } from '../cluster/postgres.js'

t.setTimeout(900_000)

function balancerWith(own: Partial<BalancerProcess>): BalancerProcess {
  return {
    url: 'http://127.0.0.1:1',
    extranetUrl: () => undefined,
    openExtranet: async () => undefined,
    closeExtranet: async () => undefined,
    pid: () => 0,
    setNodes: async () => undefined,
    drain: async () => undefined,
    resume: async () => undefined,
    waitUntilReady: async () => undefined,
    statusUrl: () => '',
    nodes: async () => [],
    stop: async () => undefined,
    ...own,
  }
}

t.test('a server that the balancer does not find ready is taken back, one that it does stays', async (t) => {
  const database = await sharedDatabase(t)
  const store = await openStore(database)
  t.teardown(store.close)
  const keyPassword = 'lab-key-password'
  await provisionRoot(
    store,
    { name: 'root', baseUrl: 'http://127.0.0.1:1/_wmcs', keyPassword, mode: 2 },
    { clock: systemClock, random: systemRandom },
  )
  let isBlind = true
  let failure = ''
  let state: SeenNode['state'] = 'ready'
  let list: readonly { readonly id: string; readonly url: string }[] = []
  const told = (): readonly string[] => list.map(({ id }) => id)
  const counters = { requests: 9, answers: [0, 0, 5, 0, 1, 1], failures: 2, movedAway: 2, checks: 3, failedChecks: 0 }
  const balancer = balancerWith({
    setNodes: async (nodes) => {
      list = nodes
    },
    waitUntilReady: async (ids) => {
      t.same(told(), ids, 'it knows of the server')
      if (isBlind) throw new ChildFailed(`The balancer of root did not find ${ids.join(', ')} ready within 30 s`)
    },
    nodes: async () => {
      if (failure !== '') throw new NoAnswer(failure)
      return list.map((node) => ({ ...node, state, reason: 'as it sees it', since: '', running: 1, counters }))
    },
  })
  const secrets = { RMS_DB: database, RMS_KEY_PASSWORD: keyPassword }
  const shared = { name: 'root', kind: 'root', url: '', balancer, flags: ['--log-level', 'warn'], secrets } as const
  const cluster = createClusterProcesses({
    ...shared,
    restart: true,
    log: pino({ level: 'silent' }),
    onLine: () => undefined,
    clock: systemClock,
    timers: systemTimers,
  })
  t.teardown(() => cluster.stop())
  await t.rejects(cluster.addServers(1), { name: 'ChildFailed', message: /did not find root-1 ready within 30 s/ })
  t.same(
    [cluster.size(), (await cluster.status()).nodes, told(), await store.members.list()],
    [0, [], [], []],
    'nothing of it is left',
  )

  isBlind = false
  const [added] = await cluster.addServers(1)
  t.match(added, { id: 'root-2', state: 'serving' })
  t.same([told(), (await store.members.list()).map(({ nodeId }) => nodeId)], [['root-2'], ['root-2']])

  state = 'unknown'
  await cluster.kill('root-2')
  const node = async () => (await cluster.status()).nodes[0]
  await until(async () => (await node())?.state === 'away', 'its process has ended')
  t.match((await node())?.reason, /^its process ended with signal SIGKILL; it is being started again$/)
  await until(async () => (await node())?.state !== 'away', 'it is started again')
  t.match(await node(), { state: 'starting', pid: Number }, 'not before its balancer gives it requests')
  t.not((await node())?.pid, added?.pid)
  for (const [seen, wanted] of [
    ['ready', 'serving'],
    ['draining', 'draining'],
    ['down', 'down'],
  ] as const) {
    state = seen
    t.match(await node(), { state: wanted, reason: 'as it sees it', requests: { running: 1, answered: 7, failed: 2 } })
  }
  failure = 'did not answer within 3000 ms'
  t.match(await node(), { state: 'down', reason: 'its balancer did not answer within 3000 ms' })
  list = []
  failure = ''
  t.match(await node(), { state: 'starting', reason: 'its balancer does not know it yet' })
})

t.test(
  'nodes that joined are told to the balancer again until it has heard, whatever another balancer does',
  async (t) => {
    const store = await openStore(':memory:')
    t.teardown(store.close)
    const clock = testClock()
    const log = pino({ level: 'silent' })
    let isDeaf = true
    const told = new Map<string, readonly string[]>()
    const clusters = ['root', 'legal'].map((name) => {
      const balancer = balancerWith({
        setNodes: async (nodes) => {
          if (name === 'root' && isDeaf) throw new Error('The balancer of root refused /nodes')
          told.set(name, [...(told.get(name) ?? []), nodes.map(({ id }) => id).join()])
        },
      })
      const shared = { name, kind: 'root', url: '', balancer, flags: [], secrets: {}, restart: false } as const
      return createClusterProcesses({ ...shared, log, onLine: () => undefined, clock, timers: clock })
    })
    let lists = 0
    const list = async () => {
      const members = await store.members.list()
      lists++
      return members
    }
    const watched = { ...store, members: { ...store.members, list } }
    const stop = followJoinedNodes({ store: watched, clusters: () => clusters, timers: clock, log })
    t.teardown(stop)
    const lookedUntil = (isSo: () => boolean, told: string): Promise<void> =>
      until(async () => {
        await clock.advance(1000)
        return isSo()
      }, told)
    await lookedUntil(() => lists > 0, 'it has looked before they join')
    const lastSeen = clock.now().toISOString()
    for (const { name } of clusters)
      await store.members.join({ nodeId: `${name}-x`, cluster: name, url: 'http://h:1', pid: 1, started: '', lastSeen })
    await lookedUntil(() => told.has('legal'), 'one balancer is deaf, the other one hears')
    t.notOk(told.has('root'))
    isDeaf = false
    await lookedUntil(() => told.has('root'), 'it hears when it can')
    const before = lists
    await lookedUntil(() => lists > before + 1, 'another look')
    t.same(Object.fromEntries(told), { legal: ['legal-x'], root: ['root-x'] })
  },
)
