/** Whether an installation can serve. */
import t from 'tap'
import { readinessOf } from '../../src/installation/readiness.js'
import type { NodeStatus } from '../../src/index.js'

const node = (id: string, state: NodeStatus['state'], reason = ''): NodeStatus => ({
  id,
  url: '',
  pid: 1,
  state,
  reason,
})

t.test('each cluster needs one server that is ready, and those without are named', async (t) => {
  const root = { name: 'root', nodes: [node('root-1', 'serving'), node('root-2', 'away', 'it died')] }
  t.same(readinessOf([root]), {
    status: 'ready',
    clusters: [{ name: 'root', ready: ['root-1'], others: [{ id: 'root-2', state: 'away', reason: 'it died' }] }],
  })
  const legal = {
    name: 'legal',
    nodes: [node('legal-1', 'draining', 'asked to drain'), node('legal-2', 'starting', 'new')],
  }
  t.match(readinessOf([root, legal, { name: 'empty', nodes: [] }]), {
    status: 'unable',
    reason:
      'legal has no server that is ready (legal-1: draining, asked to drain; legal-2: starting, new); empty has no server',
  })
  t.match(readinessOf([]), { status: 'unable', reason: 'There is no cluster' })
})
