/** Timers, real ones and those that tests move: the two do the same. */
import t from 'tap'
import { pause, systemTimers } from '../src/effects.js'
import { testClock } from './fixtures/test-clock.js'

t.test('real timers run once or again and again, until they are stopped', async (t) => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    const never = systemTimers.after(0, () => void order.push('never'))
    never.stop()
    const again = systemTimers.every(1, () => {
      order.push('again')
      if (order.length < 3) return
      again.stop()
      resolve()
    })
  })
  t.same(order, ['again', 'again', 'again'])
  await pause(systemTimers, 1)
})

t.test('the clock of a test runs what is due in order of time, and what that sets', async (t) => {
  const clock = testClock('2026-01-01T00:00:00Z')
  const order: string[] = []
  const note = (what: string) => () => void order.push(`${what} ${clock.monotonic()}`)
  clock.after(20, note('b'))
  clock.after(10, () => {
    note('a')()
    clock.after(10, note('c'))
    void pause(clock, 5).then(note('after a pause'))
  })
  const again = clock.every(15, note('again'))
  clock.after(12, note('stopped')).stop()
  await clock.advance(9)
  t.same(order, [])
  t.same(clock.timers(), [1, 6, 11])
  await clock.advance(21)
  t.same(order, ['a 10', 'again 15', 'after a pause 15', 'b 20', 'c 20', 'again 30'])
  t.same(clock.now(), new Date('2026-01-01T00:00:00.030Z'))
  again.stop()
  await clock.advance(1000)
  t.equal(order.length, 6)
})

t.test('a pause ends with its signal, and leaves no timer behind', async (t) => {
  const clock = testClock()
  const stop = new AbortController()
  const paused = pause(clock, 1000, stop.signal)
  await clock.untilTimer(1000)
  stop.abort()
  await paused
  await pause(clock, 1000, stop.signal)
  t.same(clock.timers(), [])
})
