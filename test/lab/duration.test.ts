/** Durations and instants of the lab. */
import t from 'tap'
import { addDuration, durationOf, formatDuration, millisecondsOf, parseDuration } from '../../src/lab/duration.js'
import { LabInputError } from '../../src/lab/input-error.js'
import { formatInstant, parseInstant } from '../../src/lab/instant.js'
import { fc } from '../fixtures/property.js'

const after = (start: string, by: string, times?: number): string =>
  formatInstant(addDuration(new Date(start), parseDuration(by, 'by'), times))

t.test('a duration moves an instant as the calendar has it, in UTC', async (t) => {
  t.equal(after('2026-01-01T00:00:00Z', 'P366D'), '2027-01-02T00:00:00Z')
  t.equal(after('2026-01-01T00:00:00Z', '-PT5M'), '2025-12-31T23:55:00Z')
  t.equal(after('2026-01-01T00:00:00Z', '+PT1H30M0.5S'), '2026-01-01T01:30:00.500Z')
  t.equal(after('2026-01-31T12:00:00Z', 'P1M'), '2026-02-28T12:00:00Z', 'the last of February')
  t.equal(after('2024-02-29T12:00:00Z', 'P1Y'), '2025-02-28T12:00:00Z')
  t.equal(after('2024-02-29T12:00:00Z', '-P12M'), '2023-02-28T12:00:00Z')
  t.equal(after('2026-03-31T00:00:00Z', '-P1M1D'), '2026-02-27T00:00:00Z', 'months first, then days')
  t.equal(after('2026-01-01T00:00:00Z', 'P1Y2M3W4DT5H6M7S'), '2027-03-26T05:06:07Z')
  t.equal(after('2026-01-31T00:00:00Z', 'P1M', 2), '2026-03-31T00:00:00Z', 'two steps of a month are two months')
  t.equal(after('2026-01-01T00:00:00Z', 'PT0,25S', 3), '2026-01-01T00:00:00.750Z')
  t.equal(millisecondsOf(parseDuration('-P1DT1S', 'by')), -86_401_000)
  t.equal(millisecondsOf(parseDuration('P1M', 'by')), undefined)
})

t.test('what is no duration is refused, with the nearest one that is', async (t) => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    ['5m', /"by" is no duration: "5m"\. Did you mean "PT5M"\?/],
    ['366 days', /"P366D"/],
    ['P366', /such as PT5M/],
    ['366d', /"P366D"/],
    ['PT-5M', /"-PT5M"/],
    ['-5min', /"-PT5M"/],
    ['P5H', /"PT5H"/],
    ['PT1D', /"P1D"/],
    ['1y 2 months', /"P1Y2M"/],
    ['P1DT', /such as PT5M/],
    ['P', /such as PT5M/],
    ['PT', /such as PT5M/],
    ['', /such as PT5M/],
    ['P1.5D', /such as PT5M/],
    ['PT1.0001S', /such as PT5M/],
    [' PT5M', /"PT5M"/],
    ['tomorrow', /such as PT5M/],
    [5, /is no duration: 5/],
    [null, /is no duration: null/],
    [undefined, /"by" is missing/],
    ['1m'.repeat(500), /is no duration: ".{70,90}…/],
  ]
  for (const [value, message] of refused)
    t.throws(() => parseDuration(value, '"by"'), { name: 'LabInputError', message }, String(value).slice(0, 20))
})

const part = fc.integer({ min: 0, max: 5000 })
const durations = fc.record({
  sign: fc.constantFrom<1 | -1>(1, -1),
  years: fc.integer({ min: 0, max: 300 }),
  months: part,
  weeks: part,
  days: part,
  hours: part,
  minutes: part,
  seconds: fc.integer({ min: 0, max: 5_000_000 }).map((milliseconds) => milliseconds / 1000),
})
const instants = fc
  .integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(8999, 11, 31) })
  .map((milliseconds) => new Date(milliseconds))

t.test('what is written is read again', async () => {
  fc.assert(
    fc.property(durations, (duration) => {
      const text = formatDuration(duration)
      const read = parseDuration(text, 'it')
      const isNothing = text === 'PT0S'
      return isNothing || JSON.stringify(read) === JSON.stringify(duration)
    }),
  )
  fc.assert(
    fc.property(instants, (instant) => parseInstant(formatInstant(instant), 'it').getTime() === instant.getTime()),
  )
})

t.test('a span of milliseconds is the duration that leads over it', async () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e13, max: 1e13 }), instants, (milliseconds, start) => {
      const duration = durationOf(milliseconds)
      return (
        millisecondsOf(duration) === milliseconds &&
        addDuration(start, duration).getTime() === start.getTime() + milliseconds &&
        millisecondsOf(parseDuration(formatDuration(duration), 'it')) === milliseconds
      )
    }),
  )
})

t.test('whatever comes is a duration or a LabInputError, and so with instants', async () => {
  const pieces = fc.constantFrom(
    'P',
    'T',
    '-',
    '+',
    '1',
    '22',
    '.',
    ',',
    'Y',
    'M',
    'W',
    'D',
    'H',
    'S',
    'm',
    'days',
    ' ',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces).map((parts) => parts.join('')),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(texts, (text) => {
      for (const parse of [parseDuration, parseInstant]) {
        try {
          parse(text, 'it')
        } catch (error) {
          if (!(error instanceof LabInputError)) return false
        }
      }
      return true
    }),
  )
})

t.test('the duration that is proposed is one', async () => {
  const amounts = fc.integer({ min: 0, max: 9_999_999 })
  const words = fc.constantFrom('y', 'years', 'months', 'w', 'weeks', 'd', 'days', 'h', 'hours', 'm', 'min', 's', 'sec')
  fc.assert(
    fc.property(amounts, words, fc.constantFrom('', '-', 'P', 'PT'), (amount, word, before) => {
      try {
        parseDuration(`${before}${amount}${word}`, 'it')
      } catch (error) {
        const meant = /Did you mean "([^"]+)"/.exec((error as Error).message)?.[1]
        return meant !== undefined && formatDuration(parseDuration(meant, 'it')) === meant
      }
      return false
    }),
  )
})

t.test('an instant is read to the millisecond, with its zone', async (t) => {
  const read = (text: string): string => formatInstant(parseInstant(text, '"at"'))
  t.equal(read('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00Z')
  t.equal(read('2026-01-01T00:00Z'), '2026-01-01T00:00:00Z')
  t.equal(read('2026-01-01T01:30:00.25+01:30'), '2026-01-01T00:00:00.250Z')
})

t.test('what is no instant is refused, with the nearest one that is', async (t) => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    ['2026-01-01', /"at" is no instant: "2026-01-01"\. Did you mean "2026-01-01T00:00:00Z"\?/],
    ['2026-01-01 12:00', /"2026-01-01T12:00:00Z"/],
    ['2026-01-01T12:00:05', /"2026-01-01T12:00:05Z"/],
    ['2026-01-01T12:00:05+0100', /"2026-01-01T12:00:05\+01:00"/],
    ['2026-02-30T00:00:00Z', /Write one as/],
    ['2026-01-01T24:00:00Z', /Write one as/],
    ['2026-13-01', /Write one as/],
    ['now', /Write one as/],
    [1_767_225_600, /is no instant: 1767225600/],
    [undefined, /"at" is missing/],
    ['1969-12-31T23:59:59Z', /1970 to 8999/],
    ['9000-01-01T00:00:00Z', /1970 to 8999/],
  ]
  for (const [value, message] of refused)
    t.throws(() => parseInstant(value, '"at"'), { name: 'LabInputError', message }, String(value))
})
