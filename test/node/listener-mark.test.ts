import t from 'tap'
import { connectionOf, direct, listenerOf } from '../../src/node/listener-mark.js'

t.test('a listener counts when the balancer shows the key of its node', async (t) => {
  const said = { 'x-balancer-listener': 'extranet' }
  t.equal(listenerOf({ ...said, 'x-balancer-key': 'secret' }, 'secret'), 'extranet')
  for (const key of ['', 'secreT', 'secret ', 'secret, secret', 'a longer secret'])
    t.equal(listenerOf({ ...said, 'x-balancer-key': key }, 'secret'), direct, key)
  t.equal(listenerOf(said, 'secret'), direct)
  t.equal(listenerOf({ 'x-balancer-key': 'secret' }, 'secret'), direct)
  t.equal(
    listenerOf({ ...said, 'x-balancer-key': 'undefined' }, undefined),
    direct,
    'a node without a key believes nobody',
  )
  t.equal(listenerOf({}, undefined), direct)
})

t.test('a connection is named by who shows the key of the node; by anybody while the node has none', async (t) => {
  const said = { 'x-balancer-connection': 'b-1' }
  t.equal(connectionOf({ ...said, 'x-balancer-key': 'secret' }, 'secret'), 'b-1')
  for (const key of ['', 'secreT', 'secret, secret'])
    t.equal(connectionOf({ ...said, 'x-balancer-key': key }, 'secret'), undefined, key)
  t.equal(connectionOf(said, 'secret'), undefined)
  t.equal(connectionOf(said, undefined), 'b-1')
  t.equal(connectionOf({ 'x-balancer-key': 'secret' }, 'secret'), undefined)
})
