import t from 'tap'
import { createArena } from '../../../src/lab/journal/arena.js'
import { fc } from '../../fixtures/property.js'

t.test('what is within its capacity is as it was given, what is farther back is empty', async () => {
  const body = fc.oneof(
    fc.string({ maxLength: 12, unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 12 }),
    fc.constant(undefined),
  )
  const capacity = fc.integer({ min: 1, max: 60 })
  fc.assert(
    fc.property(capacity, fc.array(fc.tuple(body, body), { maxLength: 40 }), (capacity, pairs) => {
      const arena = createArena(capacity)
      const placed = pairs.map((pair) => ({ pair, place: arena.keep(...pair) }))
      let behind = 0
      return placed.toReversed().every(({ pair, place }) => {
        const octets = pair.map((one) => Buffer.from(one ?? ''))
        const length = octets.reduce((sum, one) => sum + one.length, 0)
        if (place === undefined) return length > capacity
        behind += place.span
        const isThere = behind <= capacity
        return place.kept.every((kept, index) => {
          const given = octets[index] ?? Buffer.alloc(0)
          const found = Buffer.from(kept.bytes())
          // What is written over in part may be there still, whole or not at all.
          return kept.length === given.length && (found.equals(given) || (!isThere && found.length === 0))
        })
      })
    }),
  )
})

t.test('text is UTF-8, and what was never kept takes no memory', async (t) => {
  const arena = createArena(2 ** 28)
  const [one, none] = arena.keep('Zoë', undefined)?.kept ?? []
  t.equal(one?.text(), 'Zoë')
  t.equal(one?.length, 4)
  t.equal(none?.text(), '')
  t.equal(createArena(3).keep('Zoë'), undefined)
})
