import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import { ask, askEcho, rawClient, startLab, stateOf, type Lab } from './lab.js'
import { testClock, type TestClock } from '../fixtures/test-clock.js'
import { startUpstream, type Upstream } from './upstream.js'

const entry = ({ id, url }: Upstream) => ({ id, url })

/** Requests one after another on several connections until told to stop; resolves with what went wrong, and how many there were. */
function load(t: Test, url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  t.teardown(() => agent.destroy())
  const body = Buffer.alloc(27_000, 'x')
  const failed: string[] = []
  const served: Record<string, number> = {}
  const waiting: { count: number; resolve: () => void }[] = []
  let done = 0
  const stop = new AbortController()
  const workers = Promise.all(
    Array.from({ length: 10 }, async () => {
      while (!stop.signal.aborted) {
        try {
          const { status, headers, body: text } = await ask(`${url}/echo`, { body, agent })
          const id = String(headers['x-served-by'])
          served[id] = (served[id] ?? 0) + 1
          if (status !== 200) failed.push(`${status} ${text}`)
          else if (!text.includes('"length":27000')) failed.push(text)
        } catch (error) {
          failed.push(String(error))
        }
        done++
        for (const { count, resolve } of waiting) if (done >= count) resolve()
      }
    }),
  )
  return {
    failed,
    served,
    /** Resolves when so many more have been answered. */
    more: (count: number) => new Promise<void>((resolve) => void waiting.push({ count: done + count, resolve })),
    stop: async () => {
      stop.abort()
      await workers
      return done
    },
  }
}

t.test('nodes die, come, drain and leave under load, and no request fails', async (t) => {
  const { url, balancer, upstreams } = await startLab(t, 3)
  const [first, second, third] = upstreams as [Upstream, Upstream, Upstream]
  const running = load(t, url)
  await running.more(100)

  await first.kill()
  await balancer.waitUntil(() => stateOf(balancer, 'node-1') === 'down')
  await running.more(100)

  const fourth = await startUpstream(t, 'node-4')
  await balancer.setNodes('root', [first, second, third, fourth].map(entry))
  await balancer.waitUntil(() => stateOf(balancer, 'node-4') === 'ready')
  await running.more(100)
  t.ok((running.served['node-4'] ?? 0) > 0, 'the new node serves')

  await balancer.drain('root', 'node-2')
  const { '/echo': atDrain } = await second.counts()
  await running.more(100)
  t.equal((await second.counts())['/echo'], atDrain, 'a drained node gets nothing more')
  t.equal(stateOf(balancer, 'node-2'), 'draining')

  await balancer.setNodes('root', [third, fourth].map(entry))
  await running.more(100)
  t.same(
    balancer.status().clusters[0]?.nodes.map(({ id }) => id),
    ['node-3', 'node-4'],
  )

  await balancer.setNodes('root', [second, third, fourth].map(entry))
  await balancer.waitUntil(() => stateOf(balancer, 'node-2') === 'ready')
  const before = { ...running.served }
  await running.more(600)
  const total = await running.stop()
  t.same(running.failed, [])
  const shares = ['node-2', 'node-3', 'node-4'].map((id) => (running.served[id] ?? 0) - (before[id] ?? 0))
  const mean = shares.reduce((sum, share) => sum + share, 0) / 3
  t.ok(
    shares.every((share) => Math.abs(share - mean) <= 10),
    `even among the ready nodes: ${shares.join(', ')}; ${total} requests in all`,
  )
})

t.test('a node that is too busy for its checks stays as long as it answers requests', async (t) => {
  const clock = testClock()
  const { balancer, url, upstreams } = await startLab(t, 1, {}, { clock })
  upstreams[0]?.tell('stall')
  await upstreams[0]?.counts()
  const failedChecks = (): number => balancer.status().clusters[0]?.nodes[0]?.counters.failedChecks ?? 0
  /** To the next check, or to the end of its time. */
  const go = async (): Promise<void> => {
    while (clock.timers().length === 0) await clock.advance(0)
    await clock.advance(clock.timers()[0] ?? 0)
  }
  while (failedChecks() < 6) {
    await go()
    t.equal((await ask(`${url}/echo`)).status, 200)
    await go()
  }
  t.equal(stateOf(balancer, 'node-1'), 'ready')
  while (stateOf(balancer, 'node-1') === 'ready') await go()
  t.equal(failedChecks(), 9, 'three in a row without an answer')
})

/** The first node answers nothing from now on. By a request that fails the balancer comes to ask it, and no other one: it is the one whose turn it is. */
async function pauseFirst({ url, upstreams }: Lab): Promise<Upstream> {
  const [first] = upstreams as [Upstream]
  first.tell('pause')
  await first.counts()
  await ask(`${url}/reset-first?node-1`, { body: 'x' })
  return first
}

/** Its checks are not answered, until it is taken for silent. */
async function untilSilent({ balancer }: Lab, clock: TestClock): Promise<void> {
  for (let check = 1; check <= 3; check++) {
    await clock.untilTimer(2000)
    await clock.advance(2000)
    if (check < 3) await clock.advance(100)
  }
  t.equal(stateOf(balancer, 'node-1'), 'down')
}

t.test('what waits at a node that says nothing any more goes to another one', async (t) => {
  const unchecked = { checkInterval: 1_000_000_000 }
  await t.test('requests of all kinds, and the node is back when it speaks again', async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 2, { ...unchecked, nodeConnections: 2, keptBody: 100_000 }, { clock })
    const first = await pauseFirst(lab)
    // More than there are connections to it: the last ones wait for one in the balancer.
    const small = Array.from({ length: 10 }, () => ask(`${lab.url}/echo`, { body: 'whole' }))
    await first.next('holding')
    await first.next('holding')
    const silent = untilSilent(lab, clock)
    const answers = await Promise.all(small)
    await silent
    t.same(
      answers.map(({ status, headers, body }) => [status, headers['x-served-by'], /"length":5/.test(body)]),
      Array.from({ length: 10 }, () => [200, 'node-2', true]),
    )
    const { counters, running } = lab.balancer.status().clusters[0]?.nodes[0] ?? {}
    t.match([counters?.movedAway, running], [6, 0], 'five, and the one that made the balancer look')
    t.match(await ask(`${lab.url}/echo`), { headers: { 'x-served-by': 'node-2' } }, 'it gets no new ones')
    first.tell('go-on')
    await clock.advance(100)
    await lab.balancer.waitUntil(() => stateOf(lab.balancer, 'node-1') === 'ready')
    const served = await Promise.all([ask(`${lab.url}/echo`), ask(`${lab.url}/echo`)])
    t.same(new Set(served.map(({ headers }) => headers['x-served-by'])), new Set(['node-1', 'node-2']))
  })
  await t.test('a body that was not kept is sent once: its client learns it', async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 1, { ...unchecked, keptBody: 1000 }, { clock })
    const first = await pauseFirst(lab)
    const large = ask(`${lab.url}/echo`, { body: Buffer.alloc(100_000) })
    await first.next('holding')
    const silent = untilSilent(lab, clock)
    t.match(await large, { status: 502, body: /sent only once/ })
    await silent
  })
  await t.test('where there is no other one, nobody waits for the time of an answer', async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 1, unchecked, { clock })
    const first = await pauseFirst(lab)
    const waiting = ask(`${lab.url}/echo`, { body: 'x' })
    await first.next('holding')
    const silent = untilSilent(lab, clock)
    t.match(await waiting, { status: 502, headers: { 'retry-after': '1' } })
    await silent
    t.match(await ask(`${lab.url}/echo`, { body: 'x' }), {
      status: 503,
      headers: { 'retry-after': '1' },
    })
  })
  await t.test('once: a request that silences the next node, too, is not brought to a third one', async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 3, unchecked, { clock })
    await pauseFirst(lab)
    const [, second, third] = lab.upstreams as [Upstream, Upstream, Upstream]
    second.tell('pause')
    await second.counts()
    t.match(await ask(`${lab.url}/echo`, { body: 'x' }), { headers: { 'x-served-by': 'node-3' } })
    const heavy = ask(`${lab.url}/echo`, { body: 'x' })
    const silent = untilSilent(lab, clock)
    await second.next('holding')
    await silent
    // The second of these comes to the second node.
    for (let time = 1; time <= 2; time++) await ask(`${lab.url}/reset-first?node-2`, { body: 'x' })
    while (stateOf(lab.balancer, 'node-2') === 'ready') await clock.advance(100)
    t.equal((await third.counts())['/echo'], 1)
    t.match(await ask(`${lab.url}/echo`, { body: 'x' }), { headers: { 'x-served-by': 'node-3' } }, 'which serves')
    second.tell('go-on')
    t.match(await heavy, { status: 200, headers: { 'x-served-by': 'node-2' } })
  })
  await t.test('an answer that has begun goes on when the node does', async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 1, unchecked, { clock })
    const client = await rawClient(t, lab.url)
    client.send('GET /half HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(/one half/)
    const first = await pauseFirst(lab)
    await untilSilent(lab, clock)
    first.tell('release')
    await client.until(/other half/)
  })
})

t.test('a request that a node did not answer goes to another one, once each, whole', async (t) => {
  const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')
  await t.test('a node that dies with the request', async (t) => {
    const { url, upstreams, balancer } = await startLab(t, 2)
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
    // /die kills every node that gets it: both die, and the client learns it.
    t.match(await ask(`${url}/die`, { body }), { status: 502, headers: { 'retry-after': '1' } })
    await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'down') === true)
    t.match(
      await ask(`${url}/echo`, { body }),
      { status: 503, headers: { 'retry-after': '1' } },
      'and then there is no node',
    )
    t.same(
      balancer
        .status()
        .clusters[0]?.nodes.map(({ counters, running }) => [
          counters.requests,
          counters.failures,
          counters.movedAway,
          running,
        ]),
      [
        [1, 1, 1, 0],
        [1, 1, 1, 0],
      ],
    )
    t.equal(upstreams.length, 2)
  })
  await t.test('the body is sent again exactly, small, streamed and chunked', async (t) => {
    const { url, upstreams, balancer } = await startLab(t, 2)
    const [first] = upstreams as [Upstream, Upstream]
    for (const length of [27_000, 1_000_000, 4 * 1024 * 1024]) {
      const body = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 251))
        .toString('latin1')
        .repeat(Math.ceil(length / 4096))
        .slice(0, length)
      for (const headers of [{ 'content-length': length }, { 'transfer-encoding': 'chunked' }]) {
        const echo = await askEcho(`${url}/reset-first?${first.id}`, { body: Buffer.from(body, 'latin1'), headers })
        t.match(
          echo,
          { node: 'node-2', length, hash: hash(Buffer.from(body, 'latin1')) },
          `${length} bytes, ${Object.keys(headers).join('')}`,
        )
        t.equal(stateOf(balancer, 'node-1'), 'ready', 'one request is no proof')
      }
    }
  })
  await t.test('each node is asked once', async (t) => {
    const { url, upstreams } = await startLab(t, 3)
    t.match(await ask(`${url}/reset`, { body: 'x' }), { status: 502 })
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    t.same(
      counts.map((count) => count['/reset']),
      [1, 1, 1],
    )
  })
  await t.test('a node that says 503 passes the request on; when all do, the client hears it', async (t) => {
    const { url, upstreams } = await startLab(t, 2)
    t.match(await ask(`${url}/busy`, { body: 'x' }), { status: 503, body: /"length":1/ })
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    t.same(
      counts.map((count) => count['/busy']),
      [1, 1],
    )
  })
  await t.test('what the lab of a node answers reaches the client: 503, and a connection that is cut', async (t) => {
    const { url, upstreams } = await startLab(t, 2)
    t.match(await ask(`${url}/lab-busy`, { body: 'x' }), { status: 503, headers: { 'x-lab': 'fault=a' } })
    await t.rejects(ask(`${url}/lab-reset`, { body: 'x' }), { code: 'ECONNRESET' })
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    const sum = (path: string): number => counts.reduce((all, count) => all + (count[path] ?? 0), 0)
    t.same([sum('/lab-busy'), sum('/lab-reset')], [1, 1], 'no other node is asked')
    t.match(await ask(`${url}/echo`, { body: 'x' }), { status: 200 }, 'and all goes on')
  })
  await t.test('a larger body is forwarded once, and answered 502 when the node dies', async (t) => {
    const { url, upstreams } = await startLab(t, 2, { keptBody: 1_000_000 })
    const body = Buffer.alloc(3_000_000, 'x')
    for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      t.match(await ask(`${url}/reset`, { body, headers }), { status: 502, body: /sent only once/ })
    }
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    t.equal(
      counts.reduce((sum, count) => sum + (count['/reset'] ?? 0), 0),
      2,
      'one for each request',
    )
  })
  await t.test('bodies that are too much together are not kept', async (t) => {
    const { url, upstreams } = await startLab(t, 2, { keptBodies: 100_000 })
    t.match(await ask(`${url}/reset`, { body: Buffer.alloc(200_000) }), { status: 502, body: /sent only once/ })
    t.match(await ask(`${url}/reset`, { body: Buffer.alloc(50_000) }), { status: 502 })
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    t.equal(
      counts.reduce((sum, count) => sum + (count['/reset'] ?? 0), 0),
      3,
      'what was kept before is free again',
    )
  })
  await t.test('once the head has gone to the client nothing is repeated', async (t) => {
    const { url, upstreams } = await startLab(t, 2)
    await t.rejects(ask(`${url}/partial`, { body: 'x' }))
    const counts = await Promise.all(upstreams.map((upstream) => upstream.counts()))
    t.equal(
      counts.reduce((sum, count) => sum + (count['/partial'] ?? 0), 0),
      1,
    )
  })
  await t.test('an answer that is not HTTP costs 502', async (t) => {
    const { url } = await startLab(t, 1)
    t.match(await ask(`${url}/not-http`, { body: 'x' }), { status: 502, body: /not HTTP/ })
  })
})

async function holdOne(t: Test, { url, upstreams }: Lab) {
  const client = await rawClient(t, url)
  client.send('POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
  const holder = await Promise.race(upstreams.map(async (upstream) => upstream.next('holding').then(() => upstream)))
  return { client, holder }
}

t.test('draining waits for running requests', async (t) => {
  const lab = await startLab(t, 1)
  const { client, holder } = await holdOne(t, lab)
  let drained = false
  const draining = lab.balancer.drain('root', 'node-1').then(() => (drained = true))
  t.match(await ask(`${lab.url}/echo`), { status: 503 }, 'and there is no other node')
  t.equal(drained, false)
  holder.tell('release')
  t.match(await client.until(/0\r\n\r\n/), /^HTTP\/1\.1 200/)
  await draining
  lab.balancer.resume('root', 'node-1')
  await lab.balancer.waitUntil(() => stateOf(lab.balancer, 'node-1') === 'ready')
  t.match(await ask(`${lab.url}/echo`), { status: 200 })
  await t.rejects(lab.balancer.drain('root', 'node-9'), /has no node "node-9"; it has node-1/)
})

t.test('what does not end in time when a node is removed is cut', async (t) => {
  const clock = testClock()
  const lab = await startLab(t, 1, { drainTimeout: 5000 }, { clock })
  const { client } = await holdOne(t, lab)
  const removed = lab.balancer.setNodes('root', [])
  await clock.advance(4999)
  t.equal(lab.balancer.status().clusters[0]?.nodes[0]?.running, 1)
  await clock.advance(1)
  await removed
  t.match(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 502/)
})

t.test('the balancer stops when the running request has its answer', async (t) => {
  const lab = await startLab(t, 1)
  const { client, holder } = await holdOne(t, lab)
  const idle = await rawClient(t, lab.url)
  const closed = lab.balancer.close()
  t.equal(await idle.rest(), '')
  await t.rejects(rawClient(t, lab.url), /ECONNREFUSED/)
  holder.tell('release')
  t.match(await client.rest(), /^HTTP\/1\.1 200[^]*Connection: close/)
  await closed
})

t.test('a node that is not ready gets nothing until it is', async (t) => {
  const { url, balancer, upstreams } = await startLab(t, 1, { checkInterval: 50 })
  const [first] = upstreams as [Upstream]
  const late = await startUpstream(t, 'late', { notReady: true })
  await balancer.setNodes('root', [first, late].map(entry))
  await balancer.waitUntil(() => stateOf(balancer, 'late') === 'down')
  t.match(await askEcho(`${url}/echo`), { node: 'node-1' })
  t.match(await askEcho(`${url}/echo`), { node: 'node-1' })
  late.tell('ready')
  await balancer.waitUntil(() => stateOf(balancer, 'late') === 'ready')
  t.same([(await askEcho(`${url}/echo`)).node, (await askEcho(`${url}/echo`)).node].toSorted(), ['late', 'node-1'])
  late.tell('not-ready')
  await balancer.waitUntil(() => stateOf(balancer, 'late') === 'down')
  t.match(await askEcho(`${url}/echo`), { node: 'node-1' })
})

t.test('a node that comes back at its address is taken in again', async (t) => {
  const { url, balancer, upstreams } = await startLab(t, 2)
  const [first] = upstreams as [Upstream]
  await first.kill()
  await balancer.waitUntil(() => stateOf(balancer, 'node-1') === 'down')
  await startUpstream(t, 'node-1', { port: Number(new URL(first.url).port) })
  await balancer.waitUntil(() => stateOf(balancer, 'node-1') === 'ready')
  t.same([(await askEcho(`${url}/echo`)).node, (await askEcho(`${url}/echo`)).node].toSorted(), ['node-1', 'node-2'])
})

t.test('a check ends with the status of its answer, whose body need never end', async (t) => {
  const node = createServer((_request, response) => void response.writeHead(200).write('ready, and'))
  t.teardown(() => node.closeAllConnections())
  node.listen(0, '127.0.0.1')
  await once(node, 'listening')
  const checked = once(node, 'connection')
  const balancer = await startBalancer({
    clusters: [
      {
        name: 'root',
        listeners: [{ name: 'intranet', host: '127.0.0.1', port: 0 }],
        nodes: [{ id: 'node-1', url: `http://127.0.0.1:${(node.address() as AddressInfo).port}` }],
      },
    ],
  })
  t.teardown(() => balancer.close())
  await balancer.waitUntil(() => stateOf(balancer, 'node-1') === 'ready')
  const [socket] = (await checked) as [Socket]
  if (!socket.closed) await once(socket, 'close')
  node.close()
})

t.test('of two listeners with one name one is opened, and none when the balancer closes', async (t) => {
  const { balancer } = await startLab(t, 1)
  const wanted = { name: 'extranet', host: '127.0.0.1', port: 0 }
  const listeners = () => balancer.status().clusters[0]?.listeners ?? []
  const both = await Promise.allSettled([balancer.openListener('root', wanted), balancer.openListener('root', wanted)])
  t.match(both, [
    { status: 'fulfilled' },
    { reason: { name: 'NodeListError', message: /has a listener extranet already/ } },
  ])
  t.same(
    listeners().map(({ name }) => name),
    ['intranet', 'extranet'],
  )
  const { port } = new URL(listeners()[1]?.url ?? '')
  await balancer.closeListener('root', 'extranet')

  const opening = balancer.openListener('root', { ...wanted, port: Number(port) })
  const closed = balancer.close()
  await t.rejects(opening, { name: 'NodeListError', message: /cannot be opened: the balancer is closing/ })
  await t.rejects(balancer.openListener('root', wanted), { message: /the balancer is closing/ })
  await closed
  await t.rejects(rawClient(t, `http://127.0.0.1:${port}`), /ECONNREFUSED/)
})

t.test('a wrong start is refused and leaves nothing behind', async (t) => {
  const { balancer } = await startLab(t, 1)
  const port = Number(new URL(balancer.statusUrl).port)
  const listeners = [{ name: 'a', host: '127.0.0.1', port: 0 }]
  await t.rejects(
    startBalancer({ clusters: [{ name: 'a', listeners, nodes: [] }], status: { host: '127.0.0.1', port } }),
    { code: 'EADDRINUSE' },
  )
  await t.rejects(startBalancer({ clusters: [{ name: 'a', listeners, nodes: [{ id: 'a', url: 'nonsense' }] }] }), {
    name: 'NodeListError',
  })
  await t.rejects(balancer.setNodes('none', []), /There is no cluster "none"; there are root/)
})
