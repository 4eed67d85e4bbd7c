/** A node that computes with private keys on threads beside its event loop does what any node does. */
import t from 'tap'
import { connect, readyMachine } from '../../src/client/index.js'
import { refreshServerState } from '../../src/cluster/server-state.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { adjustConfiguration, startNode } from '../../src/node/start.js'

t.test('content is published, licensed and opened, also after a new configuration', async (t) => {
  const node = await startNode({ signerThreads: 2 })
  t.teardown(() => node.close())
  const { url, context } = node
  const machine = readyMachine('alice-pc-mode2')
  const at = (user: string) => connect({ url, user: `${user}@contoso.test`, password, machine })
  const alice = at('alice')
  const bob = at('bob')
  await bob.certify()
  const opened = async (): Promise<string> => {
    const { text } = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
    const license = await bob.acquireLicense(text)
    return (await bob.open(license, text)).rights.join()
  }
  t.equal(await opened(), 'VIEW')
  await adjustConfiguration(context.store, 'root', { superUserEnabled: true })
  const before = context.state()
  context.setState(await refreshServerState(context.store, before))
  t.not(context.state(), before)
  t.equal(await opened(), 'VIEW')
  for (const { own } of [before, context.state()]) t.type(own.signer.place, 'object', 'threads, not the event loop')
})

t.test('a number of threads that cannot be is refused, and nothing is left behind', async (t) => {
  await t.rejects(startNode({ signerThreads: 0.5 }), { name: 'RangeError', message: /0\.5/ })
})
