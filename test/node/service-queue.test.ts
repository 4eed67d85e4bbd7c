/** The line before an emulated server, alone and in a node that real clients ask. */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock } from '../../src/effects.js'
import { createServiceQueue, QueueFull } from '../../src/node/service-queue.js'
import { startNode } from '../../src/node/start.js'
import type { EmulatedServer } from '../../src/sizing/emulated-server.js'

const fixed = (operationsPerSecond: number, queueLimit = 1000): EmulatedServer => ({
  operationsPerSecond,
  queueLimit,
  serviceDistribution: 'fixed',
})
const stays = new AbortController().signal

function queueOf(server: EmulatedServer | null) {
  const waited: number[] = []
  return {
    queue: createServiceQueue({
      server: () => server,
      clock: systemClock,
      chance: () => 0.5,
      onTurn: (seconds) => void waited.push(seconds),
    }),
    waited,
  }
}

t.test('requests are served one at a time, in order, at the rate of the server', async (t) => {
  const { queue, waited } = queueOf(fixed(50))
  const began = systemClock.monotonic()
  const order: number[] = []
  const one = async (index: number): Promise<void> => {
    const turn = await queue.enter(stays)
    order.push(index)
    await turn?.end()
  }
  const all = Array.from({ length: 10 }, (_, index) => one(index))
  t.equal(queue.length(), 9)
  await Promise.all(all)
  t.same(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.ok(systemClock.monotonic() - began >= 10 * 20 - 2, 'not faster than 20 ms each')
  t.ok(
    waited.every((seconds, index) => seconds >= index * 0.02 - 0.001),
    'each waited for those before it',
  )
  t.equal(queue.length(), 0)
})

t.test('who comes when the queue is full is refused, and who goes away makes room', async (t) => {
  const { queue } = queueOf(fixed(10, 2))
  const first = await queue.enter(stays)
  const leaving = new AbortController()
  const second = queue.enter(leaving.signal)
  const third = queue.enter(stays)
  await t.rejects(queue.enter(stays), QueueFull)
  leaving.abort()
  t.equal(await second, undefined)
  t.equal(queue.length(), 1)
  const fourth = queue.enter(stays)
  await first?.end()
  await (await third)?.end()
  t.ok(await fourth, 'the one behind has its turn')
  const gone = new AbortController()
  gone.abort()
  t.equal(await queue.enter(gone.signal), undefined)
})

t.test('without capacity nobody waits', async (t) => {
  const { queue } = queueOf(null)
  const turns = await Promise.all([1, 2, 3].map(async () => (await queue.enter(stays))?.end()))
  t.equal(turns.length, 3)
})

t.test('a server without room for anybody to wait still works', async (t) => {
  const { queue } = queueOf(fixed(100, 0))
  const turn = await queue.enter(stays)
  await t.rejects(queue.enter(stays), QueueFull)
  await turn?.end()
  await (await queue.enter(stays))?.end()
})

t.test(
  'a node of a capacity issues real licenses, lets requests wait, refuses those above the limit, and follows the configuration',
  async (t) => {
    const node = await startNode({ mode: 1 })
    t.teardown(() => node.close())
    const [alice, bob] = ['alice', 'bob'].map((user) =>
      connect({ url: node.url, user: `CONTOSO\\${user}`, password, mode: 1 }),
    ) as [ReturnType<typeof connect>, ReturnType<typeof connect>]
    const { text } = await alice.publish({ rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] })
    await bob.bootstrap()
    const emulate = async (emulatedServer: EmulatedServer | null): Promise<void> => {
      const stored = await node.context.store.clusters.find('root')
      if (stored === undefined) throw new Error('There is no root cluster')
      await node.context.store.clusters.saveConfiguration('root', { ...stored.configuration, emulatedServer })
      while (node.context.state().configuration.emulatedServer?.queueLimit !== emulatedServer?.queueLimit)
        await pause(20)
    }
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`${node.url}/metrics`)).text()
      return Number(new RegExp(`^${name}{[^}]*} (\\S+)`, 'm').exec(text)?.[1])
    }

    await emulate(fixed(4, 3))
    const began = systemClock.monotonic()
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => bob.acquireLicense(text)))
    const served = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const refused = asked.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as { status?: number }] : [],
    )
    t.equal(served.length, 4, 'one is worked on, three wait')
    t.same(
      refused.map(({ status }) => status),
      [503, 503, 503, 503],
    )
    t.ok(systemClock.monotonic() - began >= 4 * 250 - 5, 'at 4 a second')
    for (const license of served) t.same((await bob.open(license, text)).rights, ['VIEW'])
    t.equal(await metric('rms_queue_refused_total'), 4)
    t.ok((await metric('rms_queue_wait_seconds_sum')) > 0.25)

    const authorization = `Basic ${Buffer.from(`bob@contoso.test:${password}`).toString('base64')}`
    const post = (signal?: AbortSignal): Promise<Response> =>
      fetch(`${node.url}/_wmcs/licensing/license.asmx`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'text/xml' },
        body: '<x />',
        ...(signal === undefined ? {} : { signal }),
      })
    const leaving = new AbortController()
    const line = [post(), post(leaving.signal).catch(() => undefined), post(), post()]
    while ((await metric('rms_queue_length')) < 3) await pause(5)
    const page = await post()
    t.equal(page.status, 503)
    t.match(page.headers.get('content-type'), /^text\/html/)
    t.equal(page.headers.get('connection'), 'close')
    t.match(await page.text(), /Service Unavailable/)
    leaving.abort()
    while ((await metric('rms_queue_length')) > 2) await pause(5)
    for (const answer of await Promise.all(line))
      if (answer !== undefined) t.equal(answer.status, 500, 'a fault, after its turn')

    await emulate(null)
    t.equal(
      (await Promise.all(Array.from({ length: 8 }, () => bob.acquireLicense(text)))).length,
      8,
      'as fast as the machine again',
    )
  },
)
