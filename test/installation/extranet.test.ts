/** A licensing-only cluster with an extranet listener, as processes: what is set there acts there alone, and its users are told apart. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import {
  acquireLicense,
  connect,
  labTrustRoot,
  readPlChain,
  readyMachine,
  type RmsClient,
} from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { startInstallation, type ClusterStatus, type InstallationStatus } from '../../src/index.js'
import type { XrmlDocument } from '../../src/xrml/document.js'
import { readPl } from '../../src/xrml/pl.js'
import { databases } from '../cluster/postgres.js'
import { answers, jsonLines, printedCommands, run, startUp, type Outcome, type RunningUp } from '../cli/command.js'
import { until } from '../fixtures/until.js'

t.setTimeout(900_000)

const temporary = t.testdir()
const environment = { TMPDIR: temporary }
const data = join(t.testdirName, 'lab')
const flags = ['--root', '1', '--licensing', 'licensing=1', '--data', data, '--log-level', 'warn']
let lab: RunningUp = await startUp(flags, { environment })
t.teardown(async () => void (await lab.stop()))

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
/** Without an account yet: it asks the locator anew. */
const newClient = (url: string, user: string): RmsClient =>
  connect({ url, user: `CONTOSO\\${user}`, password, machine: readyMachine('alice-pc-mode2') })
const clients = new Map<string, RmsClient>()
function clientAt(url: string, user: string): RmsClient {
  const known = clients.get(`${user} ${url}`) ?? newClient(url, user)
  clients.set(`${user} ${url}`, known)
  return known
}
const command = (...args: string[]): Promise<Outcome> => run([...args, '--manage', lab.ready.manage], { environment })

async function call(method: string, path: string, body?: object): Promise<Readonly<Record<string, never>>> {
  const headers = {
    authorization: `Bearer ${lab.ready.token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const response = await fetch(`${lab.ready.manage}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, never>>)
}

async function clusterNamed(name: string): Promise<ClusterStatus> {
  const { clusters } = (await call('GET', '/status')) as unknown as InstallationStatus
  const found = clusters.find((cluster) => cluster.name === name)
  if (found === undefined) throw new Error(`There is no cluster ${name}`)
  return found
}

const count = async (query: string): Promise<number> => Number((await call('GET', `/requests/count?${query}`)).count)
const pointsOf = (pl: string) => readPl(readPlChain(pl)[0] as XrmlDocument)
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const noRights = { exceptionName: /NoRightsForRequestedPrincipalException$/ }

t.test('add-cluster legal --extranet: a second listener, whose URLs stand in CLC and PL', async (t) => {
  const added = await command('add-cluster', 'legal', '--extranet', '--json')
  t.match(added, { code: 0, stderr: '' })
  const [{ url, extranetUrl = '' }] = jsonLines(added) as [ClusterStatus]
  t.not(extranetUrl, url)
  t.match(await clusterNamed('legal'), { url, extranetUrl })
  t.notOk('extranetUrl' in (await clusterNamed('root')))
  t.match(await command('status'), { code: 0, stdout: new RegExp(`^legal, [^]*^ +extranet +${extranetUrl}$`, 'm') })

  const alice = clientAt(url, 'alice')
  const { clc } = await alice.getClientLicensorCert()
  t.match(clc, { licensingUrl: `${url}/licensing`, extranetLicensingUrl: `${extranetUrl}/licensing` })
  t.match(
    clc.document.text,
    /\{94BF969A-CA04-44d6-AA96-51071281FEF2\}.*Extranet|Extranet-License-Acquisition-URL"><ID type="MS-GUID">\{94BF969A-CA04-44d6-AA96-51071281FEF2\}/,
  )
  for (const pl of [await alice.publish(forBob), await alice.publishOnline(forBob)]) {
    t.match(pointsOf(pl.text), { licensingUrl: `${url}/licensing`, extranetLicensingUrl: `${extranetUrl}/licensing` })
  }
  const atRoot = await clientAt(lab.url, 'alice').getClientLicensorCert()
  t.equal(atRoot.clc.extranetLicensingUrl, undefined, 'at legal alone')
})

t.test('the request log tells who came by it, and nobody can pretend', async (t) => {
  const { url, extranetUrl = '', nodes } = await clusterNamed('legal')
  const pl = await clientAt(url, 'alice').publish(forBob)
  const asks = (listener: string) => count(`cluster=legal&user=bob&operation=AcquireLicense&listener=${listener}`)
  const [inside, outside, direct] = [await asks('intranet'), await asks('extranet'), await asks('direct')]
  await clientAt(url, 'bob').acquireLicense(pl.text)
  await clientAt(extranetUrl, 'bob').acquireLicense(pl.text)
  await clientAt(extranetUrl, 'bob').acquireLicense(pl.text)
  t.same([await asks('intranet'), await asks('extranet'), await asks('direct')], [inside + 1, outside + 2, direct])

  const forged = {
    'x-balancer-listener': 'extranet',
    'x-balancer-key': 'guessed',
    authorization: `Basic ${Buffer.from(`CONTOSO\\carol:${password}`).toString('base64')}`,
    'content-type': 'text/xml',
  }
  for (const origin of [nodes[0]?.url ?? '', new URL(url).origin]) {
    await (
      await fetch(`${origin}/_wmcs/licensing/server.asmx`, { method: 'POST', headers: forged, body: '<no-soap/>' })
    ).text()
  }
  const { requests } = (await call('GET', '/requests?cluster=legal&user=carol')) as unknown as {
    requests: readonly { listener: string }[]
  }
  t.same(
    requests.map(({ listener }) => listener).toSorted(),
    ['direct', 'intranet'],
    'the node itself, and the listener that it was',
  )
})

t.test('a template, a super-user group and an excluded application act at legal alone', async (t) => {
  const { url } = await clusterNamed('legal')
  const licensingUrl = (await clusterNamed('licensing')).url
  const others = [lab.url, licensingUrl]
  const published = new Map<string, string>()
  for (const at of [url, ...others]) published.set(at, (await clientAt(at, 'alice').publish(forBob)).text)
  await call('POST', '/directory/groups/superusers/members', { members: ['mallory'] })

  await call('POST', '/clusters/legal/templates', {
    texts: [{ lcid: 1033, name: 'Legal only', description: 'For bob' }],
    grants: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  })
  await call('PUT', '/clusters/legal/super-users', { enabled: true, group: 'superusers@contoso.test' })
  await call('POST', '/clusters/legal/exclusion/applications', {
    filename: 'WINWORD.EXE',
    minimumVersion: '1',
    maximumVersion: '12',
  })
  const hasTemplate = async (at: string): Promise<boolean> =>
    (await clientAt(at, 'alice').templates()).some(({ texts }) => texts.some(({ name }) => name === 'Legal only'))
  await until(() => hasTemplate(url), 'legal distributes the template')
  const excludes = async (at: string): Promise<boolean> =>
    (await clientAt(at, 'bob').acquireLicense(published.get(at) ?? '')).ul.document.text.includes('WINWORD.EXE')
  await until(() => excludes(url), 'legal excludes the application')
  const mallory = clientAt(url, 'mallory')
  const opened = await mallory.open(await mallory.acquireLicense(published.get(url) ?? ''))
  t.same(opened.rights, ['OWNER'], 'a super user')
  for (const at of others) {
    t.notOk(await hasTemplate(at))
    t.notOk(await excludes(at))
    t.match(await refused(clientAt(at, 'mallory').acquireLicense(published.get(at) ?? '')), noRights)
  }
})

t.test('what one cluster published another one does not license; accounts go to the root', async (t) => {
  const urls = [lab.url, (await clusterNamed('licensing')).url] as const
  const { account } = await clientAt(lab.url, 'bob').bootstrap()
  const context = {
    credentials: { user: 'CONTOSO\\bob', password },
    trustRoots: [labTrustRoot(2)],
    clock: systemClock,
    random: systemRandom,
  }
  for (const [own, other] of [urls, urls.toReversed()] as [string, string][]) {
    const pl = readPlChain((await clientAt(own, 'alice').publish(forBob)).text)
    t.ok(await acquireLicense(context, `${own}/licensing`, account.chain, pl))
    t.match(await refused(acquireLicense(context, `${other}/licensing`, account.chain, pl)), {
      exceptionName: /RightsLabelNoMatchingIssuedPrincipalException$/,
    })
  }
  t.equal((await fetch(`${urls[1]}/certification/certification.asmx`)).status, 404)
  t.equal((await newClient(urls[1], 'alice').locations()).certificationUrl, `${lab.url}/certification`)
})

t.test('content keeps the URLs of its time and opens; listeners open and close while the cluster serves', async (t) => {
  const { extranetUrl: before = '' } = await clusterNamed('legal')
  const legal = (await clusterNamed('legal')).url
  const old = await clientAt(legal, 'alice').publish(forBob)
  t.match(await command('remove-extranet', 'legal'), { code: 0, stdout: /is closed/ })
  t.notOk(await answers(before))
  t.notOk('extranetUrl' in (await clusterNamed('legal')))
  const clcNow = async (): Promise<string | undefined> =>
    (await clientAt(legal, 'alice').getClientLicensorCert()).clc.extranetLicensingUrl
  t.equal(await clcNow(), undefined, 'the CLC names no extranet URL from now on')
  t.match(await command('remove-extranet', 'legal'), { code: 1, stderr: /has no extranet listener/ })

  const outside = 'https://rms.contoso.example/_wmcs/licensing'
  const licensing = `${legal.replace('127.0.0.1', 'localhost')}/licensing`
  await call('PUT', '/clusters/legal/urls', { extranetLicensing: outside, licensing })
  await until(async () => (await clcNow()) === outside, 'the CLC names the URL that was set')
  t.equal((await newClient(legal, 'alice').locations()).licensingUrl, licensing, 'as the locator does')
  t.match(await command('add-extranet', 'legal'), { code: 0, stdout: /http:\/\/127/ })
  const open = await command('add-extranet', 'legal')
  t.match(open, { code: 1, stderr: /has an extranet listener at \S+ already/ })
  const [close = []] = printedCommands(open.stderr)
  t.same(close, ['remove-extranet', 'legal', '--manage', lab.ready.manage])
  t.match(await run(close, { environment }), { code: 0, stdout: /is closed/ })
  t.match(await command('add-extranet', 'legal'), { code: 0 })
  t.match(await command('add-extranet', 'legal', '--port', 'x'), { code: 2, stderr: /--port is "x"/ })
  t.match(await call('GET', '/clusters/legal/urls'), { extranetLicensing: outside }, "an administrator's URL stays")
  const { account } = await clientAt(lab.url, 'bob').bootstrap()
  const context = {
    credentials: { user: 'CONTOSO\\bob', password },
    trustRoots: [labTrustRoot(2)],
    clock: systemClock,
    random: systemRandom,
  }
  t.ok(await acquireLicense(context, `${legal}/licensing`, account.chain, readPlChain(old.text)))
  t.equal(pointsOf(old.text).extranetLicensingUrl, `${before}/licensing`)
  await call('PUT', '/clusters/legal/urls', { extranetLicensing: null, licensing: null })
})

t.test('the root outside: RAC and locators name it, at licensing-only clusters too', async (t) => {
  t.match(await command('add-extranet', 'root'), { code: 0 })
  const { extranetUrl = '' } = await clusterNamed('root')
  const racPoint = async (): Promise<boolean> =>
    (await clientAt(lab.url, 'carol').certify()).rac.document.text.includes(
      `<ADDRESS type="URL">${extranetUrl}/certification</ADDRESS>`,
    )
  await until(racPoint, 'the RAC names the certification outside')
  t.same(await newClient(extranetUrl, 'carol').locations(), {
    certificationUrl: `${extranetUrl}/certification`,
    licensingUrl: `${extranetUrl}/licensing`,
  })
  t.same((await newClient(lab.url, 'carol').locations()).licensingUrl, `${lab.url}/licensing`)
  await command('add-extranet', 'licensing')
  const { extranetUrl: licensingOutside = '' } = await clusterNamed('licensing')
  await until(
    async () =>
      (await newClient(licensingOutside, 'carol').locations()).certificationUrl === `${extranetUrl}/certification`,
    'accounts of the extranet go to the root outside',
  )
})

t.test('a stale service connection point of a running installation: shown, moved, removed', async (t) => {
  const url = `${lab.url}/certification`
  t.match(jsonLines(await command('scp', 'show', '--json')), [{ url, state: 'current', cluster: 'root' }])
  t.match(await command('scp', 'remove'), { code: 1, stderr: /names the root cluster "root", which is in use/ })
  t.match(await command('scp', 'move', 'http://gone.test/_wmcs/certification'), {
    code: 1,
    stderr: /is no root cluster of this database/,
  })
  t.match(await command('scp', 'move', 'gone'), { code: 2, stderr: /is no http\(s\) URL/ })
  t.match(await command('scp', 'move', 'http://gone.test/_wmcs/certification', '--force'), {
    code: 0,
    stdout: /stale/,
  })
  t.match(await command('scp', 'remove'), { code: 0 })
  t.match(await command('scp', 'show'), { code: 0, stdout: /absent/ })
  t.match(await command('scp', 'move', url), { code: 0, stdout: /current/ })
})

for (const { name, fresh } of databases(t))
  t.test(`a stale service connection point of a database alone, ${name}: shown, and removed`, async (t) => {
    const other = await fresh()
    const places = ['--cluster', 'root', '--crypto-mode', '1', '--public-url', 'http://a.test', '--db', other]
    if (name === 'SQLite') {
      t.match(await run(['scp', 'show', '--db', other]), { code: 1, stderr: /names no file/ })
      t.notOk(existsSync(other))
    }
    await (await openStore(other)).close()
    t.match(await run(['scp', 'show', '--db', other]), { code: 1, stderr: /no forest in this database/ })
    t.match(await run(['provision', 'root', ...places]), { code: 0 })
    const store = await openStore(other)
    await store.clusters.remove('root')
    await store.close()
    t.match(await run(['provision', 'root', ...places, '--public-url', 'http://b.test']), {
      code: 1,
      stderr: /names http:\/\/a\.test.*scp remove/,
    })
    t.match(await run(['scp', 'show', '--db', other]), { code: 0, stdout: /http:\/\/a\.test.*\n.*stale/ })
    t.match(await run(['scp', 'remove', '--db', other, '--json']), { code: 0, stdout: '{"event":"removed"}\n' })
    t.match(await run(['provision', 'root', ...places, '--public-url', 'http://b.test']), { code: 0 })
  })

t.test('listeners come back with the installation; those asked for in a wrong way are refused', async (t) => {
  const outside = { root: (await clusterNamed('root')).extranetUrl, legal: (await clusterNamed('legal')).extranetUrl }
  t.same(await lab.stop(), { code: 0, signal: null })
  t.match(await run(['up', '--port', '0', ...flags, '--extranet', 'sales'], { environment }), {
    code: 2,
    stdout: '',
    stderr: /There is no cluster "sales" for an extranet listener; there are root, licensing, legal/,
  })
  t.match(await run(['up', '--port', '0', '--extranet', 'root=70000']), {
    code: 2,
    stderr: /--extranet is "root=70000"/,
  })
  const taken = new URL(lab.ready.manage).port
  const busy = createServer().listen(Number(taken), '127.0.0.1')
  await once(busy, 'listening')
  t.match(
    await run(['up', '--port', '0', '--root', '1', '--no-licensing', '--extranet', `root=${taken}`], { environment }),
    { code: 1, stdout: '', stderr: new RegExp(`Port ${taken} of 127\\.0\\.0\\.1 is taken.* --extranet root=PORT`) },
  )
  busy.close()
  lab = await startUp([...flags, '--extranet', `root=${new URL(outside.root ?? '').port}`], { environment })
  const clusters = new Map(lab.ready.clusters.map((cluster) => [cluster.name, cluster]))
  t.equal(clusters.get('root')?.extranetUrl, outside.root, 'the port that was asked for')
  const legal = clusters.get('legal')
  t.match(legal?.extranetUrl, /^http:/)
  t.equal(
    (await clientAt(legal?.url ?? '', 'alice').getClientLicensorCert()).clc.extranetLicensingUrl,
    `${legal?.extranetUrl}/licensing`,
    'at its address of now',
  )
})

t.test('the port of a listener that was closed is there for the next one', async (t) => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  const installation = await startInstallation({
    processes: true,
    root: 1,
    licensing: [],
    port,
  })
  t.teardown(() => installation.close())
  const address = `${installation.manage}/clusters/root/extranet`
  const open = async (): Promise<unknown> =>
    (
      (await (
        await fetch(address, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' })
      ).json()) as ClusterStatus
    ).extranetUrl
  const first = await open()
  t.match(first, /^http:/)
  t.equal((await fetch(address, { method: 'DELETE' })).status, 204)
  t.equal(await open(), first)
})
