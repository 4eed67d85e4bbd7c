import t from 'tap'
import { precertifiedAccounts } from '../../src/services/precertified.js'
import type { XrmlDocument } from '../../src/xrml/document.js'
import { testClock } from '../fixtures/test-clock.js'

const [from, until] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')]
const certificate = { body: { validity: { from, until } } } as unknown as XrmlDocument
const at = (time: string): Date => new Date(`2026-01-01T${time}Z`)

t.test('an answer of the root is kept for five minutes, whatever the clock of the forest says', async (t) => {
  const clock = testClock()
  const kept = precertifiedAccounts(clock)
  t.equal(kept.get('S-1', at('00:00:00')), undefined)
  kept.set('S-1', certificate)
  await clock.advance(299_000)
  t.equal(kept.get('S-1', at('00:00:00')), certificate)
  t.equal(kept.get('S-1', at('12:00:00')), certificate)
  t.equal(kept.get('S-2', at('00:00:00')), undefined)
  await clock.advance(1000)
  t.equal(kept.get('S-1', at('00:00:00')), undefined, 'the root may have given the account another key')
  kept.set('S-1', certificate)
  kept.forget('S-1')
  t.equal(kept.get('S-1', at('00:00:00')), undefined, 'or when it was of no use')
})

t.test('it is not used outside of its validity', async (t) => {
  const kept = precertifiedAccounts(testClock())
  kept.set('S-1', certificate)
  t.equal(kept.get('S-1', at('23:59:59')), certificate)
  t.equal(kept.get('S-1', until), undefined, 'it has ended')
  t.equal(kept.get('S-1', at('00:00:00')), undefined, 'and is gone then')
  kept.set('S-1', certificate)
  t.equal(kept.get('S-1', new Date('2025-12-31T23:00:00Z')), undefined, 'it has not begun')
})

t.test('the oldest goes when there are ten thousand', async (t) => {
  const kept = precertifiedAccounts(testClock())
  for (let index = 0; index <= 10_000; index++) kept.set(`S-${index}`, certificate)
  t.equal(kept.get('S-0', from), undefined)
  t.equal(kept.get('S-1', from), certificate)
  t.equal(kept.get('S-10000', from), certificate)
})
