/** NTLM and Negotiate at a node and through a balancer, byte by byte: who is let in, on which connection, and who is not. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBalancer } from '../../src/balancer/balancer.js'
import type { NodeEntry } from '../../src/balancer/options.js'
import { connect, readyMachine } from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedDirectory, seedPassword } from '../../src/directory/seed.js'
import { authenticate, negotiate, ntlmAccount } from '../../src/ntlm/client.js'
import { buildInitial, buildResponse, mechanisms, parseSpnego } from '../../src/ntlm/spnego.js'
import { startNode, type NodeOptions } from '../../src/node/start.js'
import { openConnection, rawRequest, type Connection, type RawAnswer } from '../conformance/raw-http.js'

const path = '/_wmcs/certification/certification.asmx'
const inputs = { now: new Date(), random: (length: number) => randomBytes(length) }
type Headers = Readonly<Record<string, string>>

const folder = mkdtempSync(join(tmpdir(), 'rms-ntlm-'))
const database = join(folder, 'rms.sqlite')
const admittedGroups = { '/licensing/publish.asmx': ['ANONYMOUS'], '/licensing/license.asmx': ['CONTOSO\\legal'] }

/** Another node of the same cluster. */
async function startNext(
  t: Pick<Test, 'teardown'>,
  nodeId: string,
  options: Partial<NodeOptions> = {},
): Promise<string> {
  const node = await startNode({ database, nodeId, provision: false, ...options })
  t.teardown(() => node.close())
  return node.url
}

t.teardown(() => rmSync(folder, { recursive: true }))
const direct = await startNext(t, 'root-1', { provision: true, settings: { admittedGroups } })
const nodes = [
  { id: 'root-1', url: direct },
  { id: 'root-2', url: await startNext(t, 'root-2') },
]
const balanced = await startBalancerBefore(t, nodes)

/** @returns where clients come in */
async function startBalancerBefore(
  t: Pick<Test, 'teardown'>,
  nodes: readonly NodeEntry[],
  listenerKey?: string,
): Promise<string> {
  const balancer = await startBalancer({
    clusters: [{ name: 'root', listeners: [{ name: 'intranet', host: '127.0.0.1', port: 0 }], nodes }],
    listenerKey,
  })
  t.teardown(() => balancer.close())
  await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
  return balancer.clusters[0]?.listeners[0]?.url ?? ''
}

async function post(connection: Connection, url: string, headers: Headers = {}, to = path): Promise<RawAnswer> {
  connection.send(rawRequest(`${url}${to}`, '<a />', headers))
  return connection.answer()
}

/** The endpoint has read the body, so somebody is signed in. */
const isLetIn = (answer: RawAnswer): boolean => answer.status === 500 && answer.body.includes('not a SOAP envelope')
const tokenOf = ({ headers }: RawAnswer): Buffer =>
  Buffer.from(headers['www-authenticate']?.split(' ')[1] ?? '', 'base64')
const ntlm = (token: Buffer): Headers => ({ Authorization: `NTLM ${token.toString('base64')}` })

/** Message 3 for a challenge that this connection has got. */
async function answerFor(
  connection: Connection,
  url: string,
  user = 'CONTOSO\\alice',
  password = seedPassword,
  headers: Headers = {},
): Promise<Buffer> {
  const first = negotiate()
  const challenge = await post(connection, url, { ...headers, ...ntlm(first) })
  return authenticate(first, tokenOf(challenge), ntlmAccount(user, password), inputs)
}

async function signIn(connection: Connection, url: string, headers: Headers = {}): Promise<RawAnswer> {
  return post(connection, url, { ...headers, ...ntlm(await answerFor(connection, url, undefined, undefined, headers)) })
}

async function open(t: Test, url: string): Promise<Connection> {
  const connection = await openConnection(url)
  t.teardown(() => connection.close())
  return connection
}

t.test('schemes are offered in the order of Windows, those of the setting only', async (t) => {
  for (const [index, [schemes, offered]] of (
    [
      [undefined, ['Negotiate', 'NTLM', /^Basic /]],
      [['ntlm'], ['NTLM']],
      [
        ['negotiate', 'basic'],
        ['Negotiate', /^Basic /],
      ],
    ] as const
  ).entries()) {
    const url = await startNext(t, `schemes-${index}`, schemes === undefined ? {} : { schemes })
    const answer = await fetch(`${url}${path}`, { method: 'POST', body: 'x' })
    t.equal(answer.status, 401)
    t.match((answer.headers.get('www-authenticate') ?? '').split(/, (?=[NB])/), offered)
  }
  const url = await startNext(t, 'basic-only', { schemes: ['basic'] })
  const connection = await open(t, url)
  t.match(
    await post(connection, url, ntlm(negotiate())),
    { status: 401, headers: { 'www-authenticate': /^Basic / } },
    'a scheme that is not offered begins nothing',
  )
  const noBasic = await startNext(t, 'ntlm-only', { schemes: ['ntlm'] })
  const basic = { Authorization: `Basic ${Buffer.from(`alice:${seedPassword}`).toString('base64')}` }
  t.match(await post(await open(t, noBasic), noBasic, basic), { status: 401, headers: { 'www-authenticate': 'NTLM' } })
})

for (const { way, url } of [
  { way: 'a node', url: direct },
  { way: 'a balancer', url: balanced },
]) {
  t.test(`NTLM signs in a connection, at ${way}`, async (t) => {
    const connection = await open(t, url)
    t.match(await post(connection, url), { status: 401 })
    t.ok(isLetIn(await signIn(connection, url)))
    for (const _ of [1, 2, 3]) t.ok(isLetIn(await post(connection, url)), 'without a header from then on')
    for (const _ of [1, 2, 3]) t.match(await post(await open(t, url), url), { status: 401 }, 'and no other connection')
    t.match(
      await post(connection, url, { Authorization: 'Basic eDp5' }),
      { status: 401 },
      'credentials of the request come first',
    )
  })

  t.test(`Negotiate signs in a connection, at ${way}`, async (t) => {
    const connection = await open(t, url)
    const header = (token: Buffer): Headers => ({ Authorization: `Negotiate ${token.toString('base64')}` })
    const first = negotiate()
    const challenge = parseSpnego(tokenOf(await post(connection, url, header(buildInitial([mechanisms.ntlm], first)))))
    const third = authenticate(
      first,
      challenge.token ?? Buffer.alloc(0),
      ntlmAccount('alice@contoso.test', seedPassword),
      inputs,
    )
    const answer = await post(connection, url, header(buildResponse({ token: third })))
    t.ok(isLetIn(answer))
    t.match(parseSpnego(tokenOf(answer)), { state: 'completed' })
    t.ok(isLetIn(await post(connection, url)))
  })

  t.test(`a ticket of Kerberos of any size is answered by asking for NTLM, at ${way}`, async (t) => {
    const header = (token: Buffer): Headers => ({ Authorization: `Negotiate ${token.toString('base64')}` })
    const list = [mechanisms.kerberosOfWindows, mechanisms.kerberos, mechanisms.ntlm]
    for (const length of [200, 9300, 12_000, 14_000, 47_500]) {
      const connection = await open(t, url)
      const chosen = await post(connection, url, header(buildInitial(list, randomBytes(length))))
      t.match(parseSpnego(tokenOf(chosen)), { mechanism: mechanisms.ntlm }, `${length} bytes`)
      const first = negotiate()
      const challenge = parseSpnego(tokenOf(await post(connection, url, header(buildResponse({ token: first })))))
      const account = ntlmAccount('CONTOSO\\alice', seedPassword)
      const third = authenticate(first, challenge.token ?? Buffer.alloc(0), account, inputs)
      t.ok(isLetIn(await post(connection, url, header(buildResponse({ token: third })))))
    }
    const tooLong = await open(t, url)
    t.match(await post(tooLong, url, header(randomBytes(60_000))), {
      status: 431,
      headers: { 'content-type': /^text\/plain/, 'x-request-id': /./ },
      body: /larger than the \d+ bytes[^]*--header-limit/,
    })
  })

  t.test(`who is not let in, at ${way}`, async (t) => {
    const refused = async (what: string, token: (connection: Connection) => Promise<Buffer>): Promise<void> => {
      const connection = await open(t, url)
      t.match(
        await post(connection, url, ntlm(await token(connection))),
        { status: 401, headers: { 'www-authenticate': /^Basic/ } },
        what,
      )
      t.match(await post(connection, url), { status: 401 }, `${what}: nobody afterwards`)
      t.ok(isLetIn(await signIn(connection, url)), `${what}: the connection is as good as before`)
    }
    await refused('wrong password', (connection) => answerFor(connection, url, 'CONTOSO\\alice', 'wrong'))
    await refused('unknown user', (connection) => answerFor(connection, url, 'CONTOSO\\nobody', seedPassword))
    await refused('another domain', (connection) => answerFor(connection, url, 'FABRIKAM\\alice', seedPassword))
    await refused('message 3 of another connection', async (connection) => {
      await answerFor(connection, url)
      return answerFor(await open(t, url), url)
    })
    await refused('message 3 without message 1', async () => answerFor(await open(t, url), url))
    await refused('a replayed message 3', async (connection) => {
      const third = await answerFor(connection, url)
      t.ok(isLetIn(await post(connection, url, ntlm(third))))
      return third
    })
    await refused('a message 3 replayed against a new challenge', async (connection) => {
      const third = await answerFor(connection, url)
      await post(connection, url, ntlm(negotiate()))
      return third
    })
    await refused('a truncated message', async (connection) => (await answerFor(connection, url)).subarray(0, 100))
    await refused('a message 2', async () =>
      Buffer.concat([Buffer.from('NTLMSSP\0\x02\0\0\0', 'latin1'), Buffer.alloc(60)]),
    )
    await refused('a token of more than 9 KB', async (connection) =>
      Buffer.concat([await answerFor(connection, url), Buffer.alloc(9300)]),
    )
  })

  t.test(`a token longer than a header may be, at ${way}`, async (t) => {
    const connection = await open(t, url)
    t.match(await post(connection, url, ntlm(Buffer.alloc(60_000))), { status: 431 })
    await connection.closed
  })
}

t.test('an identity does not pass to other clients of a balancer that shares its connections', async (t) => {
  const url = direct
  const shared = await open(t, url)
  const of = (client: string): Headers => ({ 'X-Balancer-Connection': client, 'X-Forwarded-For': '10.0.0.1' })
  t.ok(isLetIn(await signIn(shared, url, of('b-1'))))
  t.ok(isLetIn(await post(shared, url, of('b-1'))))
  for (const headers of [of('b-2'), {}, { 'X-Forwarded-For': '10.0.0.1' }, { Via: '1.1 proxy' }])
    t.match(await post(shared, url, headers), { status: 401 }, JSON.stringify(headers))
  t.ok(isLetIn(await post(shared, url, of('b-1'))), 'nor does it get lost')
})

const proxied: readonly Headers[] = [
  { 'X-Forwarded-For': '10.0.0.1' },
  { Via: '1.1 proxy' },
  { Forwarded: 'for=10.0.0.1' },
  { 'X-Real-IP': '10.0.0.1' },
  { 'X-Client-IP': '10.0.0.1' },
  { 'X-Forwarded-Proto': 'https' },
  { 'X-Forwarded-Host': 'rms.contoso.test' },
  { 'X-Forwarded-Port': '443' },
]

for (const { way, url } of [
  { way: 'a node', url: direct },
  { way: 'a balancer', url: balanced },
]) {
  t.test(`behind a proxy that shares connections, before ${way}, nobody stays signed in`, async (t) => {
    for (const headers of proxied) {
      const what = JSON.stringify(headers)
      const shared = await open(t, url)
      t.match(await post(shared, url, headers), { status: 401 }, `${what}: nobody before`)
      t.ok(isLetIn(await signIn(shared, url, headers)), `${what}: by its own credentials`)
      t.match(await post(shared, url, headers), { status: 401 }, `${what}: nobody afterwards`)
      t.match(await post(shared, url), { status: 401 }, `${what}: nor without the header`)
      const late = await open(t, url)
      t.ok(isLetIn(await signIn(late, url)))
      t.match(await post(late, url, headers), { status: 401 }, `${what}: who signed in without it is not this one`)
    }
  })
}

t.test('the key of the installation tells its balancers from proxies', async (t) => {
  const key = { listenerKey: 'the-secret' }
  const node = await startNext(t, 'keyed', key)
  const nodes = [{ id: 'keyed', url: node }]
  const of = (headers: Headers): Headers => ({ 'X-Balancer-Connection': 'constant', ...headers })

  await t.test('a name of a connection without it, or with a wrong one, is that of a proxy', async (t) => {
    for (const headers of [of({}), of({ Via: '1.1 proxy' }), of({ 'X-Balancer-Key': 'the-secreT' })]) {
      const shared = await open(t, node)
      t.ok(isLetIn(await signIn(shared, node, headers)))
      t.match(await post(shared, node, headers), { status: 401 }, JSON.stringify(headers))
    }
    const shared = await open(t, node)
    const believed = of({ 'X-Balancer-Key': key.listenerKey })
    t.ok(isLetIn(await signIn(shared, node, believed)))
    t.ok(isLetIn(await post(shared, node, believed)))
  })

  await t.test('NTLM holds on a connection through two balancers that know it, and no other one has it', async (t) => {
    const inner = await startBalancerBefore(t, nodes, key.listenerKey)
    const outer = await startBalancerBefore(t, [{ id: 'inner', url: inner }], key.listenerKey)
    const [alice, nobody] = [await open(t, outer), await open(t, outer)]
    t.match(await post(alice, outer), { status: 401 })
    t.ok(isLetIn(await signIn(alice, outer)))
    for (const _ of [1, 2, 3]) {
      t.ok(isLetIn(await post(alice, outer)))
      t.match(await post(nobody, outer), { status: 401 })
    }
    for (const headers of proxied) {
      const shared = await open(t, outer)
      t.ok(isLetIn(await signIn(shared, outer, headers)))
      t.match(await post(shared, outer, headers), { status: 401 }, `a proxy before both: ${JSON.stringify(headers)}`)
    }
  })

  await t.test('a balancer before ours that does not show it is a proxy', async (t) => {
    const inner = await startBalancerBefore(t, nodes, key.listenerKey)
    for (const other of [undefined, 'another-secret']) {
      const outer = await startBalancerBefore(t, [{ id: 'inner', url: inner }], other)
      const alice = await open(t, outer)
      t.ok(isLetIn(await signIn(alice, outer)))
      t.match(await post(alice, outer), { status: 401 })
    }
  })
})

t.test('what a client says of itself does not make it another one', async (t) => {
  const url = balanced
  const [alice, mallory] = [await open(t, url), await open(t, url)]
  t.ok(isLetIn(await signIn(alice, url, { 'X-Balancer-Connection': 'mine' })))
  t.match(await post(mallory, url, { 'X-Balancer-Connection': 'mine' }), { status: 401 })
})

t.test('requests that come before the sign-in is done are nobody’s', async (t) => {
  const url = direct
  const connection = await open(t, url)
  const third = await answerFor(connection, url)
  connection.send(
    Buffer.concat([rawRequest(`${url}${path}`, '<a />', {}), rawRequest(`${url}${path}`, '<a />', ntlm(third))]),
  )
  t.match(await connection.answer(), { status: 401 })
  t.ok(isLetIn(await connection.answer()))
})

t.test('an endpoint for everybody lets in without sign-in; access lists count for those who sign in', async (t) => {
  const connection = await open(t, direct)
  t.ok(isLetIn(await post(connection, direct, {}, '/_wmcs/licensing/publish.asmx')))
  t.match(await post(connection, direct), { status: 401 })
  t.ok(isLetIn(await signIn(connection, direct)))
  t.match(await post(connection, direct, {}, '/_wmcs/licensing/license.asmx'), { status: 401 }, 'alice is not in legal')
  t.ok(isLetIn(await post(connection, direct, ntlm(await answerFor(connection, direct, 'CONTOSO\\bob')))))
  t.ok(isLetIn(await post(connection, direct, {}, '/_wmcs/licensing/license.asmx')), 'bob is')
})

t.test('an account that is disabled is not let in any more, though its password is remembered', async (t) => {
  const store = await openStore(database)
  t.teardown(() => store.close())
  const mallory = (await store.directory.accountByName('mallory'))?.sid ?? ''
  const come = async (): Promise<RawAnswer> => {
    const connection = await open(t, direct)
    return post(connection, direct, ntlm(await answerFor(connection, direct, 'CONTOSO\\mallory')))
  }
  t.ok(isLetIn(await come()))
  await store.directory.changeAccount(mallory, { enabled: false })
  t.match(await come(), { status: 401 })
  await store.directory.changeAccount(mallory, { enabled: true })
  t.ok(isLetIn(await come()))
})

t.test('our client is certified by NTLM and Negotiate, with its own SID, through a balancer', async (t) => {
  const url = balanced
  for (const signIn of ['ntlm', 'negotiate'] as const) {
    for (const user of ['alice', 'bob'] as const) {
      const client = connect({
        url,
        user: `CONTOSO\\${user}`,
        password: seedPassword,
        signIn,
        machine: readyMachine(`${user}-pc-mode2`),
      })
      const { rac, mail } = await client.certify()
      t.equal(mail, `${user}@contoso.test`)
      t.equal(rac.account.object?.id, seedDirectory.accounts.find(({ name }) => name === `CONTOSO\\${user}`)?.sid)
      await client.close()
    }
  }
  const wrong = connect({
    url,
    user: 'CONTOSO\\alice',
    password: 'wrong',
    signIn: 'ntlm',
    machine: readyMachine('alice-pc-mode2'),
  })
  await t.rejects(wrong.certify(), { status: 401, message: /Check user and password/ })
})
