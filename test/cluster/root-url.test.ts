/** Where nodes are reached, and where they reach the root, when that is not as clients see it: containers, several machines. */
import { hostname } from 'node:os'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { provisionLicensing } from '../../src/cluster/provision.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { startNode } from '../../src/node/start.js'
import { sharedDatabase } from './postgres.js'

const keyPassword = 'lab-key-password'
const database = await sharedDatabase(t)
const seen = await startNode({ database })
const behind = await startNode({ database, provision: false, nodeId: 'root-2' })
const { store } = seen.context
const members = async (cluster: string) =>
  Object.fromEntries((await store.members.list(cluster)).map(({ nodeId, url }) => [nodeId, url]))
t.teardown(async () => {
  await behind.close()
  await seen.close()
})

t.test(
  'a licensing-only node asks the root where it was told; clients are sent to the public address all the same',
  async (t) => {
    await provisionLicensing(
      store,
      { name: 'legal', baseUrl: 'http://127.0.0.1:1/_wmcs', keyPassword },
      { clock, random },
    )
    const legal = await startNode({ database, cluster: 'legal', rootUrl: behind.url })
    t.teardown(() => legal.close())
    const alice = connect({ url: legal.baseUrl, user: 'alice@contoso.test', password })
    t.equal((await alice.locations()).certificationUrl, `${seen.baseUrl}/certification`)
    const { text } = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
    const [result] = await alice.acquirePreLicense(text, ['bob@contoso.test'])
    t.ok(result?.license)
    t.match(await store.requestLog.query({ requestType: 'Precertify', limit: 10 }), [{ hostMachineName: 'root-2' }])
  },
)

t.test(
  'the member list has the address that a node was told, or the name of the machine for a node that listens everywhere',
  async (t) => {
    const told = await startNode({
      database,
      provision: false,
      nodeId: 'told',
      ownUrl: 'http://node.contoso.test:8080',
    })
    const everywhere = await startNode({ database, provision: false, nodeId: 'everywhere', host: '0.0.0.0' })
    const { port } = new URL(everywhere.url)
    t.match(await members('root'), {
      'root-1': seen.url,
      told: 'http://node.contoso.test:8080',
      everywhere: `http://${hostname()}:${port}`,
    })
    await everywhere.close()
    await told.close()
  },
)
