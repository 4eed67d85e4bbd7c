/** Requests that come while the answer to the one before is still going out, over TLS: at a node's server, and at a balancer. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:tls'
import Fastify from 'fastify'
import t from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import { issueServerCertificate, makeLabCa, type TlsIdentity } from '../../src/crypto/lab-ca.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import { onHttpServer } from '../../src/node/http-server.js'
import { until } from '../fixtures/until.js'

const effects = { clock: systemClock, random: systemRandom }
const ca = await makeLabCa(effects)
const tls = await issueServerCertificate(ca, ['127.0.0.1'], effects)

/** More than all buffers between server and client hold. */
const answer = Buffer.alloc(16 * 1024 * 1024, 'a')
/** Several TLS records. */
const question = 'x'.repeat(60_000)

/** Answers begun, the latest last. */
let answers: readonly ServerResponse[] = []

async function startServer(identity: TlsIdentity | undefined): Promise<string> {
  let ids = 0
  const parts = onHttpServer({ tls: identity, headerLimit: 16_384, nextId: () => `${++ids}`, timers: systemTimers })
  const app = Fastify(parts)
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.get('/readyz', async () => ({ status: 'ready' }))
  app.post('/large', async (_request, reply) => {
    answers = [...answers, reply.raw]
    return reply.send(answer)
  })
  t.teardown(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** @returns the status of each answer, to a client that reads nothing before it has sent all */
async function askWithoutReading(url: string): Promise<readonly string[]> {
  answers = []
  const { hostname: host, port } = new URL(url)
  const socket = connect({ host, port: Number(port), ca: ca.cert })
  await once(socket, 'secureConnect')
  socket.pause()
  const ask = (...headers: readonly string[]): void => {
    const lines = ['POST /large HTTP/1.1', 'Host: a', 'Content-Type: a/b', `Content-Length: ${question.length}`]
    socket.write(`${[...lines, ...headers].join('\r\n')}\r\n\r\n${question}`)
  }
  ask()
  await until(() => answers[0]?.headersSent === true && !answers[0].writableFinished, 'the answer waits for the client')
  ask('Connection: close')
  const statuses: string[] = []
  let length = 0
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length
    statuses.push(...(chunk.toString('latin1').match(/HTTP\/1\.1 \d+/g) ?? []))
  })
  socket.resume()
  await once(socket, 'end')
  socket.destroy()
  return length > 2 * answer.length ? statuses : [...statuses, `${length} bytes only`]
}

t.test('a server with TLS answers both', async (t) => {
  t.strictSame(await askWithoutReading(await startServer(tls)), ['HTTP/1.1 200', 'HTTP/1.1 200'])
})

t.test('a balancer with TLS answers both', async (t) => {
  const listeners = [{ name: 'intranet', host: '127.0.0.1', port: 0 }]
  const nodes = [{ id: 'node-1', url: await startServer(undefined) }]
  const balancer = await startBalancer({ clusters: [{ name: 'root', listeners, nodes }], tls })
  t.teardown(() => balancer.close())
  await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes[0]?.state === 'ready')
  const url = balancer.clusters[0]?.listeners[0]?.url ?? ''
  t.strictSame(await askWithoutReading(url), ['HTTP/1.1 200', 'HTTP/1.1 200'])
})
