/** What is changed through the management API acts at running nodes within a refresh, and at the cluster it is meant for alone. */
import t from 'tap'
import {
  acquireLicense,
  connect,
  readyMachine,
  labTrustRoot,
  openLicense,
  readPlChain,
  type RmsClient,
} from '../../src/client/index.js'
import { provisionLicensing } from '../../src/cluster/provision.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import type { XrmlDocument } from '../../src/xrml/document.js'
import { readPl } from '../../src/xrml/pl.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { followConfiguration } from '../fixtures/follow.js'
import { testClock } from '../fixtures/test-clock.js'
import { apiOver, keyPassword } from './api-app.js'

t.setTimeout(900_000)

const database = await sharedDatabase(t)
const store = await openStore(database)
const timers = testClock()
const root = await startNode({ database, keyPassword, timers })
await provisionLicensing(store, { name: 'legal', baseUrl: 'http://127.0.0.1:1/_wmcs', keyPassword }, { clock, random })
const legal = await startNode({ database, keyPassword, cluster: 'legal', timers })
const { app, call } = await apiOver(store)
t.teardown(async () => {
  await app.close()
  await legal.close()
  await root.close()
  await store.close()
})

const at =
  (node: RunningNode) =>
  (user: string): RmsClient =>
    connect({ url: node.baseUrl, user: `CONTOSO\\${user}`, password, machine: readyMachine('alice-pc-mode2') })
const [atRoot, atLegal] = [at(root), at(legal)]
const alice = { root: atRoot('alice'), legal: atLegal('alice') }
const bob = { root: atRoot('bob'), legal: atLegal('bob') }
const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const noRights = { exceptionName: /NoRightsForRequestedPrincipalException$/ }

/** A change, made and followed: the nodes of that cluster have it. */
async function change(...[method, url, body]: Parameters<typeof call>) {
  const answer = await call(method, url, body)
  if (answer.status >= 300) throw new Error(`${method} ${url}: ${answer.text.slice(0, 200)}`)
  await followConfiguration(timers, root, legal)
  return answer.body
}

async function rightsOf(client: RmsClient, pl: string): Promise<readonly string[]> {
  return (await client.open(await client.acquireLicense(pl), pl)).rights
}

const urlsOf = (pl: string) => readPl(readPlChain(pl)[0] as XrmlDocument)

t.test('a super-user group acts at its cluster alone', async (t) => {
  const [rootPl, legalPl] = [await alice.root.publish(forBob), await alice.legal.publish(forBob)]
  const mallory = { root: atRoot('mallory'), legal: atLegal('mallory') }
  t.match(await refused(mallory.legal.acquireLicense(legalPl.text)), noRights)
  await call('POST', '/directory/groups/superusers/members', { members: ['mallory'] })
  await change('PUT', '/clusters/legal/super-users', { enabled: true, group: 'superusers@contoso.test' })
  t.same(await rightsOf(mallory.legal, legalPl.text), ['OWNER'])
  t.match(await refused(mallory.root.acquireLicense(rootPl.text)), noRights)
  await call('PUT', '/clusters/legal/super-users', { enabled: false })
})

t.test(
  'a licensing cluster does not enroll at the root with a service account that is disabled, and says so',
  async (t) => {
    await call('PATCH', '/directory/accounts/rms-service', { enabled: false })
    const wanted = { name: 'sales', baseUrl: 'http://127.0.0.1:1/_wmcs', keyPassword, enrollment: 'root' } as const
    await t.rejects(provisionLicensing(store, wanted, { clock, random }), {
      name: 'NoServiceAccount',
      message: /rms-service.*enable it/,
    })
    t.equal(await store.clusters.find('sales'), undefined)
    await call('PATCH', '/directory/accounts/rms-service', { enabled: true })
  },
)

t.test('who is renamed, author or reader, opens old content with a new certificate; a group likewise', async (t) => {
  const forAll = {
    rights: [
      { to: 'carol@contoso.test', rights: ['VIEW'] },
      { to: 'legal@contoso.test', rights: ['PRINT'] },
    ],
  }
  const pl = (await atRoot('carol').publish(forAll)).text
  const forGroup = (await alice.root.publish({ rights: [{ to: 'legal@contoso.test', rights: ['VIEW'] }] })).text
  await call('PATCH', '/directory/accounts/carol', { mail: 'caroline@contoso.test' })
  await call('PATCH', '/directory/groups/legal', { mail: 'lawyers@contoso.test' })
  t.same(await rightsOf(atRoot('carol'), pl), ['OWNER'])
  t.same(await rightsOf(bob.root, pl), ['PRINT'])
  t.same(await rightsOf(bob.root, forGroup), ['VIEW'])
  const toNewNames = { rights: [{ to: 'smtp:caroline@contoso.test', rights: ['VIEW'] }] }
  t.same(await rightsOf(atRoot('carol'), (await alice.root.publish(toNewNames)).text), ['VIEW'])
  await call('PATCH', '/directory/accounts/carol', { mail: 'carol@contoso.test' })
  await call('PATCH', '/directory/groups/legal', { mail: 'legal@contoso.test' })
})

t.test(
  'an excluded application stands in the use licenses of its cluster, an excluded account gets none',
  async (t) => {
    const [rootPl, legalPl] = [await alice.root.publish(forBob), await alice.legal.publish(forBob)]
    await change('POST', '/clusters/legal/exclusion/applications', {
      filename: 'WINWORD.EXE',
      minimumVersion: '1',
      maximumVersion: '12',
    })
    const policy = /<POLICYLIST type="exclusion">.*WINWORD\.EXE.*min="1\.0\.0\.0" max="12\.0\.0\.0"/
    t.match((await bob.legal.acquireLicense(legalPl.text)).ul.document.text, policy)
    t.notMatch((await bob.root.acquireLicense(rootPl.text)).ul.document.text, /WINWORD/)

    const { accounts } = await change('POST', '/clusters/root/exclusion/accounts', { account: 'bob@contoso.test' })
    t.match(await refused(bob.root.acquireLicense(rootPl.text)), { exceptionName: /DrmacIsExcludedException$/ })
    t.same(await rightsOf(bob.legal, legalPl.text), ['VIEW'])
    const [excluded] = accounts as unknown as readonly { id: string }[]
    await change('DELETE', `/clusters/root/exclusion/accounts/${excluded?.id}`)
    t.same(await rightsOf(bob.root, rootPl.text), ['VIEW'])
    await change('PUT', '/clusters/legal/exclusion/security-processor', { minimumVersion: '99' })
    t.match(await refused(bob.legal.acquireLicense(legalPl.text)), { exceptionName: /BlackBoxIsInvalidException$/ })
    await call('PUT', '/clusters/legal/exclusion/security-processor', { minimumVersion: null })
  },
)

t.test('a template is distributed, acts on old content when edited, and is honored when archived', async (t) => {
  const texts = [{ lcid: 1033, name: 'Bob reads', description: 'Bob may read this' }]
  const body = { texts, grants: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
  const made = await change('POST', '/clusters/legal/templates', body)
  const named = async (client: RmsClient) =>
    (await client.templates()).find((template) => template.guid === String(made.guid))
  const template = await named(alice.legal)
  t.match(template?.texts, texts)
  t.equal(await named(alice.root), undefined, 'at this cluster alone')
  if (template === undefined) return
  const [offline, online] = [await alice.legal.publish({ template }), await alice.legal.publishOnline({ template })]
  t.same(await rightsOf(bob.legal, offline.text), ['VIEW'])

  const url = `/clusters/legal/templates/${String(made.guid)}`
  await change('PUT', url, {
    ...body,
    grants: [{ to: 'bob@contoso.test', rights: ['VIEW', 'PRINT'] }],
    useLicenseDays: 5,
  })
  for (const pl of [offline, online]) {
    const opened = await bob.legal.open(await bob.legal.acquireLicense(pl.text), pl.text)
    t.same(opened.rights, ['VIEW', 'PRINT'])
    t.ok(
      opened.timedRights.every(({ until }) => until !== undefined),
      'to be renewed',
    )
  }
  t.not((await named(alice.legal))?.hash, template.hash, 'clients see that it changed')

  await change('POST', `${url}/archive`)
  t.equal(await named(alice.legal), undefined)
  t.same(await rightsOf(bob.legal, offline.text), ['VIEW', 'PRINT'])
  await change('DELETE', url)
  const badTemplate = { exceptionName: /InvalidOfficialRightsTemplateException$/ }
  for (const pl of [offline, online]) {
    t.match(await refused(bob.legal.acquireLicense(pl.text)), badTemplate, 'deleted: content is of no use')
    t.match(await refused(alice.legal.acquireLicense(pl.text)), badTemplate, 'to its author neither')
  }
  t.match(await refused(alice.legal.publishOnline({ template })), badTemplate, 'nor can more be published')
  await change('PATCH', '/clusters/legal/configuration', { deletedTemplates: 'publishing-license' })
  t.same(await rightsOf(bob.legal, offline.text), ['VIEW'], 'unless the copy in the license is to count')
  await change('PATCH', '/clusters/legal/configuration', { deletedTemplates: 'refuse' })
})

t.test(
  'an account that the root excludes by name is certified anew with another key, which opens no old license',
  async (t) => {
    const before = atRoot('carol')
    const pl = await alice.root.publish({ rights: [{ to: 'carol@contoso.test', rights: ['VIEW'] }] })
    const old = await before.acquireLicense(pl.text)
    const { accounts } = await change('POST', '/clusters/root/exclusion/accounts', { account: 'carol' })
    t.match(accounts, [{ account: 'CONTOSO\\carol', since: /Z$/ }])
    t.match(await refused(before.acquireLicense(pl.text)), { exceptionName: /DrmacIsExcludedException$/ })
    const after = atRoot('carol')
    t.same(await rightsOf(after, pl.text), ['VIEW'])
    t.match(await refused(after.open(old, pl.text)), { name: 'VerificationFailed' })
    const [{ id } = { id: '' }] = accounts as unknown as readonly { id: string }[]
    await change('DELETE', `/clusters/root/exclusion/accounts/${id}`)
  },
)

t.test('extranet URLs stand in what is issued from then on, content published before keeps its own', async (t) => {
  const old = await alice.root.publish(forBob)
  const extranetLicensing = 'https://rms.contoso.example/_wmcs/licensing'
  await change('PUT', '/clusters/root/urls', {
    extranetLicensing,
    extranetCertification: 'https://rms.contoso.example/_wmcs/certification',
  })
  t.equal(urlsOf((await alice.root.publish(forBob)).text).extranetLicensingUrl, undefined, 'the old CLC')
  t.equal((await alice.root.getClientLicensorCert()).clc.extranetLicensingUrl, extranetLicensing)
  t.equal(urlsOf((await alice.root.publish(forBob)).text).extranetLicensingUrl, extranetLicensing)
  t.equal(urlsOf((await alice.root.publishOnline(forBob)).text).extranetLicensingUrl, extranetLicensing)
  t.equal(urlsOf(old.text).extranetLicensingUrl, undefined)
  t.same(await rightsOf(bob.root, old.text), ['VIEW'])
  t.equal((await alice.legal.getClientLicensorCert()).clc.extranetLicensingUrl, undefined, 'at the root alone')
})

t.test('certification and licensing inside have addresses of their own, also while they serve', async (t) => {
  const named = `${root.url.replace('127.0.0.1', 'localhost')}/_wmcs`
  await change('PUT', '/clusters/root/urls', { certification: `${named}/certification` })
  t.match(await atRoot('alice').locations(), {
    certificationUrl: `${named}/certification`,
    licensingUrl: `${root.baseUrl}/licensing`,
  })
  t.ok((await alice.root.certify()).rac.document.text.includes(`<ADDRESS type="URL">${named}/certification</ADDRESS>`))
  t.equal(
    (await atLegal('alice').locations()).certificationUrl,
    `${named}/certification`,
    'a licensing-only cluster follows',
  )
  await change('PUT', '/clusters/legal/urls', {
    certification: `${root.baseUrl}/certification`,
    licensing: `${legal.baseUrl}/Licensing`,
  })
  t.match(
    await atLegal('alice').locations(),
    { certificationUrl: `${root.baseUrl}/certification`, licensingUrl: `${legal.baseUrl}/Licensing` },
    'unless it was told otherwise',
  )
  await change('PUT', '/clusters/legal/urls', { certification: null, licensing: null })
  await change('PUT', '/clusters/root/urls', { certification: null })
  t.equal((await atLegal('alice').locations()).certificationUrl, `${root.baseUrl}/certification`)
})

t.test('a trusted publishing domain: what the root published is licensed at the other cluster', async (t) => {
  const [pl, [template]] = [await alice.root.publish(forBob), await alice.root.templates()]
  const byTemplate = template === undefined ? pl : await alice.root.publish({ template })
  const { account, locations } = await bob.legal.bootstrap()
  const context = { credentials: { user: 'CONTOSO\\bob', password }, trustRoots: [labTrustRoot(2)], clock, random }
  const ask = (text: string) => acquireLicense(context, locations.licensingUrl, account.chain, readPlChain(text))
  t.match(await refused(ask(pl.text)), { exceptionName: /RightsLabelNoMatchingIssuedPrincipalException$/ })
  const file = (await call('POST', '/clusters/root/trust/publishing-domains/export', { password: 'of the file' })).body
  const { id } = await change('POST', '/clusters/legal/trust/publishing-domains', { password: 'of the file', file })
  t.same(
    (await openLicense(await ask(pl.text), account, clock.now(), readPlChain(pl.text)[0])).contentKey,
    pl.contentKey,
  )
  t.ok((await openLicense(await ask(byTemplate.text), account, clock.now())).rights.includes('VIEW'))
  await call('DELETE', `/clusters/legal/trust/publishing-domains/${String(id)}`)
})

t.test('a trusted user domain: accounts of another installation get licenses while it is trusted', async (t) => {
  const stranger = await startNode({ keyPassword })
  t.teardown(() => stranger.close())
  const { account } = await at(stranger)('bob').bootstrap()
  const pl = await alice.root.publish(forBob)
  t.match(await refused(bob.root.acquireLicenseFor(account.chain, pl.text)), {
    exceptionName: /UntrustedPersonaCertException$/,
  })
  const certificate = stranger.context.state().configuration.slc.join('')
  const { id } = await change('POST', '/clusters/root/trust/user-domains', { certificate })
  t.ok(await bob.root.acquireLicenseFor(account.chain, pl.text))
  await call('DELETE', `/clusters/root/trust/user-domains/${String(id)}`)
})

t.test('an access list, and an account that is disabled', async (t) => {
  const pl = await alice.root.publish({ rights: [{ to: 'legal@contoso.test', rights: ['VIEW'] }] })
  const carol = atRoot('carol')
  t.same(await rightsOf(carol, pl.text), ['VIEW'])
  await change('POST', '/clusters/root/access/admit', { endpoint: 'licensing/license', name: 'bob', restrict: true })
  t.match(await refused(carol.acquireLicense(pl.text)), { status: 401 })
  t.same(await rightsOf(bob.root, pl.text), ['VIEW'])
  await change('POST', '/clusters/root/access/open', { endpoint: 'licensing/license' })
  t.same(await rightsOf(carol, pl.text), ['VIEW'])

  await change('PATCH', '/directory/accounts/carol', { enabled: false })
  t.match(await refused(carol.acquireLicense(pl.text)), { status: 401 })
  await change('PATCH', '/directory/accounts/carol', { enabled: true })
  t.same(await rightsOf(carol, pl.text), ['VIEW'])
  const made = await change('POST', '/directory/accounts', { name: 'dave', password, mail: 'dave@contoso.test' })
  await change('POST', '/directory/groups/legal/members', { members: [String(made.sid)] })
  t.same(await rightsOf(atRoot('dave'), pl.text), ['VIEW'], 'a new account in a group')
})

t.test('the service connection point is where a licensing-only cluster sends accounts', async (t) => {
  const { serviceConnectionPoint } = (await call('GET', '/forest')).body as unknown as {
    serviceConnectionPoint: { url: string }
  }
  await change('PUT', '/forest/scp', { url: 'http://127.0.0.1:3/_wmcs/certification', force: true })
  t.equal((await atLegal('alice').locations()).certificationUrl, 'http://127.0.0.1:3/_wmcs/certification')
  await change('PUT', '/forest/scp', { url: serviceConnectionPoint.url })
  t.equal((await atLegal('alice').locations()).certificationUrl, serviceConnectionPoint.url)
})

t.test('the request log tells the nodes and their users apart', async (t) => {
  const count = async (query: string) => Number((await call('GET', `/requests/count?${query}`)).body.count)
  const before = await count('node=legal-1&user=bob&operation=AcquireLicense&result=Succeeded')
  const pl = await alice.legal.publish(forBob)
  await rightsOf(bob.legal, pl.text)
  t.equal(await count('node=legal-1&user=bob&operation=AcquireLicense&result=Succeeded'), before + 1)
  t.equal(await count('node=root-1'), await count('cluster=root'))
  t.ok((await count('cluster=legal&result=Failed')) > 0)
  const newest = (await call('GET', '/requests?cluster=legal&limit=1')).body.requests
  t.match(newest, [{ hostMachineName: 'legal-1', requestType: 'AcquireLicense', authenticatedId: 'CONTOSO\\bob' }])
})

t.test('who waits for a change is answered when every server of the cluster has it', async (t) => {
  await call('PUT', '/clusters/legal/super-users', { enabled: true, group: 'superusers@contoso.test' })
  const configurationVersion = (await store.clusters.configurationVersion('legal')) ?? 0
  let isAnswered = false
  const waiting = call('GET', '/clusters/legal/applied').finally(() => (isAnswered = true))
  const { configurationVersion: former } = (await (await fetch(`${legal.url}/readyz`)).json()) as {
    readonly configurationVersion: number
  }
  t.ok(former < configurationVersion, 'the server runs on the former one')
  t.equal(isAnswered, false)
  await followConfiguration(timers, root, legal)
  t.match(await waiting, { status: 200, body: { configurationVersion } })
  t.match(await call('GET', '/clusters/sales/applied'), { status: 404 })

  for (const [where, control, why] of [
    ['/lab/servers/legal-1', { stale: true }, 'stale configuration'],
    ['/lab/servers/legal-1', { paused: true }, 'paused'],
    ['/lab/installation', { databaseAway: true }, 'database away'],
  ] as const) {
    await call('PUT', '/clusters/legal/super-users', { enabled: true, group: 'superusers@contoso.test' })
    await call('PUT', where, control)
    t.match(await call('GET', '/clusters/legal/applied'), {
      status: 200,
      body: { leftOut: [{ node: 'legal-1', why }] },
    })
    await call('DELETE', where)
  }
  await followConfiguration(timers, root, legal)
  t.match(await call('GET', '/clusters/legal/applied'), { status: 200, body: { leftOut: [] } })
})
