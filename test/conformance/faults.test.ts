/**
 * Every ready fault and every effect, as the npm package `soap` and a plain client of REST see them: while the fault is set, exactly what the catalogue says;
 * before and behind it, the same request succeeds.
 */
import t, { type Test } from 'tap'
import { connect, labTrustRoot, readyMachine } from '../../src/client/index.js'
import { ownerOf } from '../../src/client/publish.js'
import { prepareContent } from '../../src/client/prepare-content.js'
import { serverEndpoints } from '../../src/cluster/configuration.js'
import { publicKeyToPkcs1 } from '../../src/crypto/keys.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { explain } from '../../src/explain/explain.js'
import { catalogue } from '../../src/lab/faults/catalogue.js'
import { operationsWith } from '../../src/lab/faults/document-fault.js'
import type { Effect } from '../../src/lab/faults/effect.js'
import type { Fault, InstalledFault } from '../../src/lab/faults/fault.js'
import type { JsonObject } from '../../src/lab/json-object.js'
import { noLab } from '../../src/lab/state.js'
import { startNode } from '../../src/node/start.js'
import { readOneDocument } from '../../src/xrml/document.js'
import { buildUnsignedPl, readPl } from '../../src/xrml/pl.js'
import { effectExamples, explainedAs, sightingOf, type Sighting } from '../fixtures/fault-sightings.js'
import { goodToken } from '../fixtures/rest-tokens.js'
import { testClock } from '../fixtures/test-clock.js'
import { documentsIn, faultIn, labHeaderOf, rawCertificates as raw, soapPackage, statusOf } from './soap-package.js'

const serviceGroup = 'CONTOSO\\RMS Service Group'
const admittedGroups = {
  ...Object.fromEntries(serverEndpoints.map((endpoint) => [endpoint, [serviceGroup]])),
  '/certification/servercertification.asmx': [serviceGroup, 'bob@contoso.test'],
}
const timers = testClock()
const node = await startNode({ settings: { admittedGroups }, timers })
t.teardown(() => node.close())
const { clientFor } = soapPackage((path) => `${node.baseUrl}${path}`)
const trustRoots = [labTrustRoot(2)]

let version = 0
/** The faults that are set from now on. */
function set(faults: Readonly<Record<string, Fault>>): void {
  version++
  const installed = Object.entries(faults).map(([name, fault]): readonly [string, InstalledFault] => [
    name,
    { ...fault, seed: 7, since: version },
  ])
  node.context.lab.set({
    ...noLab,
    version,
    faults: Object.fromEntries(installed) as unknown as Record<string, JsonObject>,
  })
}

interface Request {
  readonly operation: string
  /** Below `/_wmcs`, or `/my/…`. */
  readonly path: string
  readonly user: string
  readonly body: object | undefined
}

interface Seen {
  readonly sighting: Sighting | { readonly kind: 'good'; readonly documents: readonly string[] }
  /** X-Lab. */
  readonly lab: string | undefined
}

const [bob, service] = ['CONTOSO\\bob', 'CONTOSO\\rms-service']
const machine = readyMachine('bob-pc-mode2')
const certifyBody = {
  requestParams: { MachineCertificateChain: raw(machine.chain.map((document) => document.text)), Persistent: true },
}

async function prepareRequests(): Promise<readonly Request[]> {
  const alice = connect({ url: node.baseUrl, user: 'CONTOSO\\alice', password: seedPassword })
  const content = await alice.publishOnline({
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }],
    applicationData: [{ name: 'Allow_Server_Editing', value: 'True' }],
  })
  const { account, publisher } = await alice.bootstrap()
  const client = await clientFor('/certification/certification.asmx', bob)
  const rac = documentsIn((await client.call('Certify', certifyBody)).raw)
  const slcChain = await alice.serverCertificate()
  const unsigned = (contentId?: string): string => {
    const { fields } = prepareContent(
      { clock: systemClock, random: systemRandom },
      {
        owner: ownerOf(account),
        server: publisher.clc.issuer,
        slcChain,
        policy: { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] },
        contentId,
      },
    )
    return buildUnsignedPl(fields)
  }
  const guid = node.context.state().own.templates.find(({ state }) => state === 'published')?.guid
  const soap = (operation: string, path: string, body: object, user = bob): Request => ({ operation, path, user, body })
  const rest = (operation: string, path: string, body?: object): Request => ({ operation, path, user: bob, body })
  const pl = readPl(readOneDocument(content.text))
  return [
    soap('Certify', '/certification/certification.asmx', certifyBody),
    soap('Certify', '/certification/ServerCertification.asmx', certifyBody),
    soap(
      'Precertify',
      '/certification/Precertification.asmx',
      { requestParams: { PrecertifyParams: [{ UserName: 'bob@contoso.test' }] } },
      service,
    ),
    soap('GetClientLicensorCert', '/licensing/publish.asmx', {
      RequestParams: { GetClientLicensorCertParams: [{ PersonaCerts: raw(rac) }] },
    }),
    soap('AcquireLicense', '/licensing/license.asmx', {
      RequestParams: { AcquireLicenseParams: [{ LicenseeCerts: raw(rac), IssuanceLicense: raw([content.text]) }] },
    }),
    soap('AcquirePreLicense', '/licensing/license.asmx', {
      RequestParams: {
        AcquirePreLicenseParams: [
          { LicenseeIdentities: { string: ['bob@contoso.test'] }, IssuanceLicense: raw([content.text]) },
        ],
      },
    }),
    soap('AcquireIssuanceLicense', '/licensing/publish.asmx', {
      RequestParams: { AcquireIssuanceLicenseParams: [{ UnsignedIssuanceLicense: { $xml: unsigned() } }] },
    }),
    soap(
      'EditIssuanceLicense',
      '/licensing/editissuancelicense.asmx',
      {
        RequestParams: {
          EditIssuanceLicenseParams: [
            {
              SignedIssuanceLicense: { $xml: content.text },
              UnsignedIssuanceLicense: { $xml: unsigned(pl.contentId?.id) },
            },
          ],
        },
      },
      service,
    ),
    soap('AcquireTemplateInformation', '/licensing/templateDistribution.asmx', {}),
    soap('AcquireTemplates', '/licensing/templateDistribution.asmx', { guids: { string: [guid] } }),
    soap('GetLicensorCertificate', '/certification/server.asmx', {}),
    soap('GetServerInfo', '/certification/server.asmx', { requests: { ServerInfoRequest: [{ Type: 'VersionInfo' }] } }),
    soap('GetServerInfo', '/licensing/server.asmx', { requests: { ServerInfoRequest: [{ Type: 'VersionInfo' }] } }),
    soap(
      'SubEnroll',
      '/certification/SubEnrollService.asmx',
      {
        oInput: {
          CertificatePublicKey: {
            aPublicKeyBytes: publicKeyToPkcs1(machine.key.publicKey),
            Guid: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
          },
          EnrolleeInformation: {
            SKU: 'RMS 2.0',
            Version: '6.3.0.0',
            Name: 'legal',
            URL: 'http://licensing.contoso.test/_wmcs',
          },
        },
      },
      service,
    ),
    rest('ServiceDiscovery', '/my/v2/servicediscovery?email=bob@contoso.test'),
    rest('Templates', '/my/v2/templates'),
    rest('EndUserLicenses', '/my/v2/enduserlicenses', {
      SerializedPublishingLicense: Buffer.from(content.text, 'utf8').toString('base64'),
    }),
    rest('PublishingLicenses', '/my/v2/publishinglicenses', {
      Policy: { UserRights: [{ Users: ['bob@contoso.test'], Rights: ['VIEW'] }] },
    }),
  ]
}

const requests = await prepareRequests()
const token = await goodToken(node, 'bob')

function see(request: Request): Promise<Seen> {
  return request.path.startsWith('/my/') ? seeRest(request) : seeSoap(request)
}

async function seeSoap({ path, operation, body = {}, user }: Request): Promise<Seen> {
  const client = await clientFor(path, user)
  try {
    const answer = await client.call(operation, body)
    return { sighting: { kind: 'good', documents: documentsIn(answer.raw) }, lab: answer.lab }
  } catch (error) {
    const lab = labHeaderOf(error)
    const [fault, status] = [faultIn(error), statusOf(error)]
    if (fault !== undefined)
      return { sighting: { kind: 'fault', status: status as 500, name: fault.split(':')[0] ?? '' }, lab }
    if (status === undefined || isCutShort(error)) return { sighting: { kind: 'cut' }, lab }
    return { sighting: httpSighting(status, challengeOf(error)), lab }
  }
}

async function seeRest({ path, body }: Request): Promise<Seen> {
  const answer = await fetch(`${node.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => undefined)
  if (answer === undefined) return { sighting: { kind: 'cut' }, lab: undefined }
  const lab = answer.headers.get('x-lab') ?? undefined
  const text = await answer.text().catch(() => undefined)
  if (text === undefined) return { sighting: { kind: 'cut' }, lab }
  if (answer.ok) return { sighting: { kind: 'good', documents: [] }, lab }
  if (answer.headers.get('content-type')?.startsWith('application/json') !== true)
    return { sighting: httpSighting(answer.status, answer.headers.get('www-authenticate') ?? undefined), lab }
  const { Code: code } = JSON.parse(text) as { readonly Code: string }
  return { sighting: { kind: 'refusal', status: answer.status, code }, lab }
}

function httpSighting(status: number, challenge: string | undefined): Sighting {
  return { kind: 'http', status, ...(challenge === undefined ? {} : { challenge }) }
}

function challengeOf(error: unknown): string | undefined {
  return (error as { response?: { headers?: Readonly<Record<string, string>> } }).response?.headers?.[
    'www-authenticate'
  ]
}

function isCutShort(error: unknown): boolean {
  return /aborted|ECONNRESET|socket hang up/.test(String(error))
}

/** Whether the fault touches that request. */
function touches({ match, effect }: Pick<Fault, 'match' | 'effect'>, { operation, path }: Request): boolean {
  if ('code' in effect && !path.startsWith('/my/')) return false
  if ('document' in effect && !operationsWith(effect.document).includes(operation)) return false
  return (match.operation?.includes(operation) ?? true) && (match.endpoint?.includes(path) ?? true)
}

/** Of those that are all answered in one way, as far as the fault goes: some of each service. */
function some(touched: readonly Request[]): readonly Request[] {
  const every = Math.ceil(touched.length / 5)
  return touched.filter((_, index) => index % every === 0)
}

const isRest = ({ path }: Request): boolean => path.startsWith('/my/')

/** Two answers have the leaf alone: the chain is known to whoever asks. */
function chainElsewhere({ operation }: Request): readonly string[] {
  const isAlone = operation === 'Precertify' || operation === 'EditIssuanceLicense'
  return isAlone ? node.context.state().own.chain.map(({ text }) => text) : []
}

function requireSeen(t: Test, effect: Effect, request: Request, { sighting }: Seen): void {
  const where = `${request.operation} at ${request.path}`
  const expected = sightingOf(effect)
  if (sighting.kind === 'good' && expected?.kind === 'document') {
    const now = systemClock.now()
    const { firstProblem } = explain(Buffer.from(sighting.documents.join('')), {
      trustRoots,
      now,
      certificates: chainElsewhere(request),
    })
    const explained = explainedAs[expected.fault]
    if (explained === undefined) t.equal(firstProblem, undefined, where)
    else t.match(firstProblem, explained, where)
  } else if (isRest(request) && 'exception' in effect) {
    // Over REST it has another name.
    t.equal(sighting.kind, 'refusal', where)
  } else t.same(sighting, expected, where)
}

t.test('without faults every request succeeds, and no answer names one', async (t) => {
  for (const request of requests)
    t.match(
      await see(request),
      { sighting: { kind: 'good' }, lab: undefined },
      `${request.operation} at ${request.path}`,
    )
})

for (const { name, fault } of catalogue) {
  t.test(`ready: ${name}`, async (t) => {
    const touched = some(requests.filter((request) => touches(fault, request)))
    const others = requests.filter((request) => !touches(fault, request))
    t.ok(touched.length > 0, 'there is a request that it touches')
    set({ [name]: { ...fault, when: {} } })
    for (const request of touched) {
      const seen = await see(request)
      requireSeen(t, fault.effect, request, seen)
      t.equal(seen.lab, `fault=${name}`)
    }
    for (const request of others.slice(0, 1))
      t.match(
        await see(request),
        { sighting: { kind: 'good' }, lab: undefined },
        `not ${request.operation} at ${request.path}`,
      )
    set({})
    for (const request of touched)
      t.match(await see(request), { sighting: { kind: 'good' }, lab: undefined }, 'off, the same request succeeds')
  })
}

for (const { effect } of effectExamples.filter((example) => sightingOf(example.effect) !== undefined)) {
  t.test(`effect: ${JSON.stringify(effect)}`, async (t) => {
    const fault = { match: {}, effect, when: {} }
    const touched = requests.filter((request) => touches(fault, request))
    set({ broken: fault })
    const shown = 'document' in effect ? touched : some(touched)
    for (const request of shown) requireSeen(t, effect, request, await see(request))
    set({})
    for (const request of shown.slice(0, 2))
      t.match(await see(request), { sighting: { kind: 'good' } }, 'off, it succeeds')
  })
}

const [first] = requests
if (first === undefined) throw new Error('there are no requests')

t.test('effect: a delay, which is waited for', async (t) => {
  set({ slow: { match: {}, effect: { delay: 'PT3S' }, when: {} } })
  const late = see(first)
  await timers.untilTimer(3000)
  await timers.advance(3000)
  t.match(await late, { sighting: { kind: 'good' }, lab: 'fault=slow' })
  set({})
})

t.test('effect: no answer, until the fault is gone', async (t) => {
  set({ silent: { match: {}, effect: { hang: true }, when: {} } })
  const waiting = see(first)
  await timers.untilTimer(600_000)
  set({})
  t.match(await waiting, { sighting: { kind: 'good' }, lab: 'fault=silent' })
})

t.test('the third request of bob, and then all is well again', async (t) => {
  const third = { match: { user: ['bob@contoso.test'], operation: ['AcquireLicense'] }, when: { next: 1, after: 2 } }
  set({ third: { ...third, effect: { exception: 'InvalidOfficialRightsTemplate' } } })
  const license = requests.find(({ operation }) => operation === 'AcquireLicense') ?? first
  const seen: string[] = []
  for (let number = 1; number <= 4; number++) seen.push((await see(license)).sighting.kind)
  t.same(seen, ['good', 'good', 'fault', 'good'])
  set({})
})

t.test('several faults meet: delays, then the first that ends the answer', async (t) => {
  set({
    a: { match: {}, effect: { delay: 'PT7S' }, when: {} },
    b: { match: {}, effect: { http: 503 }, when: {} },
    c: { match: {}, effect: { http: 500 }, when: {} },
  })
  const late = see(first)
  await timers.untilTimer(7000)
  await timers.advance(7000)
  t.same(await late, { sighting: { kind: 'http', status: 503 }, lab: 'fault=a, fault=b' })
  set({})
})
