/** Erlang's formulas against published tables and against the special cases that have simple answers. */
import t from 'tap'
import {
  erlangB,
  erlangC,
  meanResponse,
  meanWait,
  responsePercentile,
  shareSlowerThan,
} from '../../src/sizing/erlang.js'
import { fc } from '../fixtures/property.js'

const close = (found: number, wanted: number, relative = 1e-6): boolean =>
  Math.abs(found - wanted) <= relative * Math.max(1e-12, Math.abs(wanted))

t.test('Erlang B as in the tables', async (t) => {
  // Traffic in erlangs that a number of lines carries with 1 % blocked.
  for (const [lines, load] of [
    [1, 0.0101],
    [2, 0.153],
    [5, 1.36],
    [10, 4.46],
    [20, 12.0],
    [50, 37.9],
  ] as const) {
    t.ok(Math.abs(erlangB(lines, load) - 0.01) < 0.0003, `${lines} lines, ${load} erlangs: ${erlangB(lines, load)}`)
  }
})

t.test('Erlang C as in the tables', async (t) => {
  for (const [servers, load, wanted] of [
    [1, 0.5, 0.5],
    [2, 1, 1 / 3],
    [3, 2, 4 / 9],
    [4, 3, 0.509434],
    [10, 8, 0.40918],
    [5, 4, 0.554113],
  ] as const) {
    t.ok(close(erlangC(servers, load), wanted, 1e-5), `C(${servers}, ${load}) = ${erlangC(servers, load)}`)
  }
  t.equal(erlangC(2, 2), 1, 'more than the servers can do')
})

t.test('one server is M/M/1', async (t) => {
  const property = fc.property(
    fc.double({ min: 0.01, max: 0.98, noNaN: true }),
    fc.double({ min: 0.1, max: 1000, noNaN: true }),
    (load, perServer) => {
      const queue = { servers: 1, rate: load * perServer, perServer }
      const mean = 1 / (perServer - queue.rate)
      return (
        close(meanResponse(queue), mean) &&
        close(meanWait(queue), load * mean) &&
        close(responsePercentile(95, queue), -Math.log(0.05) * mean) &&
        close(shareSlowerThan(mean, queue), Math.exp(-1))
      )
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('many servers with hardly any load answer in the time of the service alone', async (t) => {
  const queue = { servers: 50, rate: 1, perServer: 10 }
  t.ok(close(meanResponse(queue), 0.1))
  t.ok(close(responsePercentile(95, queue), -Math.log(0.05) / 10))
})

t.test('too much load never ends', async (t) => {
  t.equal(meanWait({ servers: 2, rate: 100, perServer: 50 }), Infinity)
  t.equal(responsePercentile(95, { servers: 2, rate: 100, perServer: 50 }), Infinity)
})

t.test('the distribution falls, its percentile is its inverse, and its area is the mean', async (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 40 }),
    fc.double({ min: 0.05, max: 0.97, noNaN: true }),
    (servers, load) => {
      const queue = { servers, rate: load * servers * 10, perServer: 10 }
      const p95 = responsePercentile(95, queue)
      const steps = 4000
      const width = (20 * p95) / steps
      let area = 0
      for (let step = 0; step < steps; step++) area += width * shareSlowerThan((step + 0.5) * width, queue)
      return (
        close(shareSlowerThan(p95, queue), 0.05, 1e-6) &&
        close(area, meanResponse(queue), 0.01) &&
        responsePercentile(99, queue) > p95
      )
    },
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 50 }))
  // Where both exponentials of the formula are of the same length.
  t.ok(
    close(
      shareSlowerThan(0.1, { servers: 2, rate: 10, perServer: 10 }),
      shareSlowerThan(0.1, { servers: 2, rate: 10.0001, perServer: 10 }),
      1e-4,
    ),
  )
})
