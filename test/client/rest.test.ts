/** The REST dialogue from the challenge to the decrypted file, as a device leads it and as our client does, and across to SOAP (rest-mde 1). */
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { once } from 'node:events'
import t from 'tap'
import {
  AccessDenied,
  connect,
  connectRest,
  ForeignSignInService,
  readyMachine,
  RestRefused,
  writePfile,
  readPfile,
  type RestClient,
} from '../../src/client/index.js'
import { encryptContent, decryptContent } from '../../src/crypto/content-cipher.js'
import type { CipherMode } from '../../src/crypto/content-key.js'
import type { CryptoMode } from '../../src/crypto/modes.js'
import { systemClock } from '../../src/effects.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { addSeconds } from '../../src/xrml/times.js'

const password = 'Passw0rd!'
const plain = Buffer.from('For bob’s eyes only. '.repeat(700))

interface KeyMember {
  readonly CipherMode: string
  readonly Value: string
}

/** A device: every call twice, the first time without a token. */
function device(user: string) {
  const twice = async (url: string, body?: object, first: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const send = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'user-agent': 'Mozilla/5.0',
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    const challenge = await send(first)
    await challenge.arrayBuffer()
    if (challenge.status !== 401) throw new Error(`The first request is answered ${challenge.status}`)
    const header = challenge.headers.get('www-authenticate') ?? ''
    const answer = await send({
      authorization: `Bearer ${await signIn(header)}`,
      'x-ms-rms-request-id': '{5a9d0b1e-0000-4000-8000-000000000001};{5a9d0b1e-0000-4000-8000-000000000002}',
      'x-ms-rms-platform-id': 'AppName=rmscore;AppVersion=1.0;DevicePlatform=WindowsStore;SDKVersion=4.1;',
    })
    if (answer.status !== 200) throw new Error(`${url} is answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }

  /** By the page, as a person would: the code comes in the address that the page leads to. */
  const signIn = async (header: string): Promise<string> => {
    const parts = new Map(
      header
        .slice('Bearer '.length)
        .split(',')
        .map((part) => part.split('='))
        .filter((part) => part.length === 2)
        .map(([name = '', value = '']) => [name.trim().toLowerCase(), value.trim().replaceAll('"', '')] as const),
    )
    const authorization = new URL(parts.get('authorization') ?? '')
    const origin = `${authorization.origin}/${authorization.pathname.split('/')[1]}`
    const redirect = 'urn:ietf:wg:oauth:2.0:oob'
    const clientId = 'd3590ed6-52b3-4102-aeff-aad2292ab01c'
    // Values as they are, not escaped, in no particular order.
    const query = `login_hint=${user}&resource=${parts.get('realm')}&client_id=${clientId}&redirect_uri=${redirect}&response_type=code&client-request-id={1}&x-client-SKU=RMSAuth`
    const page = await fetch(`${origin}/oauth2/authorize?${query}`)
    const html = await page.text()
    if (page.status !== 200 || !html.includes(`value="${user}"`))
      throw new Error(`The sign-in page is answered ${page.status}`)
    const action = (/action="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&')
    const done = await fetch(`${origin}/oauth2/authorize${action}`, {
      method: 'POST',
      body: new URLSearchParams({ UserName: user, Password: password }),
      redirect: 'manual',
    })
    const code = /^urn:ietf:wg:oauth:2\.0:oob\?code=([^&]+)/.exec(done.headers.get('location') ?? '')?.[1]
    const form = `grant_type=authorization_code&code=${code}&redirect_uri=${redirect}&client_id=${clientId}&resource=${parts.get('realm')}`
    const token = await fetch(`${origin}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'client-request-id': '{2}' },
      body: form,
    })
    const { access_token: accessToken, id_token: idToken } = (await token.json()) as {
      access_token: string
      id_token: string
    }
    // The middle part is plain base64 to this client.
    if (/[-_]/.test(idToken.split('.')[1] ?? '')) throw new Error('The id_token is not plain base64')
    return accessToken
  }

  const services = async (
    url: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ReadonlyMap<string, string>> =>
    new Map(
      ((await twice(url, undefined, headers)) as readonly { Name: string; Uri: string }[]).map(({ Name, Uri }) => [
        Name,
        Uri,
      ]),
    )
  return { twice, services }
}

/** Publishes as a device does and writes the file. */
async function protectAsDevice({ url }: RunningNode, preferDeprecatedAlgorithms: boolean): Promise<Buffer> {
  const alice = device('alice@contoso.test')
  const services = await alice.services(`${url}/my/v2/servicediscovery?email=alice@contoso.test`)
  const body = {
    AllowAuditedExtraction: true,
    PreferDeprecatedAlgorithms: preferDeprecatedAlgorithms,
    Policy: {
      UserRights: [{ Users: ['bob@contoso.test'], Rights: ['VIEW', 'PRINT'] }],
      IntervalTimeInDays: 30,
      allowOfflineAccess: true,
    },
  }
  const published = (await alice.twice(services.get('PublishingLicenses') ?? '', body)) as {
    SerializedPublishingLicense: string
    Key: KeyMember
  }
  const key = Buffer.from(published.Key.Value, 'base64')
  const mode: CipherMode = published.Key.CipherMode === 'MICROSOFT.ECB' ? 'ECB' : 'CBC4K'
  const filled = mode === 'ECB' ? Buffer.concat([plain, Buffer.alloc((16 - (plain.length % 16)) % 16)]) : plain
  const license = Buffer.from(published.SerializedPublishingLicense, 'base64').toString('utf8')
  return writePfile({
    extension: '.txt',
    publishingLicense: license,
    originalSize: plain.length,
    encryptedContent: encryptContent(mode, key, filled),
  })
}

/** Opens as a device does: the license's own URL and key lead to the services. */
async function openAsDevice(
  user: string,
  { url }: RunningNode,
  file: Buffer,
): Promise<{ readonly rights: readonly string[]; readonly plain: Buffer }> {
  const reader = device(user)
  const pfile = readPfile(file)
  const address = /License-Acquisition-URL"[^]*?<ADDRESS type="URL">([^<]+)</.exec(pfile.publishingLicense)?.[1] ?? ''
  const modulus =
    /<ISSUEDPRINCIPALS>[^]*?<PARAMETER name="modulus"><VALUE[^>]*>([^<]+)</.exec(pfile.publishingLicense)?.[1] ?? ''
  const services = await reader.services(`${url}/my/v1/servicediscovery?service=${address}`, {
    'x-ms-rms-slc-key': modulus,
    'x-ms-rms-service-url': address,
  })
  const body = { SerializedPublishingLicense: Buffer.from(`\uFEFF${pfile.publishingLicense}`).toString('base64') }
  const license = (await reader.twice(services.get('EndUserLicenses') ?? '', body)) as {
    AccessStatus: string
    Rights: readonly string[]
    Key: KeyMember
  }
  const mode: CipherMode = license.Key.CipherMode === 'MICROSOFT.ECB' ? 'ECB' : 'CBC4K'
  const decrypted = decryptContent(mode, Buffer.from(license.Key.Value, 'base64'), pfile.encryptedContent)
  return { rights: license.Rights, plain: decrypted.subarray(0, pfile.originalSize) }
}

/** As files of version 2, and those of other clients, have it: without XML declaration. */
function bareOf(file: Buffer): Buffer {
  const { originalSize, ...parts } = readPfile(file)
  return writePfile({ ...parts, originalSize, publishingLicense: parts.publishingLicense.replace(/^<\?.*?\?>/, '') })
}

const nodes = new Map<CryptoMode, RunningNode>()
t.teardown(() => Promise.all([...nodes.values()].map((node) => node.close())))

async function nodeOf(mode: CryptoMode): Promise<RunningNode> {
  const node = nodes.get(mode) ?? (await startNode({ mode }))
  nodes.set(mode, node)
  return node
}

/** On ready-made machines: new ones take a key pair each. */
const soap = (node: RunningNode, user: 'alice' | 'bob', secondsAhead = 0) =>
  connect({
    clock: { ...systemClock, now: () => addSeconds(systemClock.now(), secondsAhead) },
    url: node.baseUrl,
    user: `${user}@contoso.test`,
    password,
    machine: readyMachine(`${user}-pc-mode${node.context.state().rules.mode}`),
  })
const rest = (node: RunningNode, user: string): RestClient =>
  connectRest({ url: node.baseUrl, user: `${user}@contoso.test`, password })

for (const mode of [1, 2] as const) {
  t.test(`from challenge to decrypted file, and across to SOAP, in Mode ${mode}`, async (t) => {
    const node = await nodeOf(mode)
    const bob = soap(node, 'bob')
    for (const [cipher, deprecated] of [
      ['CBC4K', false],
      ['ECB', true],
    ] as const) {
      const file = await protectAsDevice(node, deprecated)
      const opened = await openAsDevice('bob@contoso.test', node, file)
      t.ok(opened.plain.equals(plain), `${cipher}: a device opens what a device protected`)
      t.same(opened.rights, ['VIEW', 'PRINT'])
      const bare = bareOf(file)
      t.ok((await bob.openFile(bare)).plain.equals(plain), `${cipher}: without XML declaration too`)
      t.same((await openAsDevice('bob@contoso.test', node, bare)).rights, ['VIEW', 'PRINT'])
      const overSoap = await bob.openFile(file)
      t.ok(overSoap.plain.equals(plain), `${cipher}: a SOAP client opens what a device protected`)
      t.same(overSoap.rights, ['VIEW', 'PRINT'])
      t.equal(overSoap.contentKey.cipherMode, cipher)
      t.ok((await rest(node, 'bob').openFile(file)).plain.equals(plain), `${cipher}: our REST client too`)
    }
    const alice = soap(node, 'alice')
    for (const online of [false, true]) {
      const file = await alice.protectFile(
        plain,
        '.txt',
        { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] },
        { online },
      )
      t.match(
        readPfile(file).publishingLicense,
        /^<\?xml version="1\.0"\?><XrML [^?]*$/,
        'as genuine files begin, once',
      )
      const opened = await openAsDevice('bob@contoso.test', node, file)
      t.ok(opened.plain.equals(plain), `a device opens what was protected over SOAP, ${online ? 'online' : 'offline'}`)
      t.same(opened.rights, ['VIEW'])
    }
  })
}

t.test('clocks may differ by minutes: what has just begun for its author has begun for everybody', async (t) => {
  const node = await nodeOf(2)
  const until = addSeconds(systemClock.now(), 86_400)
  const times = [{ validUntil: until }, { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'], until }] }]
  for (const [publisher, reader] of [
    [180, 0],
    [0, -180],
    [270, -270],
    [-180, 180],
  ] as const) {
    const [alice, bob] = [soap(node, 'alice', publisher), soap(node, 'bob', reader)]
    for (const time of times) {
      for (const online of [false, true]) {
        const rights = [{ to: 'bob@contoso.test', rights: ['VIEW'] }]
        const file = await alice.protectFile(plain, '.txt', { rights, ...time }, { online })
        const how = `publisher ${publisher} s, reader ${reader} s, ${online ? 'online' : 'offline'}`
        t.match(await bob.openFile(file), { rights: ['VIEW'], plain }, how)
        t.match(await alice.openFile(file), { rights: ['OWNER'], plain }, how)
        t.match(await rest(node, 'bob').openFile(file), { rights: ['VIEW'], plain }, how)
      }
    }
  }
  const far = await soap(node, 'alice', 1800).protectFile(plain, '.txt', { rights: [], validUntil: until })
  await t.rejects(soap(node, 'bob').openFile(far), /IssuanceLicenseIsNotWithinValidTimeRange/)
  await t.rejects(rest(node, 'alice').openFile(far), {
    name: 'RestRefused',
    status: 400,
    message: /begins later by the clock of this server/,
  })
})

t.test('our REST client publishes by template, rights and roles, and tells who is refused', async (t) => {
  const node = await nodeOf(2)
  const [alice, bob, mallory, soapBob] = [
    rest(node, 'alice'),
    rest(node, 'bob'),
    rest(node, 'mallory'),
    soap(node, 'bob'),
  ]
  t.same(
    [...(await alice.discover()).keys()],
    ['EndUserLicenses', 'PublishingLicenses', 'Templates', 'ClientDebugLogs', 'ClientPerformanceLogs'],
  )
  const template = (await alice.templates()).find(({ name }) => /read only/i.test(name))
  const policies = [
    { templateId: template?.id.replaceAll(/[{}]/g, '') ?? '' },
    {
      rights: [{ to: 'bob@contoso.test', rights: ['VIEW'], days: 5 }],
      name: 'N',
      referral: 'mailto:alice@contoso.test',
    },
    { roles: [{ to: 'bob@contoso.test', roles: ['VIEWER'] }] },
  ]
  for (const policy of policies) {
    for (const cipherMode of ['CBC4K', 'ECB'] as const) {
      const file = await alice.protectFile(plain, '.txt', policy, { cipherMode })
      t.match(await bob.openFile(file), { rights: ['VIEW'], extension: '.txt', plain })
      t.match(await soapBob.openFile(file), { rights: ['VIEW'], plain, contentKey: { cipherMode } })
      await t.rejects(mallory.openFile(file), { name: 'AccessDenied', status: 'AccessDenied' })
    }
  }
  const denied: unknown = await mallory
    .openFile(await alice.protectFile(plain, '', policies[1] as (typeof policies)[1]))
    .catch((error: unknown) => error)
  t.match(denied, { message: /mallory@contoso.test has no rights to it\. Ask mailto:alice@contoso.test/ })
  t.ok(denied instanceof AccessDenied)
  await t.rejects(alice.publish({ templateId: '{no}' }), {
    name: 'RestRefused',
    status: 400,
    code: 'Microsoft.RightsManagement.Exceptions.BadInputException',
  })
  for (const unsayable of [{ validFrom: new Date() }, { validUntil: new Date(0), anyTime: true }])
    await t.rejects(alice.publish({ rights: [], ...unsayable }), /server dates what is published by REST/)
  await t.rejects(alice.discover('https://rms.fabrikam.test/_wmcs/licensing'), RestRefused)
  await t.rejects(connectRest({ url: node.url, user: 'alice@contoso.test', password: 'wrong' }).templates(), {
    name: 'CallFailed',
    message: /did not sign in alice@contoso.test/,
  })
  await t.rejects(connectRest({ url: node.url, token: 'a.b.c' }).templates(), { name: 'RestRefused', status: 401 })
  t.throws(() => connectRest({ url: 'nonsense' }), RangeError)
})

t.test('the password goes to no sign-in service elsewhere', async (t) => {
  const asked: string[] = []
  const server = createHttpServer((request, response) => {
    asked.push(request.url ?? '')
    response
      .writeHead(401, {
        'www-authenticate': 'Bearer realm="api.rms.rest.com", authorization="http://localhost:1/adfs/oauth2/authorize"',
      })
      .end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await t.rejects(connectRest({ url, user: 'alice@contoso.test', password }).templates(), ForeignSignInService)
  await t.rejects(
    connectRest({
      url,
      user: 'alice@contoso.test',
      password,
      signInHosts: ['localhost'],
    }).templates(),
    { name: 'CallFailed', message: /localhost:1/ },
  )
  t.same(asked, [
    '/my/v2/servicediscovery?email=alice%40contoso.test',
    '/my/v2/servicediscovery?email=alice%40contoso.test',
  ])
})

t.test('answers that are not as they should be are not used', async (t) => {
  let answer = ''
  const server = createHttpServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const services = [
    'EndUserLicenses',
    'PublishingLicenses',
    'Templates',
    'ClientDebugLogs',
    'ClientPerformanceLogs',
  ].map((Name) => ({ Name, Uri: `${url}/x` }))
  for (const wrong of [
    '',
    'null',
    '{}',
    '[1]',
    JSON.stringify(services.slice(1)),
    JSON.stringify([...services.slice(1), { Name: 'EndUserLicenses', Uri: 'file:///etc/passwd' }]),
  ]) {
    answer = wrong
    await t.rejects(connectRest({ url, token: 'x' }).discover(), wrong)
  }
  answer = JSON.stringify(services)
  t.equal((await connectRest({ url, token: 'x' }).discover()).size, 5)
})

t.test('a server that is not there is said to be so', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  await t.rejects(connectRest({ url: `http://127.0.0.1:${port}`, token: 'x' }).templates(), {
    name: 'CallFailed',
    message: /connection was refused/,
  })
})
