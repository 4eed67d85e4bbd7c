import { join } from 'node:path'
import t from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import type { ClusterKind } from '../../src/cluster/store/cluster-store.js'
import { openStore } from '../../src/cluster/store/open.js'
import { planOf } from '../../src/installation/start-plan.js'

t.test('clusters that were added come back at the ports they had, not in the order of their names', async (t) => {
  const store = await openStore(join(t.testdir(), 'rms.sqlite'))
  t.teardown(() => store.close())
  const kept: readonly (readonly [string, ClusterKind, number])[] = [
    ['root', 'root', 7000],
    ['licensing', 'licensing', 7001],
    ['sales', 'licensing', 7002],
    ['legal', 'licensing', 7003],
  ]
  for (const [name, kind, port] of kept) {
    const configuration = defaultConfiguration({
      serverName: 'lab',
      baseUrl: `http://127.0.0.1:${port}/_wmcs`,
      cryptographicMode: 2,
      slc: ['<XrML/>'],
      trustedSpcCAKeys: [],
      trustedRacIssuers: [],
    })
    await store.clusters.insertIfAbsent({ name, kind, configuration, keySalt: 'c2FsdA==', sealedKeyPair: 'v1:a:b' })
  }
  const portsOf = async (licensing: readonly string[], port = 7000): Promise<object> => {
    const plan = await planOf({
      store,
      root: 1,
      licensing: licensing.map((name) => ({ name, nodes: 1 })),
      extranet: [],
      clusterUrls: [],
      port,
      publicUrl: undefined,
    })
    return Object.fromEntries(plan.map((cluster) => [cluster.name, cluster.port]))
  }
  const asBefore = { root: 7000, licensing: 7001, sales: 7002, legal: 7003 }
  t.same(await portsOf(['licensing']), asBefore)
  t.same(await portsOf([]), asBefore, 'whether it is asked for or not')
  t.same(await portsOf(['finance', 'legal', 'licensing']), { ...asBefore, finance: 7004 }, 'a new one takes a new port')
  t.same(
    await portsOf(['licensing'], 8000),
    { root: 8000, licensing: 8001, sales: 8002, legal: 8003 },
    'elsewhere, and in the order of their ports',
  )
})
