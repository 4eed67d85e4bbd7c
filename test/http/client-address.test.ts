/** Who a request came from, by what proxies say. */
import t from 'tap'
import { clientAddress, plainAddress } from '../../src/http/client-address.js'
import { trustedProxiesOf } from '../../src/http/trusted-proxies.js'

t.test('from proxy to proxy as long as each is believed', (t) => {
  const isTrusted = trustedProxiesOf('10.0.0.0/8,fd00::/8')
  for (const [said, address] of [
    [[], '10.0.0.1'],
    [['192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1, 198.51.100.7'], '198.51.100.7'],
    [['192.0.2.1, 10.2.3.4'], '192.0.2.1'],
    [['203.0.113.9, 192.0.2.1', '10.2.3.4, fd00::9'], '192.0.2.1'],
    [['10.0.0.8, 10.0.0.9'], '10.0.0.8'],
    [['192.0.2.1, unknown'], '10.0.0.1'],
    [['192.0.2.1, unknown, 10.0.0.7'], '10.0.0.7'],
    [[''], '10.0.0.1'],
  ] as const)
    t.equal(clientAddress('10.0.0.1', said, isTrusted), address, JSON.stringify(said))
  t.end()
})

t.test('an address in each of its spellings', (t) => {
  for (const [text, address] of [
    ['192.0.2.1', '192.0.2.1'],
    [' 192.0.2.1:4711 ', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['192.0.2.1.5', undefined],
    ['rms.contoso.test', undefined],
    ['[2001:db8::1', undefined],
    ['192.0.2.1 10.0.0.1', undefined],
    ['1'.repeat(100_000), undefined],
  ] as const)
    t.equal(plainAddress(text), address, text.slice(0, 40))
  t.end()
})
