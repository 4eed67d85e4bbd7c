/** A licensing-only cluster beside its root, in one database and over HTTP: what each of them does, and what it leaves to the other. */
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import {
  acquireLicense,
  connect,
  labTrustRoot,
  readPlChain,
  readyMachine,
  verifyChainToRoot,
  type ClientContext,
  type RmsClient,
} from '../../src/client/index.js'
import { callSoap } from '../../src/client/soap-caller.js'
import type { ServerConfiguration } from '../../src/cluster/configuration.js'
import { provisionLicensing } from '../../src/cluster/provision.js'
import { refreshServerState } from '../../src/cluster/server-state.js'
import { serviceAccount } from '../../src/cluster/service-account.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedForest, seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { roles } from '../../src/node/roles.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { child, childrenNamed, descend } from '../../src/xml/read.js'
import { element, text } from '../../src/xml/write.js'
import { sharedDatabase } from './postgres.js'

t.setTimeout(900_000)

const database = await sharedDatabase(t)
const effects = { clock: systemClock, random: systemRandom }
const keyPassword = 'password of the licensing cluster'
const subEnrollment = '/certification/subenrollservice.asmx'

let root = await startNode({ database })
const { store } = root.context
const self = await startLicensing('self')
t.teardown(async () => {
  await self.close()
  await root.close()
})

/** A port that is free now: the address of a cluster is in its certificate, so it is known before the cluster is. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function startLicensing(name: 'self' | 'sub'): Promise<RunningNode> {
  const port = await freePort()
  const enrollment = name === 'self' ? 'self' : 'root'
  await provisionLicensing(store, { name, baseUrl: `http://127.0.0.1:${port}/_wmcs`, keyPassword, enrollment }, effects)
  return startNode({ database, cluster: name, keyPassword, port })
}

/** As an administrator does it; the node does not wait for its timer. */
async function configure(node: RunningNode, settings: Partial<ServerConfiguration>): Promise<void> {
  const { context, cluster } = node
  const stored = await context.store.clusters.find(cluster)
  if (stored !== undefined)
    await context.store.clusters.saveConfiguration(cluster, { ...stored.configuration, ...settings })
  context.setState(await refreshServerState(context.store, context.state()))
}

const clients = new Map<string, RmsClient>()

const [alicesMachine, bobsMachine] = [readyMachine('alice-pc-mode2'), readyMachine('bob-pc-mode2')]

/** The same client each time, on one of two machines: a new one takes a key pair. */
function as(user: string, { baseUrl }: RunningNode): RmsClient {
  const key = `${user} ${baseUrl}`
  const client =
    clients.get(key) ??
    connect({
      url: baseUrl,
      user: `CONTOSO\\${user}`,
      password: seedPassword,
      machine: user === 'alice' ? alicesMachine : bobsMachine,
    })
  clients.set(key, client)
  return client
}

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
const refusal = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no refusal',
    (error: unknown) => error,
  )

/** Asks a certain cluster, whatever the publishing license says. */
async function licenseAt(node: RunningNode, user: string, client: RmsClient, pl: string) {
  const context: ClientContext = {
    ...effects,
    credentials: { user: `CONTOSO\\${user}`, password: seedPassword },
    trustRoots: [labTrustRoot(2)],
  }
  return acquireLicense(context, `${node.baseUrl}/licensing`, (await client.bootstrap()).account.chain, readPlChain(pl))
}

t.test(
  'the locator of a licensing-only cluster names the root for certification, and itself for licensing',
  async (t) => {
    t.equal(self.kind, 'licensing')
    t.same(await as('alice', self).locations(), {
      certificationUrl: `${root.baseUrl}/certification`,
      licensingUrl: `${self.baseUrl}/licensing`,
    })
  },
)

t.test('other servers are told by it where services are, and what its certificate is', async (t) => {
  const namespace = 'http://microsoft.com/DRM/ServerService'
  const types = [
    'CertificationInternalService',
    'LicensingInternalService',
    'GroupExpansionService',
    'LicensingService',
  ]
  const requests = types.map((type) => element('ServiceLocationRequest', {}, element('Type', {}, text(type))))
  for (const [name, certificationUrl] of [
    ['server.asmx', `${root.baseUrl}/certification`],
    ['ServiceLocator.asmx', `${root.baseUrl}/certification`],
  ] as const) {
    const question = {
      url: `${self.baseUrl}/licensing/${name}`,
      namespace,
      credentials: await serviceAccount(store.directory),
    }
    const body = element('FindServiceLocations', { xmlns: namespace }, element('ServiceNames', {}, requests))
    const answer = await callSoap({ ...question, operation: 'FindServiceLocations', body })
    const urls = childrenNamed(descend(answer, 'FindServiceLocationsResult'), 'ServiceLocationResponse').map(
      (found) => child(found, 'URL')?.text ?? '',
    )
    t.same(
      urls,
      [certificationUrl, `${self.baseUrl}/licensing`, `${self.baseUrl}/groupexpansion/GroupExpansion.asmx`, ''],
      name,
    )
    const certificate = await callSoap({
      ...question,
      operation: 'GetLicensorCertificate',
      body: element('GetLicensorCertificate', { xmlns: namespace }),
    })
    t.equal(
      childrenNamed(descend(certificate, 'GetLicensorCertificateResult', 'CertificateChain'), 'Certificate').length,
      self.context.state().own.chain.length,
      name,
    )
  }
})

t.test('bob opens what alice published at the licensing-only cluster, with the RAC of the root', async (t) => {
  const [alice, bob] = [as('alice', self), as('bob', self)]
  for (const online of [false, true]) {
    const opened = await bob.openFile(await alice.protectFile(Buffer.from('The plan.'), '.txt', forBob, { online }))
    t.equal(opened.plain.toString(), 'The plan.')
    t.same(opened.rights, ['VIEW'])
    t.equal(
      opened.license.ul.issuer.publicKey?.modulus,
      self.context.state().own.signer.publicKey.modulus,
      'licensed by the licensing-only cluster',
    )
  }
  const { account } = await bob.bootstrap()
  t.equal(
    account.rac.issuer.publicKey?.modulus,
    root.context.state().own.signer.publicKey.modulus,
    'certified by the root',
  )
  const atRoot = as('bob', root)
  const published = await as('alice', root).publish(forBob)
  t.same(
    (await atRoot.open(await licenseAt(root, 'bob', atRoot, published.text))).rights,
    ['VIEW'],
    'the root licenses as before',
  )
})

t.test('each cluster licenses its own content alone', async (t) => {
  const bob = as('bob', self)
  const contents = [
    [root, (await as('alice', self).publish(forBob)).text],
    [self, (await as('alice', root).publish(forBob)).text],
  ] as const
  for (const [node, pl] of contents) {
    t.match(
      await refusal(licenseAt(node, 'bob', bob, pl)),
      { exceptionName: /\.RightsLabelNoMatchingIssuedPrincipalException$/ },
      node.cluster,
    )
  }
})

t.test('there is no certification at a licensing-only cluster', async (t) => {
  const served = roles.licensing.map(({ path }) => path)
  const missing = roles.root.flatMap(({ path, aliases }) => [path, ...aliases]).filter((path) => !served.includes(path))
  t.ok(missing.length >= 8 && missing.every((path) => path.startsWith('/certification/')))
  for (const path of missing) {
    for (const method of ['GET', 'POST']) {
      const answer = await fetch(`${self.baseUrl}${path}`, { method })
      t.equal(answer.status, 404, `${method} ${path}`)
      await answer.text()
    }
  }
})

t.test(
  'nobody is sub-enrolled until the administrator of the root grants it; the chain is then one longer',
  async (t) => {
    const error = await refusal(startLicensing('sub'))
    t.match(error, {
      name: 'EnrollmentRefused',
      message: /does not admit CONTOSO\\rms-service.*rms-emulator admit subenrollservice "CONTOSO\\rms-service"/,
    })
    t.equal(await store.clusters.find('sub'), undefined, 'there is no cluster')
    t.same(await store.templates.list('sub'), [], 'and nothing of it')

    const { admittedGroups } = root.context.state().configuration
    await configure(root, { admittedGroups: { ...admittedGroups, [subEnrollment]: ['CONTOSO\\rms-service'] } })
    const sub = await startLicensing('sub')
    t.teardown(() => sub.close())
    const { chain, principal } = sub.context.state().own
    t.equal(chain.length, 5)
    t.same(
      chain.slice(1).map((document) => document.text),
      root.context.state().own.chain.map((document) => document.text),
      'above it is the chain of the root',
    )
    t.equal(verifyChainToRoot(chain, labTrustRoot(2)).length, 5)
    t.match(principal.object, { name: 'sub', addresses: [{ type: 'URL', value: sub.baseUrl }] })

    const [alice, bob] = [as('alice', sub), as('bob', sub)]
    const opened = await bob.openFile(await alice.protectFile(Buffer.from('The plan.'), '.txt', forBob))
    t.equal(opened.plain.toString(), 'The plan.')
    t.equal((await alice.serverCertificate()).length, 5)
  },
)

t.test('what cannot be provisioned is refused with the reason, and changes nothing', async (t) => {
  const clusters = await store.clusters.list()
  t.match(await refusal(startNode({ database, cluster: 'second' })), {
    name: 'CannotProvision',
    message: /has the root cluster "root" already/,
  })
  const again = { name: 'self', baseUrl: self.baseUrl, keyPassword }
  t.match(await refusal(provisionLicensing(store, again, effects)), {
    name: 'CannotProvision',
    message: /There is a cluster "self" already: choose another name/,
  })
  t.same(await store.clusters.list(), clusters)

  const empty = await openStore(':memory:')
  t.match(await refusal(provisionLicensing(empty, again, effects)), {
    name: 'CannotProvision',
    message: /has no root cluster: provision it first/,
  })
  t.same(await empty.clusters.list(), [])
  await empty.close()
})

t.test('a node with the wrong key password does not start, and changes nothing', async (t) => {
  // When a node was last seen goes on, whatever another one does.
  const stored = async () => ({
    clusters: await store.clusters.list(),
    members: (await store.members.list()).map(({ nodeId, url, started }) => [nodeId, url, started]),
  })
  const before = await stored()
  const wrong = {
    database,
    cluster: 'self',
    keyPassword: 'wrong',
    nodeId: 'self-2',
    settings: { superUserEnabled: true },
  }
  t.match(await refusal(startNode(wrong)), {
    name: 'WrongKeyPassword',
    message: /cluster-key:self does not open.*key password is wrong/,
  })
  t.same(await stored(), before)
})

t.test('settings are of one cluster: super users, exclusion', async (t) => {
  const carol = (await store.directory.accountByName('carol'))?.sid ?? ''
  await store.directory.addMemberships([{ groupSid: `${seedForest.domainSid}-1203`, memberSid: carol }])
  await configure(self, { superUserEnabled: true, superUserGroup: 'superusers@contoso.test' })
  const contents = { self: await as('alice', self).publish(forBob), root: await as('alice', root).publish(forBob) }
  const carolAtSelf = as('carol', self)
  t.same((await carolAtSelf.open(await carolAtSelf.acquireLicense(contents.self.text))).rights, ['OWNER'])
  t.match(await refusal(as('carol', root).acquireLicense(contents.root.text)), {
    exceptionName: /\.NoRightsForRequestedPrincipalException$/,
  })

  const bob = as('bob', self)
  const key = (await bob.bootstrap()).account.rac.account.publicKey?.modulus ?? ''
  await configure(self, { racExclusionPolicy: [key] })
  t.match(await refusal(bob.acquireLicense(contents.self.text)), { exceptionName: /\.DrmacIsExcludedException$/ })
  t.same((await licenseAt(root, 'bob', bob, contents.root.text)).ul.rights, ['VIEW'])
  await configure(self, { racExclusionPolicy: null, superUserEnabled: false })
})

t.test('templates are of one cluster', async (t) => {
  const [atSelf, atRoot] = [as('alice', self), as('alice', root)]
  const [own, others] = [await atSelf.templates(), await atRoot.templates()]
  t.equal(own.length, others.length)
  const guids = own.map(({ guid }) => guid)
  t.notOk(
    others.some(({ guid }) => guids.includes(guid)),
    'none is of both',
  )

  const [gone] = await store.templates.list('self')
  if (gone !== undefined) await store.templates.save('self', { ...gone, state: 'archived' })
  await configure(self, {})
  t.same(
    (await atSelf.templates()).map(({ guid }) => guid).toSorted(),
    guids.filter((guid) => guid.toLowerCase() !== gone?.guid).toSorted(),
  )
  t.equal((await atRoot.templates()).length, others.length)
})

t.test(
  'prelicensing asks the root for the keys of people once; who is unknown fails alone, and so does who cannot be asked for',
  async (t) => {
    const [alice, bob] = [as('alice', self), as('bob', self)]
    const everybody = { rights: [{ to: 'ANYONE', rights: ['VIEW'] }] }
    const { text: pl } = await alice.publish(everybody)
    const people = ['bob@contoso.test', 'nobody@contoso.test', 'bob@contoso.test']
    const asked = () =>
      store.requestLog.count({ clusterName: 'root', requestType: 'Precertify', successOrFailure: 'Succeeded' })
    const before = await asked()
    const [first, unknown, second] = await alice.acquirePreLicense(pl, people)
    t.match(unknown?.error, { exceptionName: /AcquirePreLicenseInvalidLicenseeException$/ })
    for (const result of [first, second]) t.same((await bob.open(result?.license as never, pl)).rights, ['VIEW'])
    t.equal(await asked(), before + 1, 'for two licenses')

    const port = Number(new URL(root.url).port)
    await root.close()
    const [kept, notKept] = await alice.acquirePreLicense(pl, ['bob@contoso.test', 'mallory@contoso.test'])
    t.same((await bob.open(kept?.license as never, pl)).rights, ['VIEW'], 'the answer of the root is kept')
    t.ok(notKept?.license === undefined && notKept?.error !== undefined, 'who was not asked for has to wait')

    root = await startNode({ database, port })
    const [, now] = await alice.acquirePreLicense(pl, ['bob@contoso.test', 'mallory@contoso.test'])
    t.same(now?.license?.ul.rights, ['VIEW'], 'until the root is back')
  },
)
