import t, { type Test } from 'tap'
import { testClock } from '../fixtures/test-clock.js'
import { ask, rawClient, startLab, stateOf, type RawClient } from './lab.js'
import type { Echo, Upstream } from './upstream.js'

const type1 = Buffer.from('NTLMSSP\0\x01\0\0\0negotiate', 'latin1').toString('base64')
const type3 = (user: string) => Buffer.from(`NTLMSSP\0\x03\0\0\0${user}`, 'latin1').toString('base64')

interface Answer {
  readonly status: number
  readonly head: string
  readonly node: string | undefined
  readonly connection: string | undefined
}

async function post(client: RawClient, authorization?: string): Promise<Answer> {
  client.send(
    `POST /ntlm HTTP/1.1\r\nHost: a\r\n${authorization === undefined ? '' : `Authorization: ${authorization}\r\n`}Content-Length: 2\r\n\r\nhi`,
  )
  const head = await client.until(/\r\n\r\n/)
  return {
    status: Number(head.slice(9, 12)),
    head,
    node: /x-served-by: (\S+)/i.exec(head)?.[1],
    connection: /x-connection: (\S+)/i.exec(head)?.[1],
  }
}

async function bodyOf(client: RawClient): Promise<Echo> {
  const chunked = await client.until(/0\r\n\r\n/)
  return JSON.parse(chunked.slice(chunked.indexOf('{'), chunked.lastIndexOf('}') + 1)) as Echo
}

/** The whole dialogue, as a client that begins without credentials. */
async function signIn(t: Test, client: RawClient, user: string, scheme = 'NTLM'): Promise<Echo> {
  t.match(await post(client), { status: 401, head: /WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n/ })
  const challenge = await post(client, `${scheme} ${type1}`)
  t.match(challenge, { status: 401, head: new RegExp(`WWW-Authenticate: ${scheme} \\S+`) })
  const answer = await post(client, `${scheme} ${type3(user)}`)
  t.match(answer, { status: 200, node: challenge.node })
  const echo = await bodyOf(client)
  t.equal(String(echo.connection), challenge.connection, 'on the same connection of the same node')
  return echo
}

async function again(client: RawClient): Promise<Echo> {
  await post(client)
  return bodyOf(client)
}

t.test('clients that sign in at the same time never share a connection to a node', async (t) => {
  const { url, balancer, upstreams } = await startLab(t, 2)
  const names = ['alice', 'bob', 'carol', 'mallory']
  const clients = await Promise.all(names.map(async () => rawClient(t, url)))
  const echoes = await Promise.all(
    clients.map(async (client, index) => signIn(t, client, names[index] ?? '', index % 2 === 0 ? 'NTLM' : 'Negotiate')),
  )
  t.same(
    echoes.map(({ user }) => user),
    names,
  )
  t.equal(new Set(echoes.map(({ node, connection }) => `${node}/${connection}`)).size, 4)
  t.same(
    balancer
      .status()
      .clusters[0]?.nodes.map(({ pinned }) => pinned)
      .toSorted(),
    [2, 2],
    'spread round robin',
  )

  for (const round of [1, 2, 3]) {
    const later = await Promise.all(clients.map(again))
    t.same(
      later.map(({ user, node, connection }) => ({ user, node, connection })),
      echoes.map(({ user, node, connection }) => ({ user, node, connection })),
      `later requests, round ${round}`,
    )
  }
  const stranger = await rawClient(t, url)
  for (const _ of [1, 2, 3, 4])
    t.match(await post(stranger), { status: 401 }, 'a client without sign-in is nobody, at every node')

  clients[0]?.socket.destroy()
  const node = upstreams.find(({ id }) => id === echoes[0]?.node) as Upstream
  await balancer.drain('root', node.id)
  t.equal(
    balancer.status().clusters[0]?.nodes.find(({ id }) => id === node.id)?.pinned,
    0,
    'a connection of its own ends with the client',
  )
})

t.test('a client that begins with its first message is pinned at once', async (t) => {
  const { url } = await startLab(t, 2)
  const client = await rawClient(t, url)
  const challenge = await post(client, `NTLM ${type1}`)
  t.match(await post(client, `NTLM ${type3('alice')}`), { status: 200, node: challenge.node })
  const echo = await bodyOf(client)
  t.match(echo, { user: 'alice', connection: Number(challenge.connection) })
  t.match(await again(client), { user: 'alice', connection: echo.connection })
})

t.test('Basic does not pin', async (t) => {
  const { url, balancer } = await startLab(t, 2)
  const client = await rawClient(t, url)
  const nodes: string[] = []
  for (const _ of [1, 2]) {
    client.send('GET /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Basic eDp5\r\n\r\n')
    await client.until(/\r\n\r\n/)
    nodes.push((await bodyOf(client)).node)
  }
  t.same(nodes.toSorted(), ['node-1', 'node-2'])
  t.same(
    balancer.status().clusters[0]?.nodes.map(({ pinned }) => pinned),
    [0, 0],
  )
})

t.test('the node of a signed-in client dies: its connection ends, a new one signs in elsewhere', async (t) => {
  const { url, upstreams } = await startLab(t, 2)
  const client = await rawClient(t, url)
  const { node } = await signIn(t, client, 'alice')
  await upstreams.find(({ id }) => id === node)?.kill()
  t.equal(await client.rest(), '')
  t.not((await signIn(t, await rawClient(t, url), 'alice')).node, node)
})

t.test('a sign-in half done when its node dies is not sent elsewhere', async (t) => {
  const { url, upstreams, balancer } = await startLab(t, 2)
  const client = await rawClient(t, url)
  const { node } = await post(client, `NTLM ${type1}`)
  const upstream = upstreams.find(({ id }) => id === node) as Upstream
  upstream.process.kill('SIGSTOP')
  client.send(`POST /ntlm HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM ${type3('alice')}\r\nContent-Length: 2\r\n\r\nhi`)
  await upstream.kill()
  // The end of the node's connection and the message cross: either the answer says so, or the connection ends with the node's.
  const answer = await client.rest()
  t.match(answer, /^$|^HTTP\/1\.1 502[^]*[Cc]onnection: close[^]*Sign in again/)
  t.notMatch(answer, /401/, 'which would say that the password is wrong')
  await balancer.waitUntil(() => stateOf(balancer, upstream.id) === 'down')
})

t.test('a first message finds another node when its own has died', async (t) => {
  const { url, upstreams } = await startLab(t, 2)
  await upstreams[0]?.kill()
  for (const _ of [1, 2, 3]) {
    const client = await rawClient(t, url)
    t.match(await post(client, `NTLM ${type1}`), { status: 401, node: 'node-2' })
  }
})

t.test('draining lets a sign-in finish, then ends the client connection', async (t) => {
  const { url, balancer } = await startLab(t, 1)
  const [idle, busy] = [await rawClient(t, url), await rawClient(t, url)]
  await signIn(t, idle, 'alice')
  await post(busy, `NTLM ${type1}`)
  const drained = balancer.drain('root', 'node-1')
  t.equal(await idle.rest(), '', 'who is signed in and idle')
  t.match(await post(busy, `NTLM ${type3('bob')}`), { status: 200, head: /Connection: close/ })
  await drained
})

t.test(
  'a node that says nothing any more: who is signed in is asked anew elsewhere, who is half signed in learns that',
  async (t) => {
    const clock = testClock()
    const lab = await startLab(t, 2, { checkInterval: 1_000_000_000 }, { clock })
    const [first] = lab.upstreams as [Upstream, Upstream]
    const [signedIn, elsewhere, between] = await Promise.all([1, 2, 3].map(async () => rawClient(t, lab.url)))
    if (signedIn === undefined || elsewhere === undefined || between === undefined) return
    // One more request each time, so that each dialogue begins at the node that is wanted.
    await ask(`${lab.url}/echo`, { body: 'x' })
    t.equal((await signIn(t, signedIn, 'alice')).node, 'node-1')
    await ask(`${lab.url}/echo`, { body: 'x' })
    t.equal((await signIn(t, elsewhere, 'bob')).node, 'node-2')
    t.equal((await post(between, `NTLM ${type1}`)).node, 'node-1')
    first.tell('pause')
    await first.counts()
    for (let turn = 1; turn <= 2; turn++) await ask(`${lab.url}/reset-first?node-1`, { body: 'x' })
    const answers = [post(signedIn), post(between, `NTLM ${type3('carol')}`)]
    await first.next('holding')
    await first.next('holding')
    for (const span of [2000, 100, 2000, 100, 2000]) {
      await clock.untilTimer(span)
      await clock.advance(span)
    }
    t.match(await Promise.all(answers), [
      { status: 401, node: 'node-2' },
      { status: 502, head: /Connection: close/i },
    ])
    t.equal((await again(elsewhere)).user, 'bob', 'the others notice nothing')
  },
)
