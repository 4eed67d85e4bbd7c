/** The ready faults: one at least for each row that a server can cause, and a reason for each of the others. */
import t from 'tap'
import { catalogue, rowsOfOthers } from '../../../src/lab/faults/catalogue.js'
import { parseFault, parseFaultName } from '../../../src/lab/faults/fault.js'
import type { Known } from '../../../src/lab/faults/match.js'
import { restOperations, roles } from '../../../src/node/roles.js'

const soapOperations = roles.root.flatMap(({ operations }) => operations.map(({ name }) => name))
const rest = restOperations.map(({ name }) => name)
const known: Known = {
  clusters: ['root'],
  nodes: ['root-1'],
  listeners: [],
  endpoints: roles.root.map(({ path }) => path),
  operations: [...soapOperations, ...rest],
  restOperations: rest,
}

t.test('the rows 1 to 28 are there: each can be caused, or says why not', async (t) => {
  const caused = new Set(catalogue.map(({ row }) => row))
  const others = rowsOfOthers.map(({ row }) => row)
  t.same(
    [...caused, ...others].toSorted((a, b) => a - b),
    Array.from({ length: 28 }, (_, index) => index + 1),
  )
})

t.test('each has a name of its own, and is a fault as anybody could put it', async (t) => {
  t.equal(new Set(catalogue.map(({ name }) => name)).size, catalogue.length)
  for (const { name, fault, needsNode } of catalogue) {
    t.equal(parseFaultName(name), name)
    t.same(parseFault(fault, known), { ...fault, when: {} }, name)
    const narrowed = needsNode === true ? { match: { node: 'root-1' } } : {}
    t.equal(parseFault({ ready: name, ...narrowed }, known).ready, name)
  }
})
