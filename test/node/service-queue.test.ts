/** The line before an emulated server, alone and in a node that real clients ask. Time goes by when the test says so. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect as connectSocket } from 'node:net'
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { createServiceQueue, QueueFull } from '../../src/node/service-queue.js'
import { startNode } from '../../src/node/start.js'
import type { EmulatedServer } from '../../src/sizing/emulated-server.js'
import { followConfiguration } from '../fixtures/follow.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'

const fixed = (operationsPerSecond: number, queueLimit = 1000): EmulatedServer => ({
  operationsPerSecond,
  queueLimit,
  serviceDistribution: 'fixed',
})
const stays = new AbortController().signal

function queueOf(server: EmulatedServer | null) {
  const waited: number[] = []
  const clock = testClock()
  return {
    clock,
    queue: createServiceQueue({
      server: () => server,
      clock,
      timers: clock,
      chance: () => 0.5,
      onTurn: (seconds) => void waited.push(Math.round(seconds * 1000)),
    }),
    waited,
  }
}

t.test('requests are served one at a time, in order, at the rate of the server', async (t) => {
  const { clock, queue, waited } = queueOf(fixed(50))
  const [begun, answered]: [number[], string[]] = [[], []]
  const one = async (index: number): Promise<void> => {
    const turn = await queue.enter(stays)
    begun.push(index)
    await turn?.end()
    answered.push(`${index} at ${clock.monotonic()}`)
  }
  const all = Array.from({ length: 10 }, (_, index) => one(index))
  t.equal(queue.length(), 9)
  await clock.advance(19)
  t.same([begun, answered, queue.length()], [[0], [], 9], 'the first one takes 20 ms')
  await clock.advance(181)
  await Promise.all(all)
  t.same(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.same(
    answered,
    begun.map((index) => `${index} at ${(index + 1) * 20}`),
  )
  t.same(
    waited,
    begun.map((index) => index * 20),
    'each waited for those before it',
  )
  t.equal(queue.length(), 0)
})

t.test(
  'a machine that is slower than the server it emulates makes that one slower, a late timer does not',
  async (t) => {
    const { clock, queue, waited } = queueOf(fixed(50))
    const slow = await queue.enter(stays)
    const second = queue.enter(stays)
    await clock.advance(50)
    await slow?.end()
    t.same(waited, [0, 50], 'the work took 50 ms instead of 20')
    void (await second)?.end()
    await clock.advance(20)
    const third = await queue.enter(stays)
    t.same(waited, [0, 50, 0])
    const fourth = queue.enter(stays)
    const ended = third?.end()
    // Longer than the 20 ms that are asked for, as timers of a busy machine are.
    clock.block(30)
    await clock.advance(0)
    await ended
    await fourth
    t.same(waited, [0, 50, 0, 20], 'the server was free in time')
  },
)

t.test('who comes when the queue is full is refused, and who goes away makes room', async (t) => {
  const { clock, queue } = queueOf(fixed(10, 2))
  const first = await queue.enter(stays)
  const leaving = new AbortController()
  const second = queue.enter(leaving.signal)
  const third = queue.enter(stays)
  await t.rejects(queue.enter(stays), QueueFull)
  leaving.abort()
  t.equal(await second, undefined)
  t.equal(queue.length(), 1)
  const fourth = queue.enter(stays)
  void first?.end()
  await clock.advance(100)
  void (await third)?.end()
  await clock.advance(100)
  t.ok(await fourth, 'the one behind has its turn')
  const gone = new AbortController()
  gone.abort()
  t.equal(await queue.enter(gone.signal), undefined)
})

t.test('without capacity nobody waits', async (t) => {
  const { clock, queue } = queueOf(null)
  const turns = await Promise.all([1, 2, 3].map(async () => (await queue.enter(stays))?.end()))
  t.equal(turns.length, 3)
  t.same(clock.timers(), [])
})

t.test('a server without room for anybody to wait still works', async (t) => {
  const { clock, queue } = queueOf(fixed(100, 0))
  const turn = await queue.enter(stays)
  await t.rejects(queue.enter(stays), QueueFull)
  const ended = turn?.end()
  await clock.advance(10)
  await ended
  t.ok(await queue.enter(stays))
})

t.test(
  'a node of a capacity issues real licenses, lets requests wait, refuses those above the limit, and follows the configuration',
  async (t) => {
    const time = testClock(new Date())
    const node = await startNode({ mode: 1, clock: time, timers: time })
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
      await followConfiguration(time, node)
    }
    const metric = async (name: string): Promise<number> => {
      const text = await (await fetch(`${node.url}/metrics`)).text()
      return Number(new RegExp(`^${name}{[^}]*} (\\S+)`, 'm').exec(text)?.[1])
    }

    /** The emulated server takes 100 ms for each request. */
    const letServe = async (count: number): Promise<void> => {
      for (let served = 0; served < count; served++) {
        await time.untilTimer(100)
        await time.advance(100)
      }
    }

    await emulate(fixed(10, 3))
    let refusals = 0
    const asking = Array.from({ length: 8 }, () =>
      bob.acquireLicense(text).catch((error: unknown) => {
        refusals++
        throw error
      }),
    )
    const settled = Promise.allSettled(asking)
    await until(() => refusals === 4, 'four are refused')
    t.equal(await metric('rms_queue_length'), 3)
    await letServe(4)
    const asked = await settled
    const served = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const refused = asked.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as { status?: number }] : [],
    )
    t.equal(served.length, 4, 'one is worked on, three wait')
    t.same(
      refused.map(({ status }) => status),
      [503, 503, 503, 503],
    )
    for (const license of served) t.same((await bob.open(license, text)).rights, ['VIEW'])
    t.equal(await metric('rms_queue_refused_total'), 4)
    t.equal((await metric('rms_queue_wait_seconds_sum')).toFixed(3), '0.600', 'at 10 a second: 0, 0.1, 0.2 and 0.3 s')

    const authorization = `Basic ${Buffer.from(`bob@contoso.test:${password}`).toString('base64')}`
    const post = (): Promise<Response> =>
      fetch(`${node.url}/_wmcs/licensing/license.asmx`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'text/xml' },
        body: '<x />',
      })
    // A reset: who only ends his half of the connection may be waiting for the answer.
    const leaving = connectSocket(Number(new URL(node.url).port), '127.0.0.1')
    leaving.on('error', () => undefined)
    leaving.write(
      `POST /_wmcs/licensing/license.asmx HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: text/xml\r\nContent-Length: 5\r\n\r\n<x />`,
    )
    const line = [post(), post(), post()]
    while ((await metric('rms_queue_length')) < 3) await nextTurn()
    const page = await post()
    t.equal(page.status, 503)
    t.match(page.headers.get('content-type'), /^text\/html/)
    t.equal(page.headers.get('connection'), 'close')
    t.match(await page.text(), /Service Unavailable/)
    leaving.resetAndDestroy()
    while ((await metric('rms_queue_length')) > 2) await nextTurn()
    await letServe(3)
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
