/** The clock of the forest: its settings, and what it says by them. */
import t from 'tap'
import { createLabClock, timeBy } from '../../src/lab/clock.js'
import { advanced, parseClockSetting, realClock, type ClockSetting } from '../../src/lab/clock-setting.js'
import { formatInstant } from '../../src/lab/instant.js'
import { testClock } from '../fixtures/test-clock.js'

const real = '2026-01-02T03:04:05Z'

t.test('it follows its setting, and durations stay real', async (t) => {
  const machine = testClock(real)
  const clock = createLabClock(machine)
  const says = (): string => formatInstant(clock.now())
  t.equal(says(), real)
  t.ok(clock.isReal())
  clock.follow({ mode: 'offset', by: '-PT5M' })
  t.equal(says(), '2026-01-02T02:59:05Z')
  await machine.advance(1000)
  t.equal(says(), '2026-01-02T02:59:06Z', 'it runs')
  clock.follow({ mode: 'offset', by: 'P1M' })
  t.equal(says(), '2026-02-02T03:04:06Z')
  clock.follow({ mode: 'frozen', at: '2030-01-01T00:00:00Z' })
  await machine.advance(1000)
  t.equal(says(), '2030-01-01T00:00:00Z', 'it stands')
  clock.now().setUTCFullYear(1999)
  t.equal(says(), '2030-01-01T00:00:00Z', 'whatever is done to what it gave')
  t.notOk(clock.isReal())
  t.equal(clock.monotonic(), 2000, 'durations stay real')
  clock.follow(realClock)
  t.equal(says(), '2026-01-02T03:04:07Z')
})

t.test('one that steps goes on with each request of the installation, and never back', async (t) => {
  const clock = createLabClock(testClock(real))
  const says = (): string => formatInstant(clock.now())
  clock.follow({ mode: 'step', at: '2026-01-01T00:00:00Z', by: 'PT1S', from: 40 })
  t.ok(clock.steps())
  t.equal(says(), '2026-01-01T00:00:00Z')
  clock.stepTo(41)
  t.equal(says(), '2026-01-01T00:00:01Z')
  clock.stepTo(45)
  clock.stepTo(43)
  t.equal(says(), '2026-01-01T00:00:05Z', 'a step that was told late is no step back')
  clock.follow({ mode: 'step', at: '2026-06-01T00:00:00Z', by: '-P1D', from: 45 })
  t.equal(says(), '2026-06-01T00:00:00Z', 'set anew, it counts from there')
  clock.stepTo(46)
  t.equal(says(), '2026-05-31T00:00:00Z')
  t.equal(
    formatInstant(timeBy({ mode: 'step', at: real, by: 'PT1S', from: 3 }, testClock(real), 5)),
    '2026-01-02T03:04:07Z',
  )
})

t.test('a server may differ from the forest', async (t) => {
  const clock = createLabClock(testClock(real))
  clock.follow(realClock, 'PT10M')
  t.equal(formatInstant(clock.now()), '2026-01-02T03:14:05Z')
  t.notOk(clock.isReal())
  clock.follow({ mode: 'frozen', at: '2030-01-01T00:00:00Z' }, '-PT1H')
  t.equal(formatInstant(clock.now()), '2029-12-31T23:00:00Z')
})

t.test('later by so much: a clock that stands stands there, one that runs runs on', async (t) => {
  const realNow = new Date(real)
  const later = (setting: ClockSetting, by: string, steps = 0): ClockSetting =>
    advanced(setting, by, { now: timeBy(setting, testClock(real), steps), realNow, steps })
  t.same(later(realClock, 'P366D'), { mode: 'offset', by: 'P366D' })
  t.same(later({ mode: 'offset', by: '-PT5M' }, 'PT5M'), realClock, 'back at the real time it is real')
  t.same(later({ mode: 'offset', by: 'P1M' }, 'P1M'), { mode: 'offset', by: 'P59D' })
  t.same(later({ mode: 'frozen', at: '2026-01-31T00:00:00Z' }, 'P1M'), { mode: 'frozen', at: '2026-02-28T00:00:00Z' })
  t.same(later({ mode: 'step', at: '2026-01-01T00:00:00Z', by: 'PT1S', from: 2 }, 'PT1M', 7), {
    mode: 'step',
    at: '2026-01-01T00:01:05Z',
    by: 'PT1S',
    from: 7,
  })
  t.throws(() => later(realClock, 'P9000Y'), { name: 'LabInputError', message: /1970 to 8999/ })
  t.throws(() => later(realClock, '366D'), { message: /Did you mean "P366D"/ })
})

t.test('what is asked for is read strictly, and what is wrong says what would be right', async (t) => {
  const read = (value: unknown): ClockSetting => parseClockSetting(value, new Date(real), 9)
  t.same(read({ mode: 'real' }), realClock)
  t.same(read({ mode: 'offset', by: 'PT60M' }), { mode: 'offset', by: 'PT60M' })
  t.same(read({ mode: 'frozen', at: '2026-01-01T01:00:00+01:00' }), { mode: 'frozen', at: '2026-01-01T00:00:00Z' })
  t.same(read({ mode: 'step', at: '2026-01-01T00:00:00Z', by: 'PT1S' }), {
    mode: 'step',
    at: '2026-01-01T00:00:00Z',
    by: 'PT1S',
    from: 9,
  })
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [{}, /mode of the clock is missing: "real", "offset", "frozen", "step"/],
    [{ mode: 'ofset', by: 'PT1S' }, /cannot be "ofset": did you mean "offset"\?/],
    [{ mode: 'sundial' }, /it is one of "real", "offset", "frozen", "step"/],
    [{ mode: 7 }, /cannot be 7/],
    [{ mode: 'offset' }, /"by" of the clock is missing/],
    [{ mode: 'offset', by: '5m' }, /Did you mean "PT5M"/],
    [{ mode: 'offset', by: 'P9000Y' }, /1970 to 8999/],
    [{ mode: 'offset', by: '-P100Y' }, /1970 to 8999/],
    [{ mode: 'offset', by: 'PT1S', at: real }, /of mode "offset" has no member "at"/],
    [{ mode: 'frozen', at: '2026-01-01' }, /Did you mean "2026-01-01T00:00:00Z"/],
    [{ mode: 'frozen', att: real }, /no member "att": did you mean "at"\?/],
    [{ mode: 'real', by: 'PT1S' }, /of mode "real" has no member "by"/],
    [{ mode: 'step', at: real, by: 'PT0S' }, /"frozen" for a clock that stands/],
    [{ mode: 'step', at: real, by: 'PT1S', from: 3 }, /no member "from"/],
    ['real', /must be an object with "mode", "by", "at"/],
    [null, /must be an object/],
    [[], /must be an object/],
  ]
  for (const [value, message] of refused)
    t.throws(() => read(value), { name: 'LabInputError', message }, JSON.stringify(value))
})
