/** What REST does around its operations: a server that is not ready, bodies of any kind, and who may ask. */
import { readdirSync, renameSync } from 'node:fs'
import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { openStore } from '../../src/cluster/store/open.js'
import { createRequestLog } from '../../src/cluster/request-log.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import { testClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'
import { createNodeLab } from '../../src/lab/node-lab.js'
import { buildApp } from '../../src/node/app.js'
import { createContext } from '../../src/node/context.js'
import { nobodyTrusted } from '../../src/http/trusted-proxies.js'
import { createMetrics } from '../../src/node/metrics.js'
import { startNode } from '../../src/node/start.js'
import { connect, readyMachine, type OwnRights } from '../../src/client/index.js'
import { usualProfile } from '../../src/soap/profile.js'
import { goodToken } from '../fixtures/rest-tokens.js'
import { startSite } from '../fixtures/sites.js'
import { fc } from '../fixtures/property.js'

const site = await startSite(2, 'rest')
const { node } = site
t.teardown(() => node.close())
const url = `${node.url}/my/v2/enduserlicenses`
const [bob, carol] = [await goodToken(node, 'bob'), await goodToken(node, 'carol')]

async function post(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  to = url,
): Promise<{ readonly status: number; readonly json: unknown; readonly text: string }> {
  const response = await fetch(to, {
    method: 'POST',
    headers: { authorization: `Bearer ${bob}`, 'content-type': 'application/json', ...headers },
    body,
  })
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: response.status, json, text }
}

t.test('a server that has not joined its cluster says 503, in JSON', async (t) => {
  const store = await openStore(':memory:')
  t.teardown(() => store.close())
  const log = pino({ level: 'silent' })
  const requestLog = createRequestLog(store.requestLog, { clock: systemClock, timers: systemTimers })
  const context = createContext({
    nodeId: 'young',
    keepsXrml: false,
    listenerKey: undefined,
    trustedProxies: nobodyTrusted,
    rootUrl: undefined,
    log,
    clock: systemClock,
    lab: createNodeLab({ nodeId: 'young', clock: systemClock }),
    followsLab: true,
    timers: systemTimers,
    random: systemRandom,
    store,
    requestLog,
    metrics: createMetrics('young'),
    schemes: ['basic'],
    ntlmLevel: 'v2',
    profile: usualProfile,
  })
  const app = await buildApp(context, { kind: 'root', bodyLimit: 100_000, requestTimeout: 5000 })
  t.teardown(() => app.close())
  const answer = await app.inject({ method: 'GET', url: '/my/v2/templates' })
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { Code: 'Microsoft.RightsManagement.Exceptions.ServiceBusyException', Message: /try again/ })
  t.equal((await app.inject({ method: 'GET', url: '/adfs/discovery/keys' })).statusCode, 503)
})

t.test('while the database is away known users get templates, and what needs it is answered 503', async (t) => {
  const folder = t.testdir({ data: {}, elsewhere: {} })
  const away = await startNode({ database: join(folder, 'data', 'rms.sqlite'), spoolFolder: join(folder, 'spool') })
  t.teardown(() => away.close())
  const token = await goodToken(away, 'bob')
  const send = (path: string, body?: string, type = 'application/json'): Promise<Response> =>
    fetch(`${away.url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body }),
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
    })
  const published = (await (
    await send(
      '/my/v2/publishinglicenses',
      '{"Policy":{"UserRights":[{"Users":["bob@contoso.test"],"Rights":["VIEW"]}]}}',
    )
  ).json()) as object
  const open = (): Promise<Response> => send('/my/v2/enduserlicenses', JSON.stringify(published))
  const signIn = (): Promise<Response> =>
    send(
      '/adfs/oauth2/token',
      'grant_type=password&username=carol&password=Passw0rd!',
      'application/x-www-form-urlencoded',
    )
  t.equal((await open()).status, 200)
  const move = (from: string, to: string): void => {
    for (const name of readdirSync(join(folder, from))) renameSync(join(folder, from, name), join(folder, to, name))
  }
  move('data', 'elsewhere')
  t.equal((await send('/my/v2/templates')).status, 200)
  const [license, session] = [await open(), await signIn()]
  t.match(
    [license.status, await license.json()],
    [503, { Code: 'Microsoft.RightsManagement.Exceptions.ServiceBusyException' }],
  )
  t.match([session.status, await session.json()], [503, { error: 'temporarily_unavailable' }])
  move('elsewhere', 'data')
})

t.test(
  'whatever bytes are sent as a license or as a body, the answer is a refusal that clients can read',
  async (t) => {
    const isReadable = ({ status, json }: { readonly status: number; readonly json: unknown }): boolean =>
      status === 400 && typeof (json as { Code?: unknown } | undefined)?.Code === 'string'
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) =>
        isReadable(await post(JSON.stringify({ SerializedPublishingLicense: Buffer.from(bytes).toString('base64') }))),
      ),
      { numRuns: 25 },
    )
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (body) => isReadable(await post(body))),
      { numRuns: 40 },
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) =>
        isReadable(await post(Buffer.from(bytes))),
      ),
      { numRuns: 30 },
    )
    const policy = fc.record(
      {
        UserRights: fc.anything(),
        Descriptors: fc.anything(),
        LicenseValidUntil: fc.anything(),
        IntervalTimeInDays: fc.anything(),
        allowOfflineAccess: fc.anything(),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.record({ Policy: policy, TemplateId: fc.anything(), ReferralInfo: fc.anything() }, { requiredKeys: [] }),
        async (body) => {
          const answer = await post(
            JSON.stringify(body, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
            {},
            `${node.url}/my/v2/publishinglicenses`,
          )
          return isReadable(answer) || answer.status === 200
        },
      ),
      { numRuns: 25 },
    )
    t.same(
      site.log.filter(({ level }) => level >= 50),
      [],
      'nothing unexpected is logged',
    )
  },
)

t.test('names with any characters are published, and content that was published can be opened', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }),
      fc.string({ maxLength: 30, unit: 'binary' }),
      async (name, value) => {
        const body = {
          ReferralInfo: value,
          SignedApplicationData: { [name]: value },
          Policy: {
            UserRights: [{ Users: ['bob@contoso.test'], Rights: ['VIEW'] }],
            Descriptors: [{ Name: name, Description: value }],
            EncryptedApplicationData: { [name]: value },
          },
        }
        const published = await post(JSON.stringify(body), {}, `${node.url}/my/v2/publishinglicenses`)
        if (published.status !== 200) return false
        const { SerializedPublishingLicense } = published.json as { SerializedPublishingLicense: string }
        const opened = await post(JSON.stringify({ SerializedPublishingLicense }))
        return opened.status === 200 && (opened.json as { AccessStatus: string }).AccessStatus === 'AccessGranted'
      },
    ),
    { numRuns: 25 },
  )
})

const rights = fc.oneof(
  fc.constantFrom('VIEW', 'view', 'Edit', 'REPLYALL', 'OWNER', 'FLY', 'Contoso.Approve', 'ein Recht', 'A B', 'A', 'B'),
  fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name.trim() !== ''),
)
const users = fc.constantFrom('carol@contoso.test', 'legal@contoso.test', 'ANYONE', 'Dave@fabrikam.test', 'OWNER')
const listOf = <Item>(items: fc.Arbitrary<Item>) => fc.array(items, { minLength: 1, maxLength: 4 })
const names = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', ';', ':', '<', '\n', '漢', '1'), maxLength: 8 })
const requestedPolicies = fc
  .tuple(
    fc.oneof(
      fc.record({
        UserRights: fc.array(fc.record({ Users: listOf(users), Rights: listOf(rights) }), { maxLength: 4 }),
      }),
      fc.record({
        UserRoles: listOf(fc.record({ Users: listOf(users), Roles: listOf(fc.constantFrom('VIEWER', 'AUTHOR')) })),
      }),
    ),
    fc.record(
      {
        Descriptors: fc.array(
          fc.record({
            Name: names,
            Description: names,
            Language: fc.constantFrom('en-US', 'de', 'nn', 'C', 'x-y', '1078'),
          }),
          { maxLength: 3 },
        ),
        EncryptedApplicationData: fc.dictionary(
          names.filter((name) => name !== ''),
          names,
          { maxKeys: 3 },
        ),
        IntervalTimeInDays: fc.constantFrom(null, -1, 0, 1, 30, 365),
        allowOfflineAccess: fc.constantFrom(null, true, false),
        AllowAuditedExtraction: fc.constantFrom(null, true, false),
        LicenseValidUntil: fc
          .date({ min: new Date('2090-01-01T00:00Z'), max: new Date('2099-01-01T00:00Z'), noInvalidDate: true })
          .map((date) => date.toISOString()),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([whom, how]) => ({ ...whom, ...how }))

interface Opened {
  readonly AccessStatus: string
  readonly Policy: object
  readonly Rights: readonly string[]
  readonly [member: string]: unknown
}

/** What its author, and what somebody else, is answered for it. */
async function publishedAs(body: object): Promise<readonly [Opened, Opened]> {
  const published = await post(JSON.stringify(body), {}, `${node.url}/my/v2/publishinglicenses`)
  if (published.status !== 200) throw new Error(`${JSON.stringify(body)} is answered ${published.text}`)
  const { SerializedPublishingLicense } = published.json as { SerializedPublishingLicense: string }
  const license = JSON.stringify({ SerializedPublishingLicense })
  const [own, others] = [await post(license), await post(license, { authorization: `Bearer ${carol}` })]
  return [own.json as Opened, others.json as Opened]
}

/** Without what every license has anew, and the order of rights, which says nothing. */
function meaning({
  Id: _id,
  ContentId: _content,
  Key: _key,
  LicenseValidUntil: _end,
  Rights,
  ...rest
}: Opened): object {
  return { ...rest, Rights: Rights.toSorted() }
}

t.test('a policy that is answered means the same when it is published again, whatever was asked for', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      requestedPolicies,
      names,
      fc.dictionary(
        names.filter((name) => name !== ''),
        names,
        { maxKeys: 2 },
      ),
      async (policy, referral, data) => {
        const first = await publishedAs({ Policy: policy, ReferralInfo: referral, SignedApplicationData: data })
        const { Policy, Referrer, SignedApplicationData } = first[0]
        const again = await publishedAs({ Policy, ReferralInfo: Referrer, SignedApplicationData })
        t.same(again.map(meaning), first.map(meaning), JSON.stringify(policy))
      },
    ),
    { numRuns: 20 },
  )
})

t.test('content that was published over SOAP too has a policy that can be published again', async (t) => {
  const author = connect({
    url: node.baseUrl,
    user: 'bob@contoso.test',
    password: 'Passw0rd!',
    machine: readyMachine('bob-pc-mode2'),
  })
  const [soon, later] = [new Date('2090-01-01T00:00:00Z'), new Date('2095-01-01T00:00:00Z')]
  const policies: readonly OwnRights[] = [
    { rights: [] },
    { rights: [{ to: 'carol@contoso.test', rights: ['VIEW'], days: 5 }], name: 'Übung' },
    {
      rights: [
        { to: 'carol@contoso.test', rights: ['VIEW', 'Contoso.Approve'], until: soon },
        { to: 'ANYONE', rights: ['VIEW'] },
      ],
      anyRight: true,
      validUntil: later,
      texts: [{ lcid: 1078, name: 'naam', description: '' }],
      applicationData: [{ name: 'NOLICCACHE', value: '1' }],
      referral: 'mailto:bob@contoso.test',
    },
  ]
  for (const policy of policies) {
    const { text } = await author.publish(policy, {})
    const license = JSON.stringify({ SerializedPublishingLicense: Buffer.from(text).toString('base64') })
    const { Policy, Referrer } = (await post(license)).json as Opened
    const [own] = await publishedAs({ Policy, ReferralInfo: Referrer })
    t.same(own.Policy, Policy)
  }
  t.match(
    (await publishedAs({ Policy: { UserRights: [], LicenseValidUntil: '2090-01-01T00:00:00Z' } }))[0].Policy,
    { UserRights: [], LicenseValidUntil: '2090-01-01T00:00:00Z' },
    'for the author alone',
  )
})

t.test('offline access that is denied stays denied, however it is written', async (t) => {
  const one = { UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'] }] }
  for (const [policy, offline, days] of [
    [{}, true, 30],
    [{ allowOfflineAccess: false }, false, 0],
    [{ allowOfflineAccess: false, IntervalTimeInDays: 7 }, false, 0],
    [{ AllowOfflineAccess: false }, false, 0],
    [{ ALLOWOFFLINEACCESS: false, intervaltimeindays: 0 }, false, 0],
    [{ IntervalTimeInDays: 0 }, false, 0],
    [{ IntervalTimeInDays: -1 }, false, 0],
    [{ allowOfflineAccess: null, IntervalTimeInDays: 0 }, false, 0],
    [{ allowOfflineAccess: true, IntervalTimeInDays: 0 }, true, 30],
    [{ allowOfflineAccess: true, IntervalTimeInDays: -1 }, true, 30],
    [{ intervalTimeInDays: 3 }, true, 3],
  ] as const) {
    const [own, others] = await publishedAs({ Policy: { ...one, ...policy } })
    t.equal(others.allowOfflineAccess, offline, JSON.stringify(policy))
    t.match(own.Policy, { IntervalTimeInDays: days, allowOfflineAccess: offline }, JSON.stringify(policy))
  }
})

t.test('a node whose clock is 90 s behind that of its neighbor serves what the other one has published', async (t) => {
  const policy = {
    UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'] }],
    LicenseValidUntil: '2090-01-01T00:00:00Z',
  }
  const published = await post(JSON.stringify({ Policy: policy }), {}, `${node.url}/my/v2/publishinglicenses`)
  const { SerializedPublishingLicense } = published.json as { SerializedPublishingLicense: string }
  const open = (): Promise<{ readonly status: number; readonly json: unknown }> =>
    post(JSON.stringify({ SerializedPublishingLicense }))
  for (const seconds of [-90, -500])
    await site.during({ daysLater: seconds / 86_400 }, async () => {
      t.match(await open(), { status: 200, json: { AccessStatus: 'AccessGranted' } }, `${seconds} s`)
    })
  await site.during({ daysLater: -1200 / 86_400 }, async () => {
    const early = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${await goodToken(node, 'bob')}`, 'content-type': 'application/json' },
      body: JSON.stringify({ SerializedPublishingLicense }),
    })
    t.match([early.status, await early.json()], [400, { Message: /begins later by the clock of this server/ }])
  })
})

t.test('audited extraction is denied by either of its two places', async (t) => {
  const one = { UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'] }] }
  for (const [body, allowed] of [
    [{ Policy: one }, true],
    [{ Policy: one, AllowAuditedExtraction: false }, false],
    [{ Policy: one, allowAuditedExtraction: false }, false],
    [{ Policy: { ...one, AllowAuditedExtraction: false } }, false],
    [{ Policy: { ...one, AllowAuditedExtraction: false }, AllowAuditedExtraction: true }, false],
  ] as const)
    t.match((await publishedAs(body))[0].Policy, { AllowAuditedExtraction: allowed }, JSON.stringify(body))
})

t.test('members of a request count in any case, and in one spelling', async (t) => {
  const flipped = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(flipped)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name === 'Key' ? name : name.replace(/^./, (first) => first.toLowerCase()),
        name === 'EncryptedApplicationData' ? inner : flipped(inner),
      ]),
    )
  }
  const policy = {
    UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'] }],
    Descriptors: [{ Name: 'N', Description: 'D', Language: 'de' }],
    EncryptedApplicationData: { Name: 'n', name: 'N', POLICY: 'p' },
    LicenseValidUntil: '2090-01-01T00:00:00Z',
    IntervalTimeInDays: 3,
  }
  const body = { Policy: policy, ReferralInfo: 'mailto:bob@contoso.test', PreferDeprecatedAlgorithms: true }
  const plain = await publishedAs(body)
  t.match(plain[0].Policy, policy)
  t.same((await publishedAs(flipped(body) as object)).map(meaning), plain.map(meaning))
  for (const twice of [
    { ...body, policy: policy },
    { Policy: { ...policy, intervalTimeInDays: 0 } },
    { Policy: { ...policy, UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'], rights: ['EDIT'] }] } },
  ])
    t.match(await post(JSON.stringify(twice), {}, `${node.url}/my/v2/publishinglicenses`), { status: 400 })
  const published = await post(JSON.stringify(body), {}, `${node.url}/my/v2/publishinglicenses`)
  const { SerializedPublishingLicense } = published.json as { SerializedPublishingLicense: string }
  for (const member of ['serializedPublishingLicense', 'SERIALIZEDPUBLISHINGLICENSE'])
    t.match((await post(JSON.stringify({ [member]: SerializedPublishingLicense }))).json, {
      AccessStatus: 'AccessGranted',
    })
})

t.test('names that an XrML descriptor could not tell apart again are refused', async (t) => {
  const one = { UserRights: [{ Users: ['carol@contoso.test'], Rights: ['VIEW'] }] }
  for (const descriptor of [
    { Name: 'a:DESCRIPTION b', Description: 'c' },
    { Name: 'a', Description: 'b;\nLCID 1031:NAME c:DESCRIPTION d' },
  ])
    t.match(
      await post(
        JSON.stringify({ Policy: { ...one, Descriptors: [descriptor] } }),
        {},
        `${node.url}/my/v2/publishinglicenses`,
      ),
      { status: 400 },
    )
})

t.test(
  'tokens of another issuer count instead of our own, when it is trusted; our own sign-in service is then none',
  async (t) => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const issuer = 'http://adfs.fabrikam.test/adfs/services/trust'
    const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'theirs' }] })
    const tokenIssuer = { issuer, authorizationUrl: 'https://adfs.fabrikam.test/adfs/oauth2/authorize', jwks }
    const theirs = await new SignJWT({ email: 'carol@contoso.test' })
      .setProtectedHeader({ alg: 'RS256', kid: 'theirs' })
      .setIssuer(issuer)
      .setAudience('api.rms.rest.com')
      .setExpirationTime('1h')
      .sign(privateKey)
    const ask = (token: string): Promise<Response> =>
      fetch(`${node.url}/my/v2/templates`, { headers: { authorization: `Bearer ${token}` } })
    t.equal((await ask(theirs)).status, 401)
    await site.during({ settings: { tokenIssuer } }, async () => {
      t.equal((await ask(theirs)).status, 200)
      const own = await ask(bob)
      t.equal(own.status, 401)
      t.match(own.headers.get('www-authenticate'), 'authorization="https://adfs.fabrikam.test/adfs/oauth2/authorize"')
      t.equal(
        (
          await fetch(`${node.url}/adfs/oauth2/token`, {
            method: 'POST',
            body: new URLSearchParams({ grant_type: 'password', username: 'bob', password: 'Passw0rd!' }),
          })
        ).status,
        404,
      )
    })
    t.equal((await ask(bob)).status, 200)
  },
)

t.test('who comes by the extranet is told the addresses outside, and the request log has the listener', async (t) => {
  const outside = {
    externalLicensingUrl: 'http://outside.contoso.test:8443/_wmcs/licensing',
    externalCertificationUrl: 'http://signin.contoso.test:7443/_wmcs/certification',
  }
  const marked = await startNode({ listenerKey: 'key of the balancer', settings: outside })
  t.teardown(() => marked.close())
  const token = await goodToken(marked, 'bob')
  const ask = (headers: Readonly<Record<string, string>>) =>
    ofHost(`${marked.url}/my/v2/servicediscovery`, {
      host: 'outside.contoso.test:8443',
      'x-balancer-listener': 'extranet',
      ...headers,
    })
  const [challenge, found] = [
    await ask({}),
    await ask({ authorization: `Bearer ${token}`, 'x-balancer-key': 'key of the balancer' }),
  ]
  t.match(
    challenge.headers['www-authenticate'],
    'authorization="http://signin.contoso.test:7443/adfs/oauth2/authorize"',
  )
  t.match(JSON.parse(found.text), [{ Uri: 'http://outside.contoso.test:8443/my/v2/enduserlicenses' }])
  t.equal((await ask({ authorization: `Bearer ${token}`, 'x-balancer-key': 'another' })).status, 200)
  const inside = await fetch(`${marked.url}/my/v2/servicediscovery`)
  t.match(inside.headers.get('www-authenticate'), `authorization="${marked.url}/adfs/oauth2/authorize"`)
  const records = await marked.context.store.requestLog.query({ requestType: 'ServiceDiscovery', limit: 10 })
  t.same(records.map(({ listener, successOrFailure }) => `${listener} ${successOrFailure}`).toSorted(), [
    'direct Succeeded',
    'extranet Succeeded',
  ])
})

/** With a Host header of one's own, which fetch does not send. */
async function ofHost(
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | undefined; readonly headers: IncomingHttpHeaders; readonly text: string }> {
  const [response] = (await once(request(address, { headers }).end(), 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}

t.test('REST waits for the emulated server like SOAP, and a queue that is full answers as IIS does', async (t) => {
  const clock = testClock(new Date())
  const emulatedServer = { operationsPerSecond: 2, serviceDistribution: 'fixed', queueLimit: 1 } as const
  const slow = await startNode({ mode: 1, clock, timers: clock, emulatedServer })
  t.teardown(() => slow.close())
  const token = await goodToken(slow, 'bob')
  const ask = () => fetch(`${slow.url}/my/v2/templates`, { headers: { authorization: `Bearer ${token}` } })
  const answers: Response[] = []
  const asked = [1, 2, 3, 4].map(async () => answers.push(await ask()))
  await until(() => answers.length === 2, 'two are refused: one is worked on, one waits')
  for (let served = 0; served < 2; served++) {
    await clock.untilTimer(500)
    await clock.advance(500)
  }
  await Promise.all(asked)
  t.same(
    answers.map(({ status }) => status),
    [503, 503, 200, 200],
  )
  for (const answer of answers.slice(0, 2)) t.match(await answer.text(), /HTTP 503: the queue is full/)
  const metrics = await (await fetch(`${slow.url}/metrics`)).text()
  t.match(metrics, /rms_queue_wait_seconds_count\{[^}]*\} 2/)
  t.match(metrics, /rms_queue_wait_seconds_sum\{[^}]*\} 0\.5\n/)
})

t.test('metrics count REST operations, refusals and steps like those over SOAP', async (t) => {
  const metrics = await (await fetch(`${node.url}/metrics`)).text()
  t.match(metrics, /rms_requests_total\{operation="EndUserLicenses",node="rest-1"\} \d+/)
  t.match(
    metrics,
    /rms_failures_total\{operation="EndUserLicenses",reason="Microsoft\.RightsManagement\.Exceptions\.BadInputException",node="rest-1"\} \d+/,
  )
  t.match(metrics, /rms_step_duration_seconds_count\{[^}]*step="decide rights"[^}]*\} \d+/)
})
