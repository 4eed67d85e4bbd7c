/** The capacity of a cluster is changed by management while it serves; a node may have one of its own. */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { startNode } from '../../src/node/start.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startInstallation } from '../../src/manage/installation.js'
import { remotingType } from '../../src/services/group-expansion/remoting-call.js'
import { writeQuestion } from '../../src/services/group-expansion/remoting-request.js'
import { newDatabases } from '../cluster/postgres.js'

const newDatabase = newDatabases(t)
const noRoom = { operationsPerSecond: 2, serviceDistribution: 'fixed', queueLimit: 0 } as const

/** How many of that many requests at once are refused with 503. */
async function refusedOf(url: string, requests: number): Promise<number> {
  const alice = connect({ url, user: 'alice@contoso.test', password })
  const asked = await Promise.allSettled(Array.from({ length: requests }, () => alice.serverInfo()))
  const first = asked.filter((result) => result.status === 'rejected')
  return first.filter(({ reason }) => (reason as { status?: number }).status === 503).length
}

t.test('PATCH emulatedServer makes a cluster slow, and null makes it fast again', async (t) => {
  const installation = await startInstallation({ mode: 1, database: await newDatabase() })
  t.teardown(() => installation.close())
  const alice = connect({ url: installation.url, user: 'alice@contoso.test', password })
  await alice.locations()
  const address = `${installation.manage}/clusters/root/configuration`
  const change = async (emulatedServer: unknown): Promise<Response> =>
    fetch(address, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ emulatedServer }),
    })
  const waits = async (): Promise<string> => (await fetch(`${new URL(installation.url).origin}/metrics`)).text()

  const changed = await change(noRoom)
  t.equal(changed.status, 200)
  t.match(await changed.json(), { emulatedServer: noRoom })
  t.match(await (await fetch(address)).json(), { emulatedServer: noRoom })
  while (!/rms_queue_wait_seconds_count{[^}]*} [1-9]/.test(await waits())) {
    await alice.serverInfo()
    await pause(50)
  }
  const refused = (await Promise.allSettled([alice.serverInfo(), alice.serverInfo(), alice.serverInfo()])).filter(
    ({ status }) => status === 'rejected',
  )
  t.equal(refused.length, 2)
  t.equal((await change(null)).status, 200)
  while (
    (await Promise.allSettled([alice.serverInfo(), alice.serverInfo(), alice.serverInfo()])).some(
      ({ status }) => status === 'rejected',
    )
  )
    await pause(50)

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
  const node = await startNode({
    mode: 1,
    database: await newDatabase(),
    emulatedServer: { ...noRoom, operationsPerSecond: 5 },
  })
  t.teardown(() => node.close())
  t.ok((await refusedOf(node.url, 4)) > 0)
})

t.test('the binary form of group expansion takes its turn, too', async (t) => {
  const node = await startNode({
    mode: 1,
    database: await newDatabase(),
    emulatedServer: { ...noRoom, operationsPerSecond: 5 },
  })
  t.teardown(() => node.close())
  const headers = {
    authorization: `Basic ${Buffer.from(`CONTOSO\\rms-service:${password}`).toString('base64')}`,
    'content-type': remotingType,
  }
  const body = writeQuestion(
    { principal: 'bob@contoso.test', groups: ['legal@contoso.test'], callsSoFar: 0 },
    '5.2.3790.300',
  )
  const ask = async (): Promise<number> =>
    (
      await fetch(`${node.baseUrl}/drmremote/directoryservices/directoryservices.rem`, {
        method: 'POST',
        headers,
        body,
      })
    ).status
  t.same((await Promise.all([ask(), ask(), ask()])).toSorted(), [200, 503, 503])
})

t.test('a node that leaves is no faster for that', async (t) => {
  const node = await startNode({
    mode: 1,
    database: await newDatabase(),
    settings: { emulatedServer: { ...noRoom, operationsPerSecond: 5 } },
  })
  t.teardown(() => node.close())
  await node.leave()
  t.ok((await refusedOf(node.url, 4)) > 0)
})
