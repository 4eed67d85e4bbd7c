import t from 'tap'
import { precertifiedAccounts } from '../../src/services/precertified.js'
import type { XrmlDocument } from '../../src/xrml/document.js'

const until = new Date('2026-01-02T00:00:00Z')
const certificate = { body: { validity: { until } } } as unknown as XrmlDocument

t.test('an answer of the root is kept for five minutes, and not past its validity', async (t) => {
  const kept = precertifiedAccounts()
  const at = (time: string): Date => new Date(`2026-01-01T${time}Z`)
  t.equal(kept.get('S-1', at('00:00:00')), undefined)
  kept.set('S-1', certificate, at('00:00:00'))
  t.equal(kept.get('S-1', at('00:04:59')), certificate)
  t.equal(kept.get('S-2', at('00:04:59')), undefined)
  t.equal(kept.get('S-1', at('00:05:00')), undefined, 'the root may have given the account another key')
  t.equal(kept.get('S-1', at('00:00:00')), undefined, 'and is gone then')
  kept.set('S-1', certificate, at('23:59:00'))
  t.equal(kept.get('S-1', at('23:59:59')), certificate)
  t.equal(kept.get('S-1', until), undefined)
  kept.set('S-1', certificate, at('00:00:00'))
  kept.forget('S-1')
  t.equal(kept.get('S-1', at('00:00:00')), undefined, 'or when it was of no use')
})

t.test('the oldest goes when there are ten thousand', async (t) => {
  const kept = precertifiedAccounts()
  const now = new Date('2026-01-01T00:00:00Z')
  for (let index = 0; index <= 10_000; index++) kept.set(`S-${index}`, certificate, now)
  t.equal(kept.get('S-0', now), undefined)
  t.equal(kept.get('S-1', now), certificate)
  t.equal(kept.get('S-10000', now), certificate)
})
