/** The balancer as a process of its own. Arguments: URLs of nodes. It tells its URL to who started it when all of them are ready, and ends with it. */
import { startBalancer } from '../src/balancer/balancer.js'

process.on('SIGINT', () => undefined)
process.once('disconnect', () => process.exit(0))
const nodes = process.argv.slice(2).map((url, index) => ({ id: `node-${index + 1}`, url }))
const balancer = await startBalancer({
  clusters: [{ name: 'bench', listeners: [{ name: 'bench', host: '127.0.0.1', port: 0 }], nodes }],
})
await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
process.send?.({ url: balancer.clusters[0]?.listeners[0]?.url })
