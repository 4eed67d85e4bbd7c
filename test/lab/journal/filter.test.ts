import t from 'tap'
import { criteriaOf, fitsAll, type JournalFilter } from '../../../src/lab/journal/filter.js'
import { judge } from '../../../src/lab/journal/expectation.js'
import { nearestOf } from '../../../src/lab/journal/nearest.js'
import { readPosition, writePosition } from '../../../src/lab/journal/position.js'
import { documentsOf } from '../../../src/lab/journal/documents.js'
import { fc } from '../../fixtures/property.js'
import { exchange, refused } from './exchanges.js'

const telling = { node: 'root-1', cluster: 'root', secrets: false }
const guid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
const rac = `<XrML><BODY type="LICENSE"><DESCRIPTOR><OBJECT type="Group-Identity-Credential"><ID type="MS-GUID">{${guid}}</ID></OBJECT></DESCRIPTOR></BODY></XrML>`
const one = exchange({
  requestId: 'mim-7',
  clientRequestId: 'my-7',
  listener: 'extranet',
  faults: ['slow'],
  metadata: { content: `{${guid.toUpperCase()}}` },
  request: { body: `<a>${rac}</a>`, headers: ['Host', 'rms.test', 'Authorization', 'Basic Q09OVE9TTw=='] },
  answer: { status: 500, headers: { 'x-served-by': 'root-1' } },
  refusals: [refused('the key of bob is excluded')],
})
const hash = documentsOf(one)[0]?.hash ?? ''

const fit: readonly JournalFilter[] = [
  {},
  { operation: 'acquirelicense' },
  { user: 'bob' },
  { user: 'CONTOSO\\Bob' },
  { user: 'bob@contoso.test' },
  { user: 'BOB' },
  { node: 'root-1', cluster: 'root', listener: 'extranet' },
  { outcome: 'Failed', status: 500 },
  { exception: 'DrmacIsExcluded' },
  { exception: 'DrmacIsExcludedException' },
  { exception: 'Microsoft.DigitalRightsManagement.Licensing.DrmacIsExcludedException' },
  { step: 'verify account' },
  { fault: 'slow' },
  { guid },
  { guid: `{${guid.toUpperCase()}}` },
  { document: hash },
  { requestId: 'mim-7' },
  { requestId: 'my-7' },
  { text: 'KEY OF bob' },
  { text: 'group-identity-credential' },
  { text: 'x-served-by' },
  { text: 'licensing/license' },
  { since: '2026-01-02T03:04:05.000Z', until: '2026-01-02T03:04:05.001Z' },
]
const misfit: readonly JournalFilter[] = [
  { operation: 'Acquire' },
  { user: 'alice' },
  { user: 'contoso' },
  { node: 'root-2' },
  { cluster: 'legal' },
  { listener: 'direct' },
  { outcome: 'Succeeded' },
  { status: 200 },
  { exception: 'BlackBoxIsInvalid' },
  { step: 'times' },
  { fault: 'fast' },
  { guid: guid.replace('0f', 'ff') },
  { document: hash.replace(/./, 'x') },
  { requestId: 'mim-8' },
  { text: 'key.of' },
  { since: '2026-01-02T03:04:05.001Z' },
  { until: '2026-01-02T03:04:05.000Z' },
  { operation: 'AcquireLicense', user: 'alice' },
]

t.test('each part of a filter fits what it names, in every spelling, and nothing else', async (t) => {
  for (const filter of fit) t.ok(fitsAll(criteriaOf(filter, telling), one), JSON.stringify(filter))
  for (const filter of misfit) t.notOk(fitsAll(criteriaOf(filter, telling), one), JSON.stringify(filter))
})

t.test('what is blanked cannot be found by guessing, what is shown can', async (t) => {
  const says = (text: string, secrets: boolean) => fitsAll(criteriaOf({ text }, { ...telling, secrets }), one)
  t.notOk(says('Q09OVE9TTw', false))
  t.ok(says('Q09OVE9TTw', true))
  t.ok(says('authorization', false))
})

t.test('a publishing license in base64 is found by the GUID in it', async (t) => {
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const file = Buffer.from(rac, encoding).toString('base64')
    const rest = exchange({ request: { body: JSON.stringify({ SerializedPublishingLicense: file }), headers: [] } })
    t.ok(fitsAll(criteriaOf({ guid }, telling), rest), encoding)
    t.match(documentsOf(rest), [{ direction: 'in', kind: 'RAC', id: `{${guid}}`, hash }])
  }
})

t.test('those that nearly fit are told with their differences, the nearest first', async (t) => {
  const other = { ...one, user: 'CONTOSO\\alice', addresses: [], ended: 2000 }
  const far = { ...other, operation: 'Certify' }
  const criteria = criteriaOf({ operation: 'AcquireLicense', user: 'carol', outcome: 'Failed' }, telling)
  const near = nearestOf([one, far, other], criteria, 2)
  t.same(
    near.map((found) => found.exchange),
    [other, one],
    'of the same distance the later one comes first',
  )
  t.same(near[0]?.differences, [{ field: 'user', wanted: 'carol', found: 'CONTOSO\\alice' }])
  t.same(nearestOf([one], criteriaOf({ user: 'bob' }, telling), 3), [], 'what fits is no near miss')
})

t.test('how many there should be is said in one way', async (t) => {
  t.same(judge({ exactly: 2 }, 2), { ok: true, count: 2, expected: 'exactly 2' })
  t.same(judge({ exactly: 2 }, 3), { ok: false, count: 3, expected: 'exactly 2' })
  t.same(judge({ atLeast: 1 }, 0), { ok: false, count: 0, expected: 'at least 1' })
  t.same(judge({ atMost: 1 }, 1), { ok: true, count: 1, expected: 'at most 1' })
  t.same(judge({ never: true }, 1), { ok: false, count: 1, expected: 'never' })
  t.same(judge({ never: true }, 0), { ok: true, count: 0, expected: 'never' })
  for (const odd of [{}, { exactly: 1, never: true }, { never: false }, { atLeast: 1, atMost: 2 }])
    t.equal(judge(odd, 1), undefined, JSON.stringify(odd))
})

t.test('a position is read as it was written, and everything else is refused', async (t) => {
  const node = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  const place = fc.record({ boot: fc.stringMatching(/^\w{1,12}$/), sequence: fc.nat() })
  fc.assert(
    fc.property(fc.array(fc.tuple(node, place), { maxLength: 5 }), (pairs) => {
      const position = new Map(pairs)
      const written = writePosition(position)
      const read = readPosition(written)
      return (
        !/[\s"]/.test(written) && read !== undefined && writePosition(read) === written && read.size === position.size
      )
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readPosition(text)
      return read === undefined || readPosition(writePosition(read)) !== undefined
    }),
  )
  for (const odd of ['root-1', 'root-1=a', 'root-1=a.1,', '=a.1', 'a=b.c', '%=b.1', '%ff=b.1', 'a=b.1 ', 'a=b.-1'])
    t.equal(readPosition(odd), undefined, odd)
})
