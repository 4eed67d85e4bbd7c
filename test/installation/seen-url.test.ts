/** Where clients reach a listener of this machine. */
import t from 'tap'
import { portOf, seenUrl } from '../../src/installation/seen-url.js'

t.test('the host of the public URL, with scheme and port of the listener', async (t) => {
  t.equal(seenUrl('https://127.0.0.1:444', 'https://rms.contoso.test'), 'https://rms.contoso.test:444')
  t.equal(seenUrl('http://127.0.0.1:7001', 'https://rms.contoso.test:18443'), 'http://rms.contoso.test:7001')
  t.equal(seenUrl('https://127.0.0.1:443', 'https://rms.contoso.test:9000/'), 'https://rms.contoso.test')
  t.equal(seenUrl('http://127.0.0.1:7001', 'http://[::1]:7000'), 'http://[::1]:7001')
  t.equal(seenUrl('http://127.0.0.1:7001', 'http://root_balancer:7000'), 'http://root_balancer:7001')
  t.equal(seenUrl('http://127.0.0.1:7001', undefined), 'http://127.0.0.1:7001')
})

t.test('a port that goes without saying is one', async (t) => {
  for (const [url, port] of [
    ['https://rms.test', 443],
    ['http://rms.test/', 80],
    ['https://rms.test:444', 444],
  ] as const)
    t.equal(portOf(url), port)
})
