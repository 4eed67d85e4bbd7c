import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { createRing, type RingLimits } from '../../../src/lab/journal/ring.js'
import { fc } from '../../fixtures/property.js'

interface Item {
  readonly number: number
  readonly asked: string
  readonly answered: string
}

const ringOf = (limits: RingLimits) =>
  createRing<number, Item>({
    limits,
    write: (number) => [`#${number}`, number % 3 === 0 ? 'rare' : undefined],
    read: ([asked, answered, common]) => ({
      number: Number(common.text().slice(1)),
      asked: asked.text(),
      answered: answered.text(),
    }),
  })
const octetsOf = ({ number, asked, answered }: Item): number =>
  asked.length + answered.length + `#${number}`.length + (number % 3 === 0 ? 4 : 0)
const letters = (number: number, length: number): string =>
  String.fromCharCode(97 + (number % 26)).repeat(Math.max(length, 0))

t.test('it keeps the last ones, never more than its number and its bytes allow, and counts the others', async () => {
  const operation = fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 30 }) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: -20, max: -1 }) },
  )
  const limits = fc.record({ entries: fc.nat(60), bytes: fc.nat(1500) })
  const readEach = fc.constantFrom(1, 7, 50)
  fc.assert(
    fc.property(limits, fc.array(operation, { maxLength: 200 }), readEach, (limits, lengths, each) => {
      const ring = ringOf(limits)
      let [pushed, cleared, removed] = [0, 0, 0]
      return lengths.every((length, number) => {
        if (length < 0) {
          const before = ring.items()
          const chosen = before[-length - 1]
          if (chosen === undefined) return !ring.remove({ number, asked: '', answered: '' })
          removed++
          const others = before.filter((item) => item !== chosen)
          const isLeft = ring.remove(chosen) && others.every((item, index) => ring.items()[index] === item)
          return isLeft && ring.count() === others.length && !ring.remove(chosen)
        }
        if (length === 0) {
          ring.clear()
          ;[cleared, removed] = [pushed, 0]
          return ring.items().length === 0 && ring.dropped() === 0
        }
        const item = { number, asked: letters(number, length), answered: letters(number + 1, length - 5) }
        ring.push(number, item.asked, item.answered)
        pushed++
        if (number % each > 0) return true
        const items = ring.items()
        const sum = items.reduce((octets, one) => octets + octetsOf(one), 0)
        const inOrder = items.every((one, index) => index === 0 || one.number > (items[index - 1]?.number ?? -1))
        const asGiven = items.every((one) => {
          const given = lengths[one.number] ?? 0
          return one.asked === letters(one.number, given) && one.answered === letters(one.number + 1, given - 5)
        })
        // What is left out at the end of the memory counts too: half of it holds any record for sure.
        const mustBeThere = limits.entries > 0 && 2 * octetsOf(item) <= limits.bytes
        const isThere = items.at(-1)?.number === number
        return (
          ring.count() === items.length &&
          sum <= limits.bytes &&
          items.length <= limits.entries &&
          inOrder &&
          asGiven &&
          ring.dropped() + removed + items.length === pushed - cleared &&
          (isThere || !mustBeThere) &&
          (!isThere || octetsOf(item) <= limits.bytes)
        )
      })
    }),
  )
})

t.test('it keeps as many as it can', async (t) => {
  const ring = ringOf({ entries: 1000, bytes: 24_000 })
  for (let number = 1; number <= 2500; number++) ring.push(number, 'abc', undefined)
  t.equal(ring.count(), 1000)
  t.same(
    [ring.items()[0], ring.items().at(-1)].map((item) => item?.number),
    [1501, 2500],
  )
  t.equal(ring.dropped(), 1500)
  for (let number = 2501; number <= 2600; number++) ring.push(number, 'x'.repeat(1000), 'y')
  t.equal(ring.items().length, 22, 'those of a thousand octets, without the one that stood at the end of the memory')
  t.equal(ring.items().at(-1)?.asked, 'x'.repeat(1000))
})

t.test('who listens is told at once, also of what is too large to be kept, until they end it', async (t) => {
  const ring = ringOf({ entries: 2, bytes: 64 })
  const heard: Item[] = []
  const stop = ring.onPush((item) => heard.push(item))
  ring.push(1, 'one', '')
  ring.push(2, 'huge'.repeat(20), 'small')
  stop()
  ring.push(3, 'two', '')
  t.same(heard, [
    { number: 1, asked: 'one', answered: '' },
    { number: 2, asked: 'huge'.repeat(20), answered: 'small' },
  ])
  t.same(
    ring.items().map(({ asked }) => asked),
    ['one', 'two'],
  )
  t.equal(ring.items()[0], heard[0], 'who listens and who reads get the same')
  t.equal(ring.dropped(), 1)
})

t.test('who begins to listen while others wait to be written is told what comes next, however large', async (t) => {
  const ring = ringOf({ entries: 2, bytes: 64 })
  const heard: number[] = []
  ring.push(1, 'one', '')
  ring.onPush(({ number }) => heard.push(number))
  ring.push(2, 'huge'.repeat(20), 'small')
  ring.push(4, 'two', '')
  t.same(heard, [2, 4])
})

t.test('what cannot be written is left out and counted, and hinders no other', async (t) => {
  for (const isHeard of [false, true]) {
    const ring = createRing<unknown, unknown>({
      limits: { entries: 40, bytes: 4000 },
      write: (facts) => ['one', serialize(facts)],
      read: ([, , , rare]) => deserialize(rare.bytes()) as unknown,
    })
    const heard: unknown[] = []
    if (isHeard) ring.onPush((item) => heard.push(item))
    const pushed = [1, () => 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, () => 12]
    for (const facts of pushed) ring.push(facts, 'asked', 'answered')
    ring.push(() => 13, 'asked'.repeat(1000), 'too large as well')
    const those = [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    t.same(ring.items(), those)
    t.same(heard, isHeard ? those : [])
    t.equal(ring.count(), those.length)
    t.equal(ring.dropped(), 3)
  }
})

t.test('records without bodies, and some that wait to be written, are told apart', async (t) => {
  const ring = ringOf({ entries: 40, bytes: 4000 })
  for (let number = 1; number <= 50; number++) ring.push(number, undefined, undefined)
  t.same(
    ring.items().map(({ number }) => number),
    Array.from({ length: 40 }, (_, index) => index + 11),
  )
  const few = ringOf({ entries: 3, bytes: 4000 })
  for (let number = 1; number <= 9; number++) few.push(number, undefined, undefined)
  t.same(
    few.items().map(({ number }) => number),
    [7, 8, 9],
  )
  t.equal(few.dropped(), 6)
})
