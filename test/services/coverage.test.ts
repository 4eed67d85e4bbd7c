/** No claim without a case: every exception of the table, for every operation it names. */
import t from 'tap'
import { readCases } from '../fixtures/cases.js'
import { claims, covered, fidelityTable, operationNames } from '../fixtures/coverage.js'

t.test('every exception × operation of the table has an exchange case', async (t) => {
  const known = covered()
  t.same(
    claims().filter((claim) => !known.has(claim)),
    [],
  )
})

t.test('every operation that can succeed has a case in which it does', async (t) => {
  const known = covered()
  t.same(
    operationNames.filter((name) => !known.has(`${name}:success`)),
    ['Activate'],
  )
})

t.test('no case covers what the table does not claim', async (t) => {
  const known = new Set([...claims(), ...operationNames.map((name) => `${name}:success`)])
  const odd = readCases().flatMap(({ name, covers }) =>
    covers.filter((claim) => !known.has(claim)).map((claim) => `${name}: ${claim}`),
  )
  t.same(odd, [])
})

t.test('the table has a row for each operation, and no case is without a section', async (t) => {
  t.equal(fidelityTable().split('\n').length, operationNames.length + 2)
  t.same(
    readCases()
      .filter(({ section }) => section === '')
      .map(({ name }) => name),
    [],
  )
})
