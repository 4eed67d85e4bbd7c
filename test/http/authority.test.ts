/** What a Host header may say, and what proxies that are believed say of it. */
import t from 'tap'
import { atPort, isSameAuthority, legalAuthority } from '../../src/http/authority.js'
import { forwardedAsked } from '../../src/http/forwarded.js'
import { trustedProxiesOf } from '../../src/http/trusted-proxies.js'

t.test('every host of RFC 3986 is legal, with any port or none', async (t) => {
  const names = [
    'root',
    'ROOT_balancer',
    'a~b',
    'a!b',
    'r%6fot',
    "o'brien",
    'a;b=c',
    'a,b',
    'a&b',
    '1.2.3.4',
    'rms.test.',
  ]
  const addresses = ['[::1]', '[fe80::1%25eth0]', '[fe80::1%eth0]', '[::ffff:1.2.3.4]', '[v7.a:b]']
  for (const host of [...names, ...addresses]) {
    for (const port of ['', ':0', ':80', ':65535']) t.equal(legalAuthority(host + port), host + port)
    t.equal(legalAuthority(`${host}:`), host, 'a colon alone says nothing')
  }
  for (const text of [
    '',
    ':80',
    'a b',
    'a<b',
    'a"b',
    'u@a',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'a%2',
    'ü',
    'a:65536',
    'a:-1',
    'a:b',
  ])
    t.equal(legalAuthority(text), undefined, text)
  for (const text of ['::1', '[::1', '[::1]a', '[1.2.3.4]', '[fe80::1%]', '[::1%a b]', 'a'.repeat(256)])
    t.equal(legalAuthority(text), undefined, text)
})

t.test('two names of one place are the same', async (t) => {
  t.ok(isSameAuthority('https', 'RMS.test', 'rms.test:443'))
  t.ok(isSameAuthority('http', 'rms.test:080', 'rms.test'))
  t.notOk(isSameAuthority('http', 'rms.test:443', 'rms.test'))
  t.notOk(isSameAuthority('https', 'rms.test', 'other.test'))
  t.ok(isSameAuthority('https', '[::1]:443', '[::1]'))
  t.equal(atPort('https', '[::1]', '443'), '[::1]')
  t.equal(atPort('http', '[::1]', '443'), '[::1]:443')
  t.equal(atPort('http', 'a:7000', '80'), 'a:7000', 'a port that is named stays')
})

t.test('of what proxies say the first value counts, without regard to case', async (t) => {
  const own = { scheme: 'http', host: 'inner:7000' } as const
  const asked = (headers: Readonly<Record<string, string>>) =>
    forwardedAsked((name) => (headers[name] === undefined ? [] : [headers[name]]), own)
  t.same(asked({}), own)
  for (const proto of ['https', 'HTTPS', 'https,http', 'Https , http'])
    t.same(asked({ 'x-forwarded-proto': proto }), { scheme: 'https', host: 'inner:7000' })
  for (const forwarded of [
    'proto=https',
    'for="[::1]:5";Proto="HTTPS"',
    'proto=https, proto=http',
    ' for=a ; proto=https',
  ])
    t.same(asked({ forwarded }), { scheme: 'https', host: 'inner:7000' }, forwarded)
  t.same(asked({ forwarded: 'for=a, proto=https' }), own, 'the second proxy speaks of the first one')
  const withComma = { scheme: 'http', host: 'a,b:7000' } as const
  for (const [said, host] of [
    ['a,b:7000', 'a,b:7000'],
    ['rms.test, a,b:7000', 'rms.test'],
  ] as const)
    t.same(
      forwardedAsked((name) => (name === 'x-forwarded-host' ? [said] : []), withComma),
      { scheme: 'http', host },
    )
  t.same(asked({ forwarded: 'host="rms.test:8443";proto=https' }), { scheme: 'https', host: 'rms.test:8443' })
  t.same(asked({ 'x-forwarded-host': 'rms.test', 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' }), {
    scheme: 'https',
    host: 'rms.test',
  })
  t.same(asked({ 'x-forwarded-host': 'rms.test', 'x-forwarded-port': '8443' }), {
    scheme: 'http',
    host: 'rms.test:8443',
  })
  for (const port of ['0', '70000', 'x', ''])
    t.same(asked({ 'x-forwarded-host': 'rms.test', 'x-forwarded-port': port }).host, 'rms.test')
  t.same(asked({ 'x-forwarded-host': '' }).host, undefined, 'nobody named one')
  t.same(asked({ 'x-forwarded-host': '', forwarded: 'host=evil.test' }).host, undefined, 'nor does the client')
  t.same(
    asked({ 'x-forwarded-host': 'RMS.test', 'x-forwarded-proto': 'https', forwarded: 'host=rms.test;proto=https' }),
    {
      scheme: 'https',
      host: 'RMS.test',
    },
  )
  for (const forwarded of ['proto=http;host=rms.test', 'proto=http;host="rms.test:80"'])
    t.same(
      asked({ forwarded, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.test' }),
      own,
      'of two that differ one is not the word of the proxy',
    )
  t.same(
    asked({ 'x-forwarded-host': 'a b', forwarded: '"', 'x-forwarded-proto': 'ftp' }),
    own,
    'what is not legal says nothing',
  )
})

t.test('proxies are trusted by address or range', async (t) => {
  const trusts = trustedProxiesOf('10.0.0.0/8, 192.0.2.7,fd00::/8')
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', 'fd12::1', 'fd12::1%eth0'])
    t.ok(trusts(address), address)
  for (const address of ['11.0.0.1', '192.0.2.8', '::1', undefined, '']) t.notOk(trusts(address), String(address))
  const mapped = trustedProxiesOf('::ffff:10.0.0.0/104,::FFFF:192.0.2.7')
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7'])
    t.ok(mapped(address), `${address} is named as IPv6`)
  for (const address of ['11.0.0.1', '192.0.2.8', '::1']) t.notOk(mapped(address), address)
  const malformed = ['', 'proxy.test', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.1,', '1.2.3.4/']
  for (const list of [...malformed, '::ffff:10.0.0.0/8', '::ffff:10.0.0.0/129'])
    t.throws(() => trustedProxiesOf(list), RangeError, list)
})
