/** REST across the servers of an installation: what one of them has issued every other one takes. */
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { connectRest } from '../../src/client/index.js'
import { provisionLicensing } from '../../src/cluster/provision.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { sharedDatabase } from './postgres.js'

const database = await sharedDatabase(t)
const keyPassword = 'password of the installation'
const one = await startNode({ database, keyPassword, nodeId: 'root-1' })
const two = await startNode({ database, keyPassword, nodeId: 'root-2', provision: false })
const licensing = await startLicensing()
t.teardown(async () => {
  for (const node of [licensing, two, one]) await node.close()
})

async function startLicensing(): Promise<RunningNode> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  await provisionLicensing(
    one.context.store,
    { name: 'legal', baseUrl: `http://127.0.0.1:${port}/_wmcs`, keyPassword: 'another password' },
    { clock: systemClock, random: systemRandom },
  )
  return startNode({ database, cluster: 'legal', keyPassword: 'another password', port, nodeId: 'legal-1' })
}

const redirect = 'http://127.0.0.1/done'

async function codeAt(node: RunningNode): Promise<string> {
  const query = new URLSearchParams({ response_type: 'code', client_id: 'app', redirect_uri: redirect })
  const answer = await fetch(`${node.url}/adfs/oauth2/authorize?${query.toString()}`, {
    method: 'POST',
    body: new URLSearchParams({ UserName: 'bob', Password: password }),
    redirect: 'manual',
  })
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
}

async function tokensAt(
  node: RunningNode,
  form: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly access: string; readonly refresh: string }> {
  const answer = await fetch(`${node.url}/adfs/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  const body = (await answer.json()) as { access_token?: string; refresh_token?: string }
  return { status: answer.status, access: body.access_token ?? '', refresh: body.refresh_token ?? '' }
}

const templatesAt = (node: RunningNode, token: string): Promise<Response> =>
  fetch(`${node.url}/my/v2/templates`, { headers: { authorization: `Bearer ${token}` } })

t.test('two servers that issue their first token at the same time do so with one key', async (t) => {
  const [first, second] = await Promise.all(
    [one, two].map((node) => tokensAt(node, { grant_type: 'password', username: 'alice@contoso.test', password })),
  )
  for (const token of [first?.access ?? '', second?.access ?? '']) {
    for (const node of [one, two, licensing]) t.equal((await templatesAt(node, token)).status, 200, node.nodeId)
  }
  const keys = await Promise.all(
    [one, two].map(async (node) => (await fetch(`${node.url}/adfs/discovery/keys`)).text()),
  )
  t.equal(keys[0], keys[1])
})

t.test('a code of one server is redeemed at another, once; so are refresh tokens', async (t) => {
  const code = await codeAt(one)
  const form = { grant_type: 'authorization_code', code, client_id: 'app', redirect_uri: redirect }
  const tokens = await tokensAt(two, form)
  t.equal(tokens.status, 200)
  t.equal((await tokensAt(one, form)).status, 400)
  const again = await tokensAt(one, { grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: 'app' })
  t.equal((await templatesAt(licensing, again.access)).status, 200)
})

t.test('the private key is in the database sealed under the key of the root alone', async (t) => {
  const stored = await one.context.store.tokenKeys.find()
  t.match(stored?.sealedPrivateKey, /^v1:/)
  t.notMatch(JSON.stringify(stored), /PRIVATE|"d"/)
  await t.rejects(licensing.context.tokenKeys.signing(licensing.context.state()), /root/)
})

t.test('a licensing-only server sends its users to sign in at the root, and has no sign-in service', async (t) => {
  const challenge = (await fetch(`${licensing.url}/my/v2/templates`)).headers.get('www-authenticate')
  t.equal(challenge, `Bearer realm="api.rms.rest.com", authorization="${one.url}/adfs/oauth2/authorize"`)
  t.equal((await fetch(`${licensing.url}/adfs/oauth2/authorize`)).status, 404)
})

t.test(
  'content of a licensing-only cluster: published and opened there, found from the root, licensed by nobody else',
  async (t) => {
    const client = (url: string, user: string) => connectRest({ url, user: `${user}@contoso.test`, password })
    const plain = Buffer.from('for bob')
    const policy = { rights: [{ to: 'legal@contoso.test', rights: ['VIEW'] }] }
    const file = await client(licensing.url, 'alice').protectFile(plain, '.txt', policy)
    t.match(await client(licensing.url, 'bob').openFile(file), { plain, rights: ['VIEW'] })
    // Asked at the root, discovery leads to the cluster of the license.
    t.match(await client(two.url, 'bob').openFile(file), { plain, rights: ['VIEW'] })
    const services = await client(two.url, 'bob').discover(licensing.baseUrl)
    t.equal(services.get('EndUserLicenses'), `${new URL(licensing.baseUrl).origin}/my/v2/enduserlicenses`)
    const license = /<XrML[^]*<\/XrML>/.exec(file.toString('utf8'))?.[0] ?? ''
    const { access } = await tokensAt(one, { grant_type: 'password', username: 'bob@contoso.test', password })
    const answer = await fetch(`${one.url}/my/v2/enduserlicenses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
      body: JSON.stringify({ SerializedPublishingLicense: Buffer.from(license).toString('base64') }),
    })
    t.equal(answer.status, 400)
  },
)

t.test(
  'while the root does not answer, a licensing-only server says 502 for accounts that it does not know yet, and serves the others',
  async (t) => {
    const { access: carol } = await tokensAt(one, { grant_type: 'password', username: 'carol@contoso.test', password })
    const { access: bob } = await tokensAt(one, { grant_type: 'password', username: 'bob@contoso.test', password })
    const file = await connectRest({ url: licensing.url, user: 'alice@contoso.test', password }).publish({
      rights: [{ to: 'legal@contoso.test', rights: ['VIEW'] }],
    })
    const open = (token: string): Promise<Response> =>
      fetch(`${licensing.url}/my/v2/enduserlicenses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ SerializedPublishingLicense: Buffer.from(file.text).toString('base64') }),
      })
    t.equal((await open(bob)).status, 200)
    await two.close()
    await one.close()
    const away = await open(carol)
    t.equal(away.status, 502)
    t.match(await away.json(), {
      Code: 'Microsoft.RightsManagement.Exceptions.ServiceNotAvailableException',
      Message: /does not answer/,
    })
    t.equal((await open(bob)).status, 200)
  },
)
