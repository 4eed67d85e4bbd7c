/** Arrival schedules: as many as the shape asks for, in order, where the shape has them. */
import t from 'tap'
import { arrivalTimes } from '../../src/sizing/arrivals.js'
import { seededChance } from '../../src/sizing/chance.js'
import { expectedArrivals, rateAt, shapeNames, timeOfArrival, type LoadShape } from '../../src/sizing/load-shape.js'
import { percentileOf, summaryOf } from '../../src/sizing/percentiles.js'
import { capacityLimits, parseCapacity, serviceSeconds } from '../../src/sizing/emulated-server.js'
import { fc } from '../fixtures/property.js'

const anyShape = fc.record({
  name: fc.constantFrom(...shapeNames),
  highestRate: fc.double({ min: 0.5, max: 200, noNaN: true }),
  seconds: fc.double({ min: 1, max: 100, noNaN: true }),
})

t.test('even arrivals are as many as expected, ascending, and within the run', async (t) => {
  const property = fc.property(anyShape, (shape) => {
    const times = [...arrivalTimes(shape, 'even', seededChance(1))]
    const inOrder = times.every((time, index) => time >= (times[index - 1] ?? 0) && time <= shape.seconds * (1 + 1e-9))
    return inOrder && Math.abs(times.length - expectedArrivals(shape)) <= 1
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('the time of an arrival is where the area under the rate reaches its number', async (t) => {
  const property = fc.property(anyShape, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (shape, share) => {
    const wanted = share * expectedArrivals(shape)
    const time = timeOfArrival(shape, wanted) ?? NaN
    const steps = 20_000
    let area = 0
    for (let step = 0; step < steps; step++) area += (time / steps) * rateAt(shape, ((step + 0.5) / steps) * time)
    return Math.abs(area - wanted) <= 1e-3 * expectedArrivals(shape)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 40 }))
})

t.test('a day has a third of its peak on average, a ramp half, a constant load all of it', async (t) => {
  const shape = (name: LoadShape['name']): LoadShape => ({ name, highestRate: 30, seconds: 10 })
  t.ok(Math.abs(expectedArrivals(shape('daily')) - 100) < 0.1, String(expectedArrivals(shape('daily'))))
  t.ok(Math.abs(expectedArrivals(shape('ramp')) - 150) < 1e-9)
  t.ok(Math.abs(expectedArrivals(shape('constant')) - 300) < 1e-9)
  t.equal(rateAt(shape('spike'), 1), 3)
  t.equal(Math.round(rateAt(shape('spike'), 2.1)), 30)
})

t.test('poisson arrivals are independent: their number varies as it must, and the gaps are exponential', async (t) => {
  const shape = { name: 'constant', highestRate: 100, seconds: 100 } as const
  const times = [...arrivalTimes(shape, 'poisson', seededChance(5))]
  t.ok(Math.abs(times.length - 10_000) < 400, String(times.length))
  const gaps = summaryOf(times.slice(1).map((time, index) => time - (times[index] ?? 0)))
  t.ok(Math.abs(gaps.mean - 0.01) < 0.0004)
  t.ok(Math.abs(gaps.p50 - 0.01 * Math.LN2) < 0.0004)
  t.ok(Math.abs(gaps.p95 + 0.01 * Math.log(0.05)) < 0.0015)
  t.same(times, [...arrivalTimes(shape, 'poisson', seededChance(5))], 'the same seed gives the same schedule')
})

t.test('percentiles are values that occurred, by nearest rank', async (t) => {
  const values = [15, 20, 35, 40, 50]
  t.same(
    [5, 30, 40, 50, 100].map((percentage) => percentileOf(values, percentage)),
    [15, 20, 20, 35, 50],
  )
  t.ok(Number.isNaN(percentileOf([], 50)))
  t.match(summaryOf([3, 1, 2]), { count: 3, mean: 2, p50: 2, highest: 3 })
  const property = fc.property(
    fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
    fc.double({ min: 0.1, max: 100, noNaN: true }),
    (values, percentage) => {
      const found = percentileOf(Float64Array.from(values).toSorted(), percentage)
      const atMost = values.filter((value) => value <= found).length
      return values.includes(found) && atMost / values.length >= percentage / 100 - 1e-9
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('a capacity is a rate or the name of a published server', async (t) => {
  t.equal(parseCapacity('50'), 50)
  t.equal(parseCapacity('12.5'), 12.5)
  t.equal(parseCapacity('windows-2003'), 50)
  t.equal(parseCapacity('windows-2003-low'), 30)
  for (const wrong of ['', '0', '0.001', '-5', '1e3', '50/s', 'windows', '1000000', '9'.repeat(400)])
    t.equal(parseCapacity(wrong), undefined, wrong.slice(0, 20))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        const rate = parseCapacity(text)
        return rate === undefined || (rate >= capacityLimits.minimum && rate <= capacityLimits.maximum)
      }),
    ),
  )
})

t.test('service times are all the same, or exponential around the same mean', async (t) => {
  const chance = seededChance(2)
  const server = { operationsPerSecond: 20, queueLimit: 10 }
  t.equal(serviceSeconds({ ...server, serviceDistribution: 'fixed' }, chance), 0.05)
  const drawn = summaryOf(
    Array.from({ length: 20_000 }, () => serviceSeconds({ ...server, serviceDistribution: 'exponential' }, chance)),
  )
  t.ok(Math.abs(drawn.mean - 0.05) < 0.002 && Math.abs(drawn.p50 - 0.05 * Math.LN2) < 0.002)
})
