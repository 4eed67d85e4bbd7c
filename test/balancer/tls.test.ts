/** Listeners with TLS: the same requests, told to the nodes as https; and what is no TLS. */
import { once } from 'node:events'
import { request } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import { issueServerCertificate, makeLabCa } from '../../src/crypto/lab-ca.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { startUpstream, type Echo } from './upstream.js'

const effects = { clock: systemClock, random: systemRandom }
const ca = await makeLabCa(effects)
const tls = await issueServerCertificate(ca, ['127.0.0.1'], effects)

const upstream = await startUpstream(t, 'node-1')
const listeners = [{ name: 'intranet', host: '127.0.0.1', port: 0 }]
const balancer = await startBalancer({
  clusters: [{ name: 'root', listeners, nodes: [{ id: 'node-1', url: upstream.url }] }],
  tls,
  limits: { headersTimeout: 500 },
})
await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes[0]?.state === 'ready')
const url = balancer.clusters[0]?.listeners[0]?.url ?? ''
const port = Number(new URL(url).port)

const echo = (): Promise<Echo> =>
  new Promise((resolve, reject) => {
    const outgoing = request(`${url}/echo`, { ca: ca.cert, method: 'POST', agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += String(chunk)))
      answer.on('end', () => resolve(JSON.parse(text) as Echo))
    })
    outgoing.on('error', reject)
    outgoing.end('hello')
  })

t.test('requests are forwarded, and told to be https', async (t) => {
  t.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const { length, headers } = await echo()
  t.equal(length, 5)
  t.equal(headers[headers.indexOf('X-Forwarded-Proto') + 1], 'https')
})

t.test('NTLM pins a connection over TLS too', async (t) => {
  const socket = connectTls({ port, host: '127.0.0.1', ca: ca.cert })
  t.teardown(() => socket.destroy())
  const post = async (token: string): Promise<string> => {
    socket.write(
      `POST /ntlm HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM ${Buffer.from(token, 'latin1').toString('base64')}\r\nContent-Length: 2\r\n\r\nhi`,
    )
    return String(((await once(socket, 'data')) as [Buffer])[0])
  }
  const challenge = await post('NTLMSSP\0\x01\0\0\0negotiate')
  const answer = await post('NTLMSSP\0\x03\0\0\0alice')
  t.match(challenge, /^HTTP\/1\.1 401/)
  t.match(answer, /^HTTP\/1\.1 200/)
  t.equal(balancer.status().clusters[0]?.nodes[0]?.pinned, 1)
})

t.test('what is no TLS, and a handshake that does not go on, are closed; others are served meanwhile', async (t) => {
  const [plain, silent] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  const closed = [plain, silent].map(async (socket) => {
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'close')
  })
  plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  t.equal((await echo()).length, 5)
  await Promise.all(closed)
  t.equal((await echo()).length, 5)
})

t.test('closing ends idle connections at once', async (t) => {
  const idle = connectTls({ port, host: '127.0.0.1', ca: ca.cert })
  // The server sends this when it has read the last word of the handshake: only then the connection is idle.
  await once(idle, 'session')
  idle.resume()
  await Promise.all([once(idle, 'close'), balancer.close()])
  t.pass('both are over')
})
