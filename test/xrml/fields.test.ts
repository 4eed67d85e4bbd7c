import t from 'tap'
import { decryptZeroFilled } from '../../src/crypto/content-key.js'
import { readXml } from '../../src/xml/read.js'
import { element } from '../../src/xml/write.js'
import { readObject } from '../../src/xrml/body.js'
import { objectElement } from '../../src/xrml/elements.js'
import { decryptRightsData, encryptRightsData } from '../../src/xrml/rights-data.js'
import { readGrants, readTimeCondition, rightsGroup, type Grant } from '../../src/xrml/rights.js'
import { descriptorName, readDescriptorName } from '../../src/xrml/template.js'
import { formatTime, isWithin, parseTime, rangeElement, readRange, toMinute } from '../../src/xrml/times.js'
import { fc } from '../fixtures/property.js'

/** Text that XML carries unchanged. */
const carried = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((value) => value.replace(/[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]/g, '').toWellFormed())
const trimmed = carried.map((value) => value.trim())
const anyTime = fc.date({
  min: new Date('0000-01-01T00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
})
const range = fc.record({ from: anyTime, until: anyTime })

t.test('a time comes back to the minute', async () => {
  fc.assert(fc.property(anyTime, (time) => parseTime(formatTime(time))?.getTime() === toMinute(time).getTime()))
})

t.test('times that are none are not read', async (t) => {
  const none = [
    '',
    'now',
    '2026-13-01T00:00',
    '2026-02-30T00:00',
    '2026-01-01T24:00',
    '2026-01-01T00:60',
    '2026-01-01',
    '2026-01-01 00:00',
    '2026-01-01T00:00+01:00',
    '+010000-01-01T00:00',
    undefined,
  ]
  for (const value of none) t.equal(parseTime(value), undefined, String(value))
  t.equal(parseTime(' 2024-02-29T23:59:30Z\n')?.toISOString(), '2024-02-29T23:59:30.000Z')
})

t.test('a range comes back, and ends before its end', async () => {
  fc.assert(
    fc.property(range, (times) => {
      const read = readRange(readXml(rangeElement('RANGETIME', times)))
      return (
        read?.from.getTime() === toMinute(times.from).getTime() &&
        read.until.getTime() === toMinute(times.until).getTime() &&
        !isWithin(read, read.until) &&
        isWithin(read, read.from) === read.from < read.until
      )
    }),
  )
})

t.test('an object comes back', async () => {
  const object = fc.record({
    type: carried,
    idType: carried,
    id: trimmed,
    name: fc.option(carried, { nil: undefined }),
    addresses: fc.array(fc.record({ type: carried, value: trimmed }), { maxLength: 3 }),
  })
  fc.assert(
    fc.property(object, (fields) => {
      const { source, ...read } = readObject(readXml(objectElement(fields))) ?? { source: '' }
      return JSON.stringify(read) === JSON.stringify(fields) && source === objectElement(fields)
    }),
  )
})

t.test('grants come back in order, in both forms of a right', async () => {
  const right = fc.oneof(
    fc.constantFrom('VIEW', 'PRINT', 'EDIT', 'EXTRACT', 'EXPORT', 'OWNER', 'OBJMODEL', 'view'),
    carried,
  )
  const principal = fc.record({ idType: carried, id: trimmed, name: fc.option(trimmed, { nil: undefined }) })
  const minutes = range.map(({ from, until }) => ({ from: toMinute(from), until: toMinute(until) }))
  const grant = fc.record({
    right,
    principal,
    range: fc.option(minutes, { nil: undefined }),
    days: fc.option(fc.integer({ min: 1, max: 36_500 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 4 }), (grants: readonly Grant[]) => {
      const read = readGrants(readXml(element('WORK', {}, rightsGroup(grants))))
      return JSON.stringify(read) === JSON.stringify(grants)
    }),
  )
})

t.test('descriptor names come back in every language', async () => {
  const plain = carried.map((value) => value.replaceAll('LCID ', '').replaceAll(':DESCRIPTION ', ''))
  const entry = fc.record({
    lcid: fc.nat(0xffff),
    name: plain,
    description: plain.map((value) => value.replaceAll(';', ',')),
  })
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 4 }),
      (texts) => JSON.stringify(readDescriptorName(descriptorName(texts))) === JSON.stringify(texts),
    ),
  )
})

t.test('rights data come back from under any key', async (t) => {
  const key = fc
    .constantFrom(16, 24, 32)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
    .map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(key, carried, (contentKey, content) => {
      const source = `<XrML>${content}</XrML>`
      const encrypted = encryptRightsData(source, contentKey)
      const length = Buffer.from(encrypted, 'base64').length
      return decryptRightsData(encrypted, contentKey) === source && length === Math.ceil((source.length * 2) / 16) * 16
    }),
  )
  const contentKey = Buffer.alloc(16, 1)
  t.equal(
    decryptRightsData(encryptRightsData('\uFEFF<XrML></XrML>', contentKey), contentKey),
    '<XrML></XrML>',
    'a mark in front is taken off',
  )
  const even = encryptRightsData('<XrML>123</XrML>', contentKey)
  t.equal(Buffer.from(even, 'base64').length, 32, 'whole blocks get no more')
  t.equal(decryptZeroFilled(contentKey, Buffer.from(even, 'base64')).toString('utf16le'), '<XrML>123</XrML>')
  for (const [name, broken] of Object.entries({
    empty: '',
    garbage: '%%%',
    odd: Buffer.alloc(17).toString('base64'),
    foreign: encryptRightsData('<XrML></XrML>', Buffer.alloc(16, 2)),
  })) {
    t.throws(() => decryptRightsData(broken, contentKey), { name: 'MalformedXrml' }, name)
  }
})

t.test('a time condition that cannot be read is no condition that may be passed over', async (t) => {
  const read = (times: string) => readTimeCondition(readXml(`<CONDITIONLIST>${times}</CONDITIONLIST>`))
  const range = '<RANGETIME><FROM>2026-01-01T00:00</FROM><UNTIL>2026-02-01T00:00</UNTIL></RANGETIME>'
  t.match(read(`<TIME>${range}</TIME><TIME><INTERVALTIME days="7" /></TIME>`), {
    days: 7,
    range: { from: new Date('2026-01-01T00:00Z') },
  })
  t.same(read('<ACCESS />'), { range: undefined, days: undefined })
  const unreadable = [
    '<RANGETIME><UNTIL>2026-02-01T00:00</UNTIL></RANGETIME>',
    '<RANGETIME><FROM>2026-01-01T00:00+02:00</FROM><UNTIL>2026-02-01T00:00</UNTIL></RANGETIME>',
    '<INTERVALTIME hours="2" />',
    '<INTERVALTIME days="" />',
    '<INTERVALTIME days="0" />',
    '<INTERVALTIME days="36501" />',
    '<INTERVALTIME days="999999999999" />',
    '<METEREDTIME />',
    range + range,
  ]
  for (const times of unreadable) t.throws(() => read(`<TIME>${times}</TIME>`), { name: 'MalformedXrml' }, times)
})
