/** Documents are read and written behind the answers; while the database is away they wait, as many as there is room for. */
import t from 'tap'
import { documentKeeper } from '../../../src/lab/documents/keeper.js'
import type { KeptDocument } from '../../../src/lab/documents/kept-document.js'
import { labMachine } from '../../../src/xrml/lab-hierarchy.js'
import { testClock } from '../../fixtures/test-clock.js'
import { ended } from '../journal/exchanges.js'

const chain = labMachine('alice-pc-mode2').chain.map(({ text }) => text)
const [first = '', second = ''] = chain
const at = (number: number, body: string) =>
  ended({ requestId: `mim-${number}`, ended: number, time: new Date(Date.UTC(2026, 0, number)), request: { body } })

function keeping(mostWaiting?: number) {
  const clock = testClock('2026-01-01T00:00:00.000Z')
  const kept: (readonly KeptDocument[])[] = []
  const told: string[] = []
  const shelf = {
    isAway: false,
    keep: async (documents: readonly KeptDocument[]) => {
      if (shelf.isAway) throw new Error('away')
      kept.push(documents)
    },
  }
  const keeper = documentKeeper({
    node: 'root-1',
    shelf,
    timers: clock,
    ...(mostWaiting === undefined ? {} : { mostWaiting }),
    onTrouble: (error) => told.push((error as Error).message),
    onFull: () => told.push('full'),
  })
  return { clock, kept, told, shelf, keeper }
}

t.test('what passed is written once a second, each document once, and nothing when nothing passed', async (t) => {
  const { clock, kept, keeper } = keeping()
  for (let number = 1; number <= 25; number++) keeper.add(...at(number, `<a>${first}${first}${second}</a>`))
  t.same([kept.length, clock.timers().length], [0, 1], 'nothing is done before the answer is out')
  await clock.advance(1000)
  await keeper.flush()
  t.match(kept, [
    [
      {
        kind: 'SPC',
        text: first,
        seen: 25,
        first: '2026-01-01T00:00:00.000Z',
        last: '2026-01-25T00:00:00.000Z',
        ended: 25,
        firstExchange: 'root-1.mim-1',
        lastExchange: 'root-1.mim-25',
      },
      { text: second, seen: 25 },
    ],
  ])
  keeper.add(...at(26, '<a/>'))
  await keeper.flush()
  t.equal(kept.length, 1, 'there was none in it')
  await clock.advance(1000)
  t.same(clock.timers(), [])
})

t.test('while nothing takes them they wait, and are there when it does again', async (t) => {
  const { clock, kept, told, shelf, keeper } = keeping()
  shelf.isAway = true
  keeper.add(...at(1, first))
  await t.rejects(keeper.flush(), { message: 'away' })
  await clock.advance(1000)
  await keeper.flush().catch(() => undefined)
  keeper.add(...at(2, first))
  await clock.advance(1000)
  await keeper.flush().catch(() => undefined)
  t.same([told, keeper.backlog()], [['away'], { waiting: 2, missed: 0 }], 'told once')
  shelf.isAway = false
  await clock.advance(1000)
  await keeper.flush()
  t.match(kept, [[{ text: first, seen: 2 }]])
  t.same(keeper.backlog(), { waiting: 0, missed: 0 })
})

t.test('more than there is room for is missed, and counted', async (t) => {
  const { kept, told, shelf, keeper } = keeping(2.5 * first.length)
  shelf.isAway = true
  for (const number of [1, 2, 3, 4]) keeper.add(...at(number, first))
  t.same([told, keeper.backlog()], [['full'], { waiting: 2, missed: 2 }])
  await t.rejects(keeper.flush(), { message: 'away' })
  keeper.add(...at(5, first))
  t.equal(keeper.backlog().missed, 2, 'read, the same document needs no more room than once')
  shelf.isAway = false
  await keeper.flush()
  t.match(kept, [[{ seen: 3 }]])
  for (const number of [6, 7, 8]) keeper.add(...at(number, first))
  t.same([told, keeper.backlog()], [['full', 'full'], { waiting: 2, missed: 3 }])
})

t.test('what is forgotten is not written, what is closed is', async (t) => {
  const { clock, kept, keeper } = keeping()
  keeper.add(...at(1, first))
  await keeper.forget()
  keeper.add(...at(2, second))
  await keeper.close()
  t.match(kept, [[{ text: second }]])
  t.same(clock.timers(), [])
})

t.test('a close while the database is away ends, and says what is lost', async (t) => {
  const { told, shelf, keeper } = keeping()
  shelf.isAway = true
  keeper.add(...at(1, first))
  await keeper.close()
  t.same(told, ['away'])
})
