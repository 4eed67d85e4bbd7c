/** A child process of store.test.ts: opens the database named by its argument, races for account keys, and sends the winners. */
import { openStore } from '../../src/cluster/store/open.js'

const store = await openStore(process.argv[2] ?? '')
const winners: string[] = []
for (let account = 0; account < 50; account++) {
  const key = { publicKey: `${process.pid}`, sealedKeyPair: 'v1', created: '2026-01-01T00:00:00.000Z' }
  winners.push((await store.accountKeys.insertIfAbsent('root', `S-${account}`, key)).publicKey)
}
await store.close()
process.send?.(winners)
