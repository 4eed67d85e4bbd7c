/** The simulation of a cluster against queues whose answers are known. */
import t from 'tap'
import { meanResponse, responsePercentile } from '../../src/sizing/erlang.js'
import { predict, serversForTarget, sweep } from '../../src/sizing/predict.js'
import { seededChance } from '../../src/sizing/chance.js'
import type { EmulatedServer } from '../../src/sizing/emulated-server.js'
import { simulateCluster } from '../../src/sizing/simulate.js'
import { fc } from '../fixtures/property.js'

const fixed: EmulatedServer = { operationsPerSecond: 50, serviceDistribution: 'fixed', queueLimit: 1000 }
const exponential: EmulatedServer = { ...fixed, serviceDistribution: 'exponential' }
const steady = { seed: 7, arrivals: 200_000 }

function within(found: number, wanted: number, relative: number): boolean {
  return Math.abs(found - wanted) <= relative * wanted
}

t.test('one server with exponential times is M/M/1', async (t) => {
  for (const load of [0.3, 0.6, 0.8]) {
    const queue = { servers: 1, rate: load * 50, perServer: 50 }
    const { response, refused, utilization } = predict({ ...steady, servers: 1, server: exponential, rate: queue.rate })
    t.ok(
      within(response.mean, meanResponse(queue), 0.05),
      `mean at ${load}: ${response.mean}, not ${meanResponse(queue)}`,
    )
    t.ok(
      within(response.p95, responsePercentile(95, queue), 0.06),
      `p95 at ${load}: ${response.p95}, not ${responsePercentile(95, queue)}`,
    )
    t.ok(within(utilization, load, 0.02), `utilization ${utilization}`)
    t.equal(refused, 0)
  }
})

t.test('one server with fixed times is M/D/1', async (t) => {
  for (const load of [0.3, 0.6, 0.8]) {
    // Pollaczek and Khinchine: half the wait of M/M/1.
    const wanted = (1 + load / (2 * (1 - load))) / 50
    const { response } = predict({ ...steady, servers: 1, server: fixed, rate: load * 50 })
    t.ok(within(response.mean, wanted, 0.04), `mean at ${load}: ${response.mean}, not ${wanted}`)
  }
})

t.test('a queue without room is Erlang B, also behind a balancer that asks the next server', async (t) => {
  const server = { ...exponential, queueLimit: 0 }
  const one = predict({ ...steady, servers: 1, server, rate: 50 })
  t.ok(within(one.refused / one.offered, 0.5, 0.03), `B(1, 1) is 1/2, not ${one.refused / one.offered}`)
  // Who finds any server free is served at once: that is one group of lines.
  const three = predict({ ...steady, servers: 3, server, rate: 100 })
  t.ok(within(three.refused / three.offered, 4 / 19, 0.04), `B(3, 2) is 4/19, not ${three.refused / three.offered}`)
})

t.test('one shared queue is never worse than round robin with exponential times', async (t) => {
  for (const servers of [2, 4, 8]) {
    const queue = { servers, rate: servers * 40, perServer: 50 }
    t.ok(
      predict({ ...steady, servers, server: exponential, rate: queue.rate }).response.mean > meanResponse(queue),
      String(servers),
    )
  }
})

t.test('a metronome that leaves each server its time makes nobody wait', async (t) => {
  const { response, served, servedPerSecond } = simulateCluster(
    Array.from({ length: 300 }, (_, index) => index / 150),
    { servers: 3, server: fixed, chance: seededChance(1) },
  )
  t.ok(response.highest < 0.02 + 1e-9)
  t.same(served, [100, 100, 100])
  t.ok(within(servedPerSecond, 150, 0.01))
})

t.test('requests are served or refused, in turn, and no faster than the servers can', async (t) => {
  const property = fc.property(
    fc.array(fc.double({ min: 0, max: 0.1, noNaN: true }), { maxLength: 300 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 0, max: 5 }),
    (gaps, servers, queueLimit) => {
      let time = 0
      const arrivals = gaps.map((gap) => (time += gap))
      const server = { ...fixed, queueLimit }
      const { offered, refused, response, served, responses } = simulateCluster(arrivals, {
        servers,
        server,
        chance: seededChance(1),
      })
      return (
        offered === gaps.length &&
        refused + response.count === offered &&
        served.reduce((sum, count) => sum + count, 0) === response.count &&
        responses.every((seconds) => seconds > 0.02 - 1e-9 && seconds < 0.02 * (queueLimit + 1) + 1e-9) &&
        (refused > 0 || Math.max(...served) - Math.min(...served) <= 1 || queueLimit < 2)
      )
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('the same seed gives the same answer', async (t) => {
  const question = { servers: 3, server: exponential, rate: 120, arrivals: 2000 }
  t.same(predict({ ...question, seed: 3 }), predict({ ...question, seed: 3 }))
  t.not(predict({ ...question, seed: 3 }).response.p95, predict({ ...question, seed: 4 }).response.p95)
})

t.test('the smallest cluster that meets the target is found', async (t) => {
  const question = { server: fixed, rate: 400 / 3, seed: 1, arrivals: 20_000 }
  const sized = serversForTarget(question, { percentile: 95, withinSeconds: 1 })
  t.match(sized, { servers: 3, predicted: { refused: 0 } })
  const strict = serversForTarget(question, { percentile: 95, withinSeconds: 0.045 })
  t.ok(strict !== undefined && strict.servers > 3 && strict.answeredWithin <= 0.045, `${strict?.servers} servers`)
  t.ok(predict({ ...question, servers: (strict?.servers ?? 0) - 1 }).response.p95 > 0.045, 'one less does not do')
  const best = serversForTarget({ ...question, arrivals: 5000 }, { percentile: 99.9, withinSeconds: 0.0201 })
  t.ok(
    best !== undefined && best.servers > 8 && best.answeredWithin <= 0.0201,
    `hardly anybody may wait: ${best?.servers} servers`,
  )
  t.equal(
    serversForTarget({ ...question, rate: 1e9 }, { percentile: 95, withinSeconds: 1 }),
    undefined,
    'more than can be',
  )
  t.equal(
    serversForTarget(question, { percentile: 95, withinSeconds: 0.019 }),
    undefined,
    'one operation alone takes 20 ms',
  )
  t.equal(
    serversForTarget({ ...question, server: exponential }, { percentile: 95, withinSeconds: 0.059 }),
    undefined,
    'or 60 ms in one of twenty cases',
  )
})

t.test('a sweep shows the knee: served as offered below capacity, and no more than capacity above it', async (t) => {
  const points = [...sweep([1, 4], { ...fixed, queueLimit: 20 }, { seed: 1, arrivals: 5000 })]
  for (const { servers, offered, served, refused } of points) {
    const load = offered / (servers * 50)
    if (load <= 0.8) t.ok(within(served, offered, 0.06) && refused < 0.001, `${servers} at ${load}`)
    if (load > 1) t.ok(within(served, servers * 50, 0.02) && refused > 0, `${servers} at ${load}`)
  }
  const p95 = points.filter(({ servers }) => servers === 4).map((point) => point.p95)
  t.ok((p95.at(-1) ?? 0) > 4 * (p95[0] ?? 0))
})
