import t from 'tap'
import { createArena, looseBody, type KeptBody } from '../../../src/lab/journal/arena.js'
import { fc } from '../../fixtures/property.js'

t.test('what is within its capacity is as it was given, what is farther back is empty', async () => {
  const body = fc.oneof(
    fc.string({ maxLength: 12, unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 12 }),
    fc.constant(undefined),
  )
  const capacity = fc.integer({ min: 0, max: 60 })
  fc.assert(
    fc.property(capacity, fc.array(body, { maxLength: 80 }), (capacity, bodies) => {
      const arena = createArena(capacity)
      const written = bodies.map((given) => {
        const length = arena.write(given)
        const start = arena.end() - (length ?? 0)
        return {
          given: Buffer.from(given ?? ''),
          start,
          kept: length === undefined ? undefined : arena.kept(start, length),
        }
      })
      return written.every(({ given, start, kept }) => {
        if (kept === undefined) return given.length > capacity
        const found = Buffer.from(kept.bytes())
        const isThere = start >= arena.end() - capacity
        return kept.length === given.length && (isThere ? found.equals(given) : found.length === 0)
      })
    }),
  )
})

t.test('each stands in one piece, and is written wherever it fits, to the last octet', async (t) => {
  const arena = createArena(64)
  t.equal(arena.write('ä'.repeat(32)), 64, 'though three octets for each character would be too many')
  t.equal(arena.write(`${'ä'.repeat(32)}b`), undefined, 'one octet too many')
  t.equal(arena.end(), 64, 'and nothing was done')
  arena.write(new Uint8Array(40))
  arena.write('a'.repeat(25))
  t.equal(arena.end(), 153, 'it begins at the front again')
})

t.test('text is UTF-8, and what was never kept takes no memory', async (t) => {
  const arena = createArena(2 ** 28)
  const kept = (text: string | undefined): KeptBody => {
    const length = arena.write(text) ?? -1
    return arena.kept(arena.end() - length, length)
  }
  t.equal(kept('Zoë').text(), 'Zoë')
  t.equal(kept('Zoë').length, 4)
  t.equal(kept(undefined).text(), '')
  t.equal(looseBody('Zoë').length, 4)
  t.equal(looseBody('Zoë').text(), 'Zoë')
  t.equal(looseBody(undefined).text(), '')
})
