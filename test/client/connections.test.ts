/** How the client signs in: once on each connection, with its own identity on every request, and with what a server offers. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { openConnections, type Connections, type Credentials, type SignIn } from '../../src/client/connections.js'
import { seedPassword } from '../../src/directory/seed.js'
import { startNode } from '../../src/node/start.js'
import { hangs } from '../fixtures/until.js'
import { answerWithin } from '../../src/effects.js'

const node = await startNode()
t.teardown(() => node.close())
const url = `${node.baseUrl}/certification/certification.asmx`
const alice: Credentials = { user: 'CONTOSO\\alice', password: seedPassword }

const post = (connections: Connections, to = url, signal = answerWithin(hangs)) =>
  connections.post({ url: to, headers: { 'Content-Type': 'text/xml' }, body: '<a />', signal, maximumBytes: 100_000 })

for (const signIn of ['ntlm', 'negotiate'] as const satisfies readonly SignIn[]) {
  t.test(`${signIn}: signed in once, then requests as they are`, async (t) => {
    const seen: (string | undefined)[] = []
    const listen = (message: unknown): void => {
      const { request } = message as {
        readonly request: { readonly url?: string; readonly headers: Readonly<Record<string, string>> }
      }
      seen.push(request.headers['authorization']?.split(' ')[0])
    }
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    subscribe('http.server.request.start', listen)
    const connections = openConnections({ credentials: alice, signIn })
    for (const _ of [1, 2, 3]) t.equal((await post(connections)).status, 500, 'let in: the body is no SOAP')
    unsubscribe('http.server.request.start', listen)
    const name = signIn === 'ntlm' ? 'NTLM' : 'Negotiate'
    t.same(seen, [name, name, undefined, undefined])
    await connections.close()
  })
}

t.test('requests at the same time have connections of their own', async (t) => {
  const connections = openConnections({ credentials: alice, signIn: 'ntlm' })
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(connections)))
  t.same(
    answers.map(({ status }) => status),
    Array.from({ length: 10 }, () => 500),
  )
  await connections.close()
})

t.test('a wrong password is 401, each time anew, and no hang', async (t) => {
  const connections = openConnections({ credentials: { ...alice, password: 'wrong' }, signIn: 'negotiate' })
  for (const _ of [1, 2]) t.equal((await post(connections)).status, 401)
  await connections.close()
})

t.test('a server that knows nothing of NTLM gets the request without it', async (t) => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += String(chunk)))
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(request.url === '/closed' ? 401 : 200, { 'WWW-Authenticate': 'NTLM not-base64!' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connections = openConnections({ credentials: alice, signIn: 'ntlm' })
  t.equal((await post(connections, `${origin}/open`)).status, 200)
  t.equal((await post(connections, `${origin}/closed`)).status, 401)
  t.same(bodies, ['', '<a />', '', '<a />'])
  await connections.close()
})

t.test('a server that goes away, and comes back: the client signs in again', async (t) => {
  const first = await startNode({ database: ':memory:' })
  const port = Number(new URL(first.url).port)
  const connections = openConnections({ credentials: alice, signIn: 'ntlm' })
  const to = `${first.baseUrl}/certification/certification.asmx`
  t.equal((await post(connections, to)).status, 500)
  await first.close()
  await t.rejects(post(connections, to))
  const second = await startNode({ port })
  t.teardown(() => second.close())
  t.equal((await post(connections, to)).status, 500)
  await connections.close()
})

t.test('unless told how, the client takes Basic, and NTLM where Basic is not offered', async (t) => {
  const strict = await startNode({ schemes: ['negotiate', 'ntlm'] })
  t.teardown(() => strict.close())
  const at = `${strict.baseUrl}/certification/certification.asmx`
  const [free, bound] = [
    openConnections({ credentials: alice }),
    openConnections({ credentials: alice, signIn: 'basic' }),
  ]
  t.equal((await post(free)).status, 500)
  t.equal((await post(free, at)).status, 500)
  t.equal((await post(bound, at)).status, 401)
  await Promise.all([free.close(), bound.close()])
})
