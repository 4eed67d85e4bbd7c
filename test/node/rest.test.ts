/** What REST does around its operations: a server that is not ready, bodies of any kind, and who may ask. */
import { readdirSync, renameSync } from 'node:fs'
import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { openStore } from '../../src/cluster/store/open.js'
import { createRequestLog } from '../../src/cluster/request-log.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import { buildApp } from '../../src/node/app.js'
import { createContext } from '../../src/node/context.js'
import { createMetrics } from '../../src/node/metrics.js'
import { startNode } from '../../src/node/start.js'
import { goodToken } from '../fixtures/rest-tokens.js'
import { startSite } from '../fixtures/sites.js'

const site = await startSite(2, 'rest')
const { node } = site
t.teardown(() => node.close())
const url = `${node.url}/my/v2/enduserlicenses`
const bob = await goodToken(node, 'bob')

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
    rootUrl: undefined,
    log,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    store,
    requestLog,
    metrics: createMetrics('young'),
    schemes: ['basic'],
    ntlmLevel: 'v2',
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
  t.same(records.map(({ listener }) => listener).toSorted(), ['direct', 'extranet'])
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
  const slow = await startNode({
    emulatedServer: { operationsPerSecond: 2, serviceDistribution: 'fixed', queueLimit: 0 },
  })
  t.teardown(() => slow.close())
  const token = await goodToken(slow, 'bob')
  const ask = () => fetch(`${slow.url}/my/v2/templates`, { headers: { authorization: `Bearer ${token}` } })
  const answers = await Promise.all([ask(), ask(), ask(), ask()])
  const refused = answers.filter(({ status }) => status === 503)
  t.ok(refused.length > 0 && answers.some(({ status }) => status === 200))
  for (const answer of refused) t.match(await answer.text(), /HTTP 503: the queue is full/)
  const metrics = await (await fetch(`${slow.url}/metrics`)).text()
  t.match(metrics, new RegExp(`rms_queue_wait_seconds_count\\{[^}]*\\} ${answers.length - refused.length}`))
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
