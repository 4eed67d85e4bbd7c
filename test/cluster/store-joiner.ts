/** A child process of store.test.ts: joins as the node named by its second argument, and keeps the database open until it is let go. */
import { openStore } from '../../src/cluster/store/open.js'

const [location = '', nodeId = ''] = process.argv.slice(2)
const store = await openStore(location, { create: false })
await store.members.join({ nodeId, cluster: 'root', url: 'http://x', pid: process.pid, started: '1', lastSeen: '1' })
process.once('disconnect', () => void store.close())
process.send?.('joined')
