/** No refusal over REST without a case. */
import t from 'tap'
import { restOperations } from '../../src/node/roles.js'
import { readRestCases } from '../fixtures/rest-cases.js'
import { restCovered, restExceptionKeys, restFidelityTable, testedElsewhere } from '../fixtures/rest-coverage.js'

t.test('every code of the table has an exchange case, and every operation one in which it succeeds', async (t) => {
  const codes = new Set([...restCovered()].map((claim) => claim.split(':')[1] ?? ''))
  t.same(
    restExceptionKeys.filter((key) => !codes.has(key) && !testedElsewhere.includes(key)),
    [],
  )
  t.same(
    restOperations.filter(({ name }) => !restCovered().has(`${name}:success`)).map(({ name }) => name),
    [],
  )
})

t.test('no case covers what there is not, and none is without a section', async (t) => {
  const names = new Set<string>([...restOperations.map(({ name }) => name), 'Request'])
  const outcomes = new Set<string>([...restExceptionKeys, 'success', 'AccessDenied', 'ContentExpired'])
  const odd = readRestCases().flatMap(({ name, covers }) =>
    covers
      .filter((claim) => !names.has(claim.split(':')[0] ?? '') || !outcomes.has(claim.split(':')[1] ?? ''))
      .map((claim) => `${name}: ${claim}`),
  )
  t.same(odd, [])
  t.same(
    readRestCases()
      .filter(({ section, covers }) => section === '' || covers.length === 0)
      .map(({ name }) => name),
    [],
  )
  t.equal(restFidelityTable().split('\n').length, restOperations.length + 2)
})
