/**
 * A child process of store.test.ts: opens the new database named by its argument, fills it, races for account keys, counts the
 * configuration up, and sends what came out.
 */
import type { ClusterRow } from '../../src/cluster/store/cluster-store.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory } from '../../src/directory/seed.js'

const cluster = JSON.parse(process.argv[3] ?? '') as ClusterRow
const store = await openStore(process.argv[2] ?? '')
const filled = await store.directory.fillIfEmpty(seedDirectory)
await store.clusters.insertIfAbsent(cluster)
const keys: string[] = []
for (let account = 0; account < 50; account++) {
  const key = { publicKey: `${process.pid}`, sealedKeyPair: 'v1', created: '2026-01-01T00:00:00.000Z' }
  keys.push((await store.accountKeys.insertIfAbsent('root', `S-${account}`, key)).publicKey)
}
for (let done = 0; done < 5;) {
  const stored = await store.clusters.find(cluster.name)
  if (
    stored !== undefined &&
    (await store.clusters.saveConfiguration(cluster.name, stored.configuration)) !== undefined
  )
    done++
}
await store.close()
process.send?.({ keys, filled })
