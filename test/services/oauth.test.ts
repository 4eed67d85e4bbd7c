/** The sign-in service as clients meet it: codes, refresh tokens and passwords become access tokens; nobody is sent elsewhere (RFC 6749, 7636). */
import { createHash } from 'node:crypto'
import t from 'tap'
import { Ajv } from 'ajv'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { seedPassword } from '../../src/directory/seed.js'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import { isClientId, isRedirectUri, registeredClients } from '../../src/cluster/oauth-clients.js'
import { outOfBand, mayRedirect, oauthClients } from '../../src/services/oauth/clients.js'
import { startSite } from '../fixtures/sites.js'
import { fc } from '../fixtures/property.js'

const site = await startSite(2, 'oauth')
const { node } = site
t.teardown(() => node.close())

const authorizeUrl = `${node.url}/adfs/oauth2/authorize`
const loopback = 'http://127.0.0.1:5000/done'
const resource = 'api.rms.rest.com'
const during = <Result>(settings: Partial<ServerConfiguration>, run: () => Promise<Result>): Promise<Result> =>
  site.during({ settings }, run)

type Form = Readonly<Record<string, string>>

interface TokenReply {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, string>>
}

async function token(form: Readonly<Record<string, string>> | string): Promise<TokenReply> {
  const response = await fetch(`${node.url}/adfs/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Readonly<Record<string, string>>,
  }
}

const ask = (parameters: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(
    `${authorizeUrl}?${new URLSearchParams({ response_type: 'code', client_id: 'app', redirect_uri: loopback, resource, ...parameters }).toString()}`,
    { redirect: 'manual' },
  )

/** Signs in on the page. */
const fill = (parameters: Readonly<Record<string, string>>, user: string, password = seedPassword): Promise<Response> =>
  fetch(
    `${authorizeUrl}?${new URLSearchParams({ response_type: 'code', client_id: 'app', redirect_uri: loopback, ...parameters }).toString()}`,
    {
      method: 'POST',
      body: new URLSearchParams({ UserName: user, Password: password }),
      redirect: 'manual',
    },
  )

function sentTo(response: Response): { readonly address: string; readonly parameters: URLSearchParams } {
  const [address = '', query = ''] = (response.headers.get('location') ?? '').split('?')
  return { address, parameters: new URLSearchParams(query) }
}

async function newCode(parameters: Readonly<Record<string, string>> = {}, user = 'bob@contoso.test'): Promise<string> {
  return sentTo(await fill(parameters, user)).parameters.get('code') ?? ''
}

const byCode = (code: string, more: Readonly<Record<string, string>> = {}): Promise<TokenReply> =>
  token({ grant_type: 'authorization_code', code, client_id: 'app', redirect_uri: loopback, resource, ...more })

/** Whom the REST side takes the token for. */
async function whoIs(accessToken: string): Promise<string> {
  const response = await fetch(`${node.url}/my/v2/templates`, { headers: { authorization: `Bearer ${accessToken}` } })
  await response.arrayBuffer()
  return response.status === 200
    ? (site.log.findLast(({ msg }) => msg === 'served')?.['user'] as string)
    : String(response.status)
}

t.test('a code is got on the page, and becomes tokens for the one who signed in', async (t) => {
  const page = await ask({ login_hint: 'bob@contoso.test', state: 'x y' })
  t.equal(page.status, 200)
  t.match(
    await page.text(),
    /value="bob@contoso.test"/,
    'the page knows who is meant, and asks for the password all the same',
  )
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/)
  const { address, parameters } = sentTo(await fill({ state: 'x y' }, 'CONTOSO\\bob'))
  t.equal(address, loopback)
  t.equal(parameters.get('state'), 'x y')
  const { status, headers, body } = await byCode(parameters.get('code') ?? '')
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(body, { token_type: 'bearer', expires_in: 3600, resource })
  t.equal(await whoIs(body['access_token'] ?? ''), 'CONTOSO\\bob')
})

t.test('tokens are those of the discovery document: issuer, keys, claims', async (t) => {
  const document = (await (await fetch(`${node.url}/adfs/.well-known/openid-configuration`)).json()) as Readonly<
    Record<string, string>
  >
  t.match(document, {
    issuer: `${node.url}/adfs`,
    authorization_endpoint: authorizeUrl,
    token_endpoint: `${node.url}/adfs/oauth2/token`,
    jwks_uri: `${node.url}/adfs/discovery/keys`,
  })
  const keys = (await (await fetch(document['jwks_uri'] ?? '')).json()) as JSONWebKeySet
  t.notMatch(JSON.stringify(keys), /"d"|"p"|"q"/, 'public halves only')
  const { body } = await token({
    grant_type: 'password',
    username: 'alice@contoso.test',
    password: seedPassword,
    client_id: 'app',
    resource,
  })
  const access = await jwtVerify(body['access_token'] ?? '', createLocalJWKSet(keys), {
    issuer: document['issuer'] ?? '',
    audience: resource,
    algorithms: ['RS256'],
  })
  t.match(access.payload, {
    upn: 'alice@contoso.test',
    email: 'alice@contoso.test',
    unique_name: 'CONTOSO\\alice',
    proxyAddresses: ['SMTP:alice@contoso.test', 'smtp:alice.a@contoso.test'],
    appid: 'app',
  })
  const id = await jwtVerify(body['id_token'] ?? '', createLocalJWKSet(keys), {
    issuer: document['issuer'] ?? '',
    audience: 'app',
  })
  t.match(id.payload, { upn: 'alice@contoso.test', email: 'alice@contoso.test', oid: /^S-1-5-21-/ })
  const realm = (await (
    await fetch(`${node.url}/Common/UserRealm/alice@contoso.test?api-version=1.0`)
  ).json()) as object
  t.match(realm, { account_type: 'managed' })
})

t.test('answers are as /openapi.json has them', async (t) => {
  const described = (await (await fetch(`${node.url}/openapi.json`)).json()) as {
    paths: Readonly<
      Record<
        string,
        { post?: { responses: Readonly<Record<string, { content: Readonly<Record<string, { schema: object }>> }>> } }
      >
    >
  }
  const schema = (status: number): object =>
    described.paths['/adfs/oauth2/token']?.post?.responses[status]?.content['application/json']?.schema ?? { not: {} }
  const ajv = new Ajv({ strict: false })
  const good = await token({
    grant_type: 'password',
    username: 'alice@contoso.test',
    password: seedPassword,
    client_id: 'app',
  })
  t.ok(ajv.validate(schema(200), good.body), ajv.errorsText())
  t.ok(ajv.validate(schema(400), (await token({})).body), ajv.errorsText())
})

t.test('a code is good once, for its client, its address and its verifier', async (t) => {
  const code = await newCode()
  t.equal((await byCode(code)).status, 200)
  t.match(await byCode(code), { status: 400, body: { error: 'invalid_grant' } }, 'used')
  const many = await newCode()
  const replies = await Promise.all(Array.from({ length: 8 }, () => byCode(many)))
  t.equal(replies.filter(({ status }) => status === 200).length, 1, 'of eight at once one gets the tokens')
  t.match(
    await byCode(await newCode(), { client_id: 'other' }),
    { status: 400, body: { error: 'invalid_grant' } },
    'another client',
  )
  t.match(
    await byCode(await newCode(), { redirect_uri: `${loopback}/x` }),
    { status: 400, body: { error: 'invalid_grant' } },
    'another address',
  )
  const burnt = await newCode()
  await byCode(burnt, { client_id: 'other' })
  t.match(await byCode(burnt), { status: 400, body: { error: 'invalid_grant' } }, 'a wrong try uses it up')
  const late = await newCode()
  t.match(
    await site.during({ daysLater: 1 }, () => byCode(late)),
    { status: 400, body: { error: 'invalid_grant' } },
    'too late',
  )
})

t.test('PKCE: the verifier belongs to the challenge, in either method', async (t) => {
  const verifier = 'v'.repeat(64)
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const s256 = { code_challenge: challenge, code_challenge_method: 'S256' }
  t.equal((await byCode(await newCode(s256), { code_verifier: verifier })).status, 200)
  t.equal((await byCode(await newCode({ code_challenge: verifier }), { code_verifier: verifier })).status, 200, 'plain')
  for (const [asked, more] of [
    [s256, {}],
    [s256, { code_verifier: 'w'.repeat(64) }],
    [s256, { code_verifier: challenge }],
    [{}, { code_verifier: verifier }],
  ] as const) {
    t.match(
      await byCode(await newCode(asked), more),
      { status: 400, body: { error: 'invalid_grant' } },
      JSON.stringify([asked, more]),
    )
  }
  for (const odd of [
    { code_challenge: 'short' },
    { code_challenge: challenge, code_challenge_method: 'S512' },
  ] as readonly Form[]) {
    t.equal(sentTo(await ask(odd)).parameters.get('error'), 'invalid_request')
  }
})

t.test('a refresh token gives tokens again, for its own client and as long as the account is enabled', async (t) => {
  const first = await byCode(await newCode({}, 'carol@contoso.test'))
  const refresh = first.body['refresh_token'] ?? ''
  for (const form of [{ client_id: 'app', resource }, {}] as readonly Form[]) {
    const again = await token({ grant_type: 'refresh_token', refresh_token: refresh, ...form })
    t.equal(await whoIs(again.body['access_token'] ?? ''), 'CONTOSO\\carol')
  }
  const wrong: readonly Form[] = [
    { refresh_token: `${refresh}x` },
    { refresh_token: 'x'.repeat(4096) },
    { refresh_token: first.body['id_token'] ?? '' },
    { refresh_token: refresh, client_id: 'other' },
    { refresh_token: first.body['access_token'] ?? '' },
  ]
  for (const form of wrong)
    t.match(await token({ grant_type: 'refresh_token', ...form }), { status: 400, body: { error: 'invalid_grant' } })
  t.equal(await whoIs(refresh), '401', 'it is no access token')
  t.match(await byCode(refresh), { status: 400, body: { error: 'invalid_grant' } }, 'it is no code')
  const code = await newCode()
  t.match(
    await token({ grant_type: 'refresh_token', refresh_token: code }),
    { status: 400 },
    'nor is a code a refresh token',
  )
  const { directory } = node.context.store
  const carol = await directory.accountByName('carol')
  await directory.changeAccount(carol?.sid ?? '', { enabled: false })
  t.match(
    await token({ grant_type: 'refresh_token', refresh_token: refresh }),
    { status: 400, body: { error: 'invalid_grant' } },
    'disabled',
  )
  t.equal(
    await whoIs(first.body['access_token'] ?? ''),
    '401',
    'an access token of a disabled account does not count either',
  )
  await directory.changeAccount(carol?.sid ?? '', { enabled: true })
  t.match(
    await site.during({ daysLater: 1 }, () => token({ grant_type: 'refresh_token', refresh_token: refresh })),
    { status: 400 },
    'ended',
  )
})

t.test('a wrong password is said on the page and to the client, and gives nothing', async (t) => {
  const page = await fill({}, 'bob@contoso.test', 'wrong')
  t.equal(page.status, 200)
  t.match(await page.text(), /role="alert"/)
  t.equal(page.headers.get('location'), null)
  for (const [username, password] of [
    ['bob@contoso.test', 'wrong'],
    ['nobody@contoso.test', seedPassword],
    ["' OR 1=1 --", 'x'],
  ] as const) {
    t.match(await token({ grant_type: 'password', username, password }), {
      status: 400,
      body: { error: 'invalid_grant' },
    })
  }
})

t.test('nobody is sent anywhere but to an address of their own', async (t) => {
  const open = [
    'https://evil.test/',
    'http://evil.test/',
    'http://127.0.0.1.evil.test/',
    'http://localhost@evil.test/',
    'http://user:x@127.0.0.1/',
    'http://127.0.0.1/#x',
    '//evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    `${outOfBand}:x`,
    'com.microsoft.rms-sharing-for-ios://authorize',
    'http://127.0.0.1/\r\nx: y',
    '',
  ]
  for (const redirect of open) {
    const response = await ask({ redirect_uri: redirect })
    t.equal(response.status, 400, redirect)
    t.equal(response.headers.get('location'), null)
  }
  t.equal((await ask({ client_id: '' })).status, 400)
  for (const { id, redirectUris } of oauthClients) {
    for (const redirect of [...redirectUris, outOfBand, 'http://localhost:1/', 'http://[::1]:7/x?y=z'])
      t.ok(mayRedirect(id.toUpperCase(), redirect), `${id} ${redirect}`)
    t.notOk(mayRedirect(id, 'https://login.contoso.test/'))
  }
  t.match(await (await ask({ redirect_uri: 'https://app.contoso.test/' })).json(), {
    error_description: /register it: --oauth-client ID=URI/,
  })
  t.match(
    sentTo(await fill({ client_id: 'd3590ed6-52b3-4102-aeff-aad2292ab01c', redirect_uri: outOfBand }, 'bob')).address,
    outOfBand,
  )
})

t.test('an application of one’s own signs in under its id, at its addresses and at no other ones', async (t) => {
  const addresses = ['com.contoso.app://authorize', 'https://client.test.app', 'https://app.contoso.test/done?from=rms']
  const oauthClients = registeredClients([
    ...addresses.map((value) => ({ key: 'Com.Contoso.App', value })),
    { key: 'other', value: 'com.contoso.other://authorize' },
  ])
  await during({ oauthClients }, async () => {
    for (const redirect of addresses) {
      const client = { client_id: 'com.contoso.app', redirect_uri: redirect }
      const address = (await fill(client, 'bob@contoso.test')).headers.get('location') ?? ''
      t.ok(address.startsWith(redirect), address)
      const code = /[?&]code=([^&]+)/.exec(address)?.[1] ?? ''
      const { status, body } = await byCode(code, client)
      t.equal(status, 200)
      t.equal(await whoIs(body['access_token'] ?? ''), 'CONTOSO\\bob')
    }
    for (const wrong of [
      { client_id: 'app', redirect_uri: 'com.contoso.app://authorize' },
      { client_id: 'com.contoso.app', redirect_uri: 'com.contoso.other://authorize' },
      { client_id: 'com.contoso.app', redirect_uri: 'com.contoso.app://authorize/' },
      { client_id: 'com.contoso.app', redirect_uri: 'https://client.test.app.mallory.test' },
    ])
      t.equal((await ask(wrong)).status, 400, JSON.stringify(wrong))
    t.equal((await ask({ client_id: 'com.contoso.app' })).status, 200, 'and at its own machine, as every client')
  })
  t.equal((await ask({ client_id: 'com.contoso.app', redirect_uri: 'com.contoso.app://authorize' })).status, 400)
})

t.test('a redirect address is absolute, of a scheme that an application can have, without fragment', async (t) => {
  for (const good of [
    'com.contoso.app://authorize',
    'com.contoso.app:/authorize',
    'msauth://x',
    'https://a.test',
    'http://a.test:8080/b?c=d&e=f,g',
    outOfBand,
  ])
    t.ok(isRedirectUri(good), good)
  for (const bad of [
    '',
    'authorize',
    '/authorize',
    '//a.test/',
    'https://a.test/#x',
    'https://a.test/#',
    'com.contoso.app://authorize#x',
    'https://user:secret@a.test/',
    'https:// a.test/',
    'https://ä.test/',
    'https://',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'https://a.test/\r\nx: y',
    'https://a.test/"x"',
    `https://a.test/${'x'.repeat(1000)}`,
  ])
    t.notOk(isRedirectUri(bad), bad.slice(0, 40))
  for (const [id, good] of [
    ['com.contoso.app', true],
    ['{11111111-1111-1111-1111-111111111111}', true],
    ['my app', true],
    ['', false],
    [' app', false],
    ['äpp', false],
    ['x'.repeat(201), false],
  ] as const)
    t.equal(isClientId(id), good, id.slice(0, 40))
})

t.test('what else is wrong with a request is told to the client, at its address', async (t) => {
  for (const [parameters, error] of [
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_mode: 'form_post' }, 'invalid_request'],
    [{ resource: 'other' }, 'invalid_resource'],
  ] as const) {
    const { address, parameters: told } = sentTo(await ask({ ...parameters, state: 's' }))
    t.equal(address, loopback)
    t.equal(told.get('error'), error)
    t.equal(told.get('state'), 's')
  }
  const wrong = [
    [{}, 'invalid_request'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ grant_type: 'password' }, 'invalid_request'],
    [{ grant_type: 'authorization_code', code: 'x' }, 'invalid_request'],
    [{ grant_type: 'refresh_token' }, 'invalid_request'],
    [{ grant_type: '__proto__' }, 'unsupported_grant_type'],
    [{ grant_type: 'constructor' }, 'unsupported_grant_type'],
    [{ grant_type: 'password', username: 'bob', password: seedPassword, resource: 'x' }, 'invalid_resource'],
  ] as const
  for (const [form, error] of wrong)
    t.match(await token(form), { status: 400, body: { error, error_description: /\w/ } }, JSON.stringify(form))
  t.match(await token('grant_type=password&grant_type=refresh_token'), {
    status: 400,
    body: { error: 'invalid_request', error_description: /twice/ },
  })
  t.equal((await token('x'.repeat(40_000))).status, 413)
  const json = await fetch(`${node.url}/adfs/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  t.equal(json.status, 415)
})

t.test('what is shown of a request cannot become part of the page', async (t) => {
  const nasty = '"><script>alert(1)</script>\'&'
  for (const response of [
    await ask({ client_id: nasty, login_hint: nasty, state: nasty }),
    await fill({ client_id: nasty, nonce: nasty }, nasty),
  ]) {
    const html = await response.text()
    t.equal(response.status, 200)
    t.notMatch(html, /<script|alert\(1\)<|\['"]>/)
  }
})

t.test('automatic sign-in takes the hint at its word, and only when it is switched on', async (t) => {
  t.equal((await ask({ login_hint: 'bob@contoso.test' })).status, 200)
  await during({ automaticSignIn: true }, async () => {
    const { parameters } = sentTo(await ask({ login_hint: 'bob@contoso.test' }))
    const { body } = await byCode(parameters.get('code') ?? '')
    t.equal(await whoIs(body['access_token'] ?? ''), 'CONTOSO\\bob')
    for (const hint of ['', 'nobody@contoso.test']) t.equal((await ask({ login_hint: hint })).status, 200, 'the page')
  })
})

t.test('codes, tokens and passwords are not in the log, nor codes in the database', async (t) => {
  const code = await newCode()
  const { body } = await byCode(await newCode())
  t.equal(await node.context.store.authorizationCodes.take(code), undefined)
  t.notMatch(JSON.stringify(site.log), new RegExp(`${seedPassword}|eyJ|${code}|${body['refresh_token']}`))
})

t.test('whatever comes as a form or query is answered by 200, 302 or a refusal', async (t) => {
  const names = fc.constantFrom(
    'grant_type',
    'code',
    'client_id',
    'redirect_uri',
    'refresh_token',
    'username',
    'password',
    'resource',
    'code_verifier',
    'response_type',
    'state',
    'x',
  )
  const values = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.constantFrom(
      'password',
      'authorization_code',
      'refresh_token',
      'code',
      loopback,
      resource,
      'bob@contoso.test',
      '\0',
      '%',
      'A'.repeat(5000),
    ),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(names, values), { maxLength: 8 }),
      fc.string({ maxLength: 20 }),
      async (pairs, junk) => {
        const text = `${new URLSearchParams(pairs).toString()}${junk}`
        const form = await token(text)
        if (![200, 400].includes(form.status) || (form.status === 400 && form.body['error'] === undefined)) return false
        const response = await fetch(`${authorizeUrl}?${text.replaceAll(/[^\x21-\x7E]/g, '')}`, { redirect: 'manual' })
        await response.arrayBuffer()
        return [200, 302, 400].includes(response.status)
      },
    ),
    { numRuns: 150 },
  )
  t.same(
    site.log.filter(({ level }) => level >= 50),
    [],
    'nothing unexpected is logged',
  )
})
