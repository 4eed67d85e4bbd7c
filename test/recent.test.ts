import t from 'tap'
import { recentMap } from '../src/recent.js'
import { fc } from './fixtures/property.js'

t.test('the sum of sizes never exceeds the limit, and what was set last is there unless it is too large', async () => {
  const operation = fc.record({ key: fc.nat(8), size: fc.integer({ min: 1, max: 6 }), asked: fc.nat(8) })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const map = recentMap<number, number>(5)
      return operations.every(({ key, size, asked }) => {
        map.set(key, size, size)
        const isThere = map.get(key) === (size <= 5 ? size : undefined)
        map.get(asked)
        const sum = Array.from({ length: 9 }, (_, index) => map.get(index) ?? 0).reduce((total, one) => total + one, 0)
        return isThere && sum <= 5
      })
    }),
  )
})

t.test('what is asked for stays, what is not goes', async (t) => {
  const map = recentMap<string, number>(3)
  for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index)
  map.get('a')
  map.set('d', 3)
  t.equal(map.get('a'), 0)
  t.equal(map.get('b'), undefined)
  t.same([map.get('c'), map.get('d')], [2, 3])
})
