/** The capacity of a cluster is changed by management while it serves; a node may have one of its own. Time goes by when the test says so. */
import t, { type Test } from 'tap'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startNode, type NodeOptions, type RunningNode } from '../../src/node/start.js'
import { remotingType } from '../../src/services/group-expansion/remoting-call.js'
import { writeQuestion } from '../../src/services/group-expansion/remoting-request.js'
import { serverNamespace } from '../../src/services/server/messages.js'
import { envelopeNamespaces } from '../../src/soap/envelope.js'
import { newDatabases } from '../cluster/postgres.js'
import { followConfiguration } from '../fixtures/follow.js'
import { testClock, type TestClock } from '../fixtures/test-clock.js'
import { apiOver, keyPassword } from './api-app.js'

const newDatabase = newDatabases(t)
const noRoom = { operationsPerSecond: 2, serviceDistribution: 'fixed', queueLimit: 0 } as const
/** Milliseconds for one request. */
const serviceTime = 500

async function nodeOf(
  t: Test,
  more: Partial<NodeOptions> = {},
): Promise<{ readonly node: RunningNode; readonly time: TestClock }> {
  const time = testClock(new Date())
  const effects = { clock: time, timers: time }
  const node = await startNode({ mode: 1, keyPassword, database: await newDatabase(), ...effects, ...more })
  t.teardown(() => node.close())
  return { node, time }
}

/** Of that many requests at once one is served, when its time has come; the others are refused with 503 before. */
async function onlyOneIsServed(t: Test, time: TestClock, ask: () => Promise<number>): Promise<void> {
  const asked = [ask(), ask(), ask(), ask()]
  let refused = 0
  const counted = asked.map(async (one) => {
    const status = await one
    if (status === 503 && ++refused === 3) {
      await time.untilTimer(serviceTime)
      await time.advance(serviceTime)
    }
    return status
  })
  t.same(
    (await Promise.all(counted)).toSorted((one, other) => one - other),
    [200, 503, 503, 503],
  )
}

const question = `<s:Envelope xmlns:s="${envelopeNamespaces['1.1']}"><s:Body><GetServerInfo xmlns="${serverNamespace}"><requests><ServerInfoRequest><Type>VersionInfo</Type></ServerInfoRequest></requests></GetServerInfo></s:Body></s:Envelope>`

async function serverInfo({ baseUrl }: RunningNode): Promise<number> {
  const authorization = `Basic ${Buffer.from(`CONTOSO\\alice:${password}`).toString('base64')}`
  const headers = { authorization, 'content-type': 'text/xml' }
  return (await fetch(`${baseUrl}/certification/server.asmx`, { method: 'POST', headers, body: question })).status
}

t.test('PATCH emulatedServer makes a cluster slow, and null makes it fast again', async (t) => {
  const { node, time } = await nodeOf(t)
  const { app, call } = await apiOver(node.context.store)
  t.teardown(() => app.close())
  const address = '/clusters/root/configuration'
  const change = (emulatedServer: unknown) => call('PATCH', address, { emulatedServer })

  t.match(await change(noRoom), { status: 200, body: { emulatedServer: noRoom } })
  t.match((await call('GET', address)).body, { emulatedServer: noRoom })
  await followConfiguration(time, node)
  await onlyOneIsServed(t, time, () => serverInfo(node))
  t.equal((await change(null)).status, 200)
  await followConfiguration(time, node)
  t.same(await Promise.all([1, 2, 3, 4].map(() => serverInfo(node))), [200, 200, 200, 200])

  for (const wrong of [
    { ...noRoom, operationsPerSecond: 0 },
    { ...noRoom, serviceDistribution: 'normal' },
    { operationsPerSecond: 5 },
    { ...noRoom, more: 1 },
    50,
  ]) {
    t.equal((await change(wrong)).status, 400, JSON.stringify(wrong))
  }
})

t.test('a node with a capacity of its own has it whatever the cluster says', async (t) => {
  const { node, time } = await nodeOf(t, { emulatedServer: noRoom })
  t.equal(node.context.state().configuration.emulatedServer, null)
  await onlyOneIsServed(t, time, () => serverInfo(node))
})

t.test('the binary form of group expansion takes its turn, too', async (t) => {
  const { node, time } = await nodeOf(t, { emulatedServer: noRoom })
  const headers = {
    authorization: `Basic ${Buffer.from(`CONTOSO\\rms-service:${password}`).toString('base64')}`,
    'content-type': remotingType,
  }
  const body = writeQuestion(
    { principal: 'bob@contoso.test', groups: ['legal@contoso.test'], callsSoFar: 0 },
    '5.2.3790.300',
  )
  const address = `${node.baseUrl}/drmremote/directoryservices/directoryservices.rem`
  await onlyOneIsServed(t, time, async () => (await fetch(address, { method: 'POST', headers, body })).status)
})

t.test('a node that leaves is no faster for that', async (t) => {
  const { node, time } = await nodeOf(t, { settings: { emulatedServer: noRoom } })
  await node.leave()
  await onlyOneIsServed(t, time, () => serverInfo(node))
})
