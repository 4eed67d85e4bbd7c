/** A process that dies is started again, a little later each time: on a clock that the test moves. */
import { getEventListeners } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import { startChild, type Child } from '../../src/installation/child.js'
import { supervise } from '../../src/installation/supervised.js'
import { testClock } from '../fixtures/test-clock.js'

/** Starts of a process that dies when the test says so; those of the list fail. */
function dying(failing: readonly number[]) {
  let starts = 0
  let die = (): void => undefined
  const start = async (): Promise<Child> => {
    const pid = ++starts
    if (failing.includes(pid)) throw new Error(`start ${pid} fails`)
    const ended = new Promise<string>((resolve) => {
      die = () => resolve('signal SIGKILL')
    })
    return { pid, ready: {}, ended, stop: async () => die(), kill: () => die() }
  }
  return { start, starts: () => starts, die: () => die() }
}

t.test('it is started again after 100 ms, then twice as late each time, at the latest after 5 s', async (t) => {
  const clock = testClock()
  const process = dying([3, 4, 5, 6, 7, 8, 9])
  const log = pino({ level: 'silent' })
  const restarted: number[] = []
  const supervised = await supervise({
    name: 'root-1',
    start: process.start,
    restart: true,
    log,
    clock,
    timers: clock,
    onRestart: async ({ pid }) => void restarted.push(pid),
  })
  process.die()
  await clock.untilTimer(100)
  t.equal(supervised.child(), undefined)
  await clock.advance(99)
  t.equal(process.starts(), 1)
  await clock.advance(1)
  t.same([supervised.child()?.pid, restarted], [2, [2]])

  process.die()
  for (const delay of [200, 400, 800, 1600, 3200, 5000, 5000]) {
    await clock.untilTimer(delay)
    await clock.advance(delay)
  }
  t.equal(process.starts(), 9)
  await clock.advance(5000)
  t.equal(supervised.child()?.pid, 10)

  await clock.advance(10_001)
  process.die()
  await clock.untilTimer(100)
  await supervised.stop()
  t.same([process.starts(), clock.timers()], [10, []], 'who is stopped is not started again')
})

t.test('one that ends while it waits for the word to begin is noticed at once, with its reason', async (t) => {
  const { signal } = new AbortController()
  const starting = startChild({
    args: ['node', '--json', '--db', 'nowhere'],
    begin: new Promise(() => undefined),
    timers: testClock(),
    signal,
  })
  t.equal(getEventListeners(signal, 'abort').length, 1)
  await t.rejects(starting, { name: 'ChildFailed', message: /^node did not start: Say which cluster to join: / })
  t.equal(getEventListeners(signal, 'abort').length, 0, 'nothing of a start stays with the signal')
})

t.test('the signal ends one that waits, and is heard no more', async (t) => {
  const cut = new AbortController()
  const starting = startChild({
    args: ['node', '--json', '--db', 'nowhere', '--cluster', 'root'],
    begin: new Promise(() => undefined),
    timers: testClock(),
    signal: cut.signal,
  })
  cut.abort(new Error('enough'))
  await t.rejects(starting, { message: 'enough' })
  t.equal(getEventListeners(cut.signal, 'abort').length, 0)
})
