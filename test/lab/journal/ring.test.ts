import t from 'tap'
import { createRing } from '../../../src/lab/journal/ring.js'
import { fc } from '../../fixtures/property.js'

t.test('it keeps the last ones, never more than its number and its bytes allow, and counts the others', async () => {
  const operation = fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 9 }) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: -20, max: -1 }) },
  )
  const limits = fc.record({ entries: fc.nat(20), bytes: fc.nat(40) })
  fc.assert(
    fc.property(limits, fc.array(operation, { maxLength: 120 }), (limits, sizes) => {
      const ring = createRing<{ readonly number: number; readonly size: number }>(limits)
      let [pushed, cleared, removed] = [0, 0, 0]
      return sizes.every((size, number) => {
        if (size < 0) {
          const before = ring.items()
          const chosen = before[-size - 1]
          if (chosen === undefined) return !ring.remove({ number, size })
          removed++
          const others = before.filter((item) => item !== chosen)
          const isLeft = ring.remove(chosen) && others.every((item, index) => ring.items()[index] === item)
          return isLeft && ring.count() === others.length && !ring.remove(chosen)
        }
        if (size === 0) {
          ring.clear()
          ;[cleared, removed] = [pushed, 0]
          return ring.items().length === 0 && ring.bytes() === 0 && ring.dropped() === 0
        }
        ring.push({ number, size }, size)
        pushed++
        const items = ring.items()
        const sum = items.reduce((bytes, item) => bytes + item.size, 0)
        const inOrder = items.every((item, index) => index === 0 || item.number > (items[index - 1]?.number ?? -1))
        const fits = size <= limits.bytes && limits.entries > 0
        return (
          ring.count() === items.length &&
          ring.bytes() === sum &&
          sum <= limits.bytes &&
          items.length <= limits.entries &&
          inOrder &&
          ring.dropped() + removed + items.length === pushed - cleared &&
          (items.at(-1)?.number === number) === fits
        )
      })
    }),
  )
})

t.test('it keeps as many as it can', async (t) => {
  const ring = createRing<number>({ entries: 1000, bytes: 3000 })
  for (let number = 1; number <= 2500; number++) ring.push(number, 3)
  t.equal(ring.count(), 1000)
  t.same([ring.items()[0], ring.items().at(-1)], [1501, 2500])
  t.equal(ring.dropped(), 1500)
})

t.test('who listens is told at once, also of what is too large to be kept, until they end it', async (t) => {
  const ring = createRing<string>({ entries: 2, bytes: 10 })
  const heard: string[] = []
  const stop = ring.onPush((item) => heard.push(item))
  ring.push('one', 1)
  ring.push('huge', 11)
  stop()
  ring.push('two', 1)
  t.same(heard, ['one', 'huge'])
  t.same(ring.items(), ['one', 'two'])
})
