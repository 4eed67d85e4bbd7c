import t from 'tap'
import { precertifiedAccounts } from '../../src/services/precertified.js'
import type { XrmlDocument } from '../../src/xrml/document.js'

const until = new Date('2026-01-02T00:00:00Z')
const certificate = { body: { validity: { until } } } as unknown as XrmlDocument

t.test('an answer of the root is kept until its validity ends', async (t) => {
  const kept = precertifiedAccounts()
  t.equal(kept.get('S-1', new Date('2026-01-01T00:00:00Z')), undefined)
  kept.set('S-1', certificate)
  t.equal(kept.get('S-1', new Date('2026-01-01T23:59:59Z')), certificate)
  t.equal(kept.get('S-2', new Date('2026-01-01T23:59:59Z')), undefined)
  t.equal(kept.get('S-1', until), undefined)
  t.equal(kept.get('S-1', new Date('2026-01-01T00:00:00Z')), undefined, 'and is gone then')
})

t.test('the oldest goes when there are ten thousand', async (t) => {
  const kept = precertifiedAccounts()
  for (let index = 0; index <= 10_000; index++) kept.set(`S-${index}`, certificate)
  const now = new Date('2026-01-01T00:00:00Z')
  t.equal(kept.get('S-0', now), undefined)
  t.equal(kept.get('S-1', now), certificate)
  t.equal(kept.get('S-10000', now), certificate)
})
