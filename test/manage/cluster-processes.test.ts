/** Servers that are added and never take requests: they are gone again, and whoever asked is told. */
import { pino } from 'pino'
import t from 'tap'
import { provisionRoot } from '../../src/cluster/provision.js'
import { openStore } from '../../src/cluster/store/open.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import type { BalancerProcess } from '../../src/manage/balancer-process.js'
import { ChildFailed } from '../../src/manage/child.js'
import { createClusterProcesses } from '../../src/manage/cluster-processes.js'
import { until } from '../fixtures/until.js'
import { sharedDatabase } from '../cluster/postgres.js'

t.setTimeout(280_000)

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
  let found = Promise.resolve()
  let told: readonly string[] = []
  const balancer: BalancerProcess = {
    url: 'http://127.0.0.1:1',
    extranetUrl: () => undefined,
    openExtranet: async () => undefined,
    closeExtranet: async () => undefined,
    pid: () => 0,
    setNodes: async (nodes) => {
      told = nodes.map(({ id }) => id)
    },
    drain: async () => undefined,
    resume: async () => undefined,
    waitUntilReady: async (ids) => {
      t.same(told, ids, 'it knows of the server')
      await found
      if (isBlind) throw new ChildFailed(`The balancer of root did not find ${ids.join(', ')} ready within 30 s`)
    },
    states: async () => new Map(),
    stop: async () => undefined,
  }
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
    [cluster.size(), cluster.status().nodes, told, await store.members.list()],
    [0, [], [], []],
    'nothing of it is left',
  )

  isBlind = false
  const [added] = await cluster.addServers(1)
  t.match(added, { id: 'root-2', state: 'serving' })
  t.same([told, (await store.members.list()).map(({ nodeId }) => nodeId)], [['root-2'], ['root-2']])

  let find = (): void => undefined
  found = new Promise((resolve) => {
    find = resolve
  })
  cluster.kill('root-2')
  const node = () => cluster.status().nodes[0]
  await until(() => node()?.pid !== 0 && node()?.pid !== added?.pid, 'it is started again')
  t.equal(node()?.state, 'starting', 'who reads the status is not told that it serves before it is given requests')
  find()
  await until(() => node()?.state === 'serving', 'it serves')
})
