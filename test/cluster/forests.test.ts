/** Two forests, each with a server of its own: groups of one in policies of the other, asked for by real SOAP calls ([MS-RMPRS] 3.5, 4.1). */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { connect, connectRest, readyMachine, type RmsClient } from '../../src/client/index.js'
import { callSoap } from '../../src/client/soap-caller.js'
import { refreshServerState } from '../../src/cluster/server-state.js'
import { openStore, type Store } from '../../src/cluster/store/open.js'
import type { DirectorySeed } from '../../src/directory/directory.js'
import { seedDirectory, seedPassword as password } from '../../src/directory/seed.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { readAnswer } from '../../src/services/group-expansion/remoting-reader.js'
import { writeQuestion } from '../../src/services/group-expansion/remoting-request.js'
import { descend } from '../../src/xml/read.js'
import { element, text } from '../../src/xml/write.js'
import { apiOver, type ApiUnderTest } from '../manage/api-app.js'
import { newDatabases } from './postgres.js'

/** The seed under another name: FABRIKAM, fabrikam.test. */
const fabrikamSeed = JSON.parse(
  JSON.stringify(seedDirectory)
    .replaceAll('contoso', 'fabrikam')
    .replaceAll('CONTOSO', 'FABRIKAM')
    .replaceAll('S-1-5-21-17', 'S-1-5-21-27'),
) as DirectorySeed

interface Forest {
  readonly node: RunningNode
  readonly store: Store
  readonly api: ApiUnderTest
  readonly groupExpansion: string
}

const newDatabase = newDatabases(t)

async function startForest(seed: DirectorySeed): Promise<Forest> {
  const database = await newDatabase()
  const store = await openStore(database)
  await store.directory.fillIfEmpty(seed)
  const node = await startNode({ database, settings: { configurationRefreshIntervalSeconds: 3600 } })
  const api = await apiOver(store)
  t.teardown(async () => {
    await api.app.close()
    await node.close()
    await store.close()
  })
  return { node, store, api, groupExpansion: `${node.baseUrl}/groupexpansion/GroupExpansion.asmx` }
}

async function change({ node, api }: Forest, ...[method, url, body]: Parameters<ApiUnderTest['call']>): Promise<void> {
  const answer = await api.call(method, url, body)
  if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`)
  node.context.setState(await refreshServerState(node.context.store, node.context.state()))
}

t.setTimeout(900_000)
const contoso = await startForest(seedDirectory)
const fabrikam = await startForest(fabrikamSeed)
for (const endpoint of ['groupexpansion/groupexpansion', 'DirectoryServices.rem']) {
  await change(fabrikam, 'POST', '/clusters/root/access/admit', { endpoint, name: 'FABRIKAM\\RMS Service Group' })
}
const trustFabrikam = { domain: 'Fabrikam.test', url: fabrikam.groupExpansion, user: 'FABRIKAM\\rms-service', password }
const trustContoso = { domain: 'contoso.test', url: contoso.groupExpansion, user: 'CONTOSO\\rms-service', password }

const at = ({ node }: Forest, user: string): RmsClient =>
  connect({ url: node.baseUrl, user, password, machine: readyMachine('alice-pc-mode2') })
const [alice, bob] = [at(contoso, 'alice@contoso.test'), at(contoso, 'bob@contoso.test')]
const refused = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no refusal',
    (error: unknown) => error,
  )
const noRights = { exceptionName: /NoRightsForRequestedPrincipalException$/ }
const asked = ({ store }: Forest): Promise<number> => store.requestLog.count({ requestType: 'IsPrincipalMemberOf' })

/** A question as another server puts it. */
async function isMember(
  { groupExpansion }: Forest,
  user: string,
  principal: string,
  group: string,
  calls: number,
): Promise<string | undefined> {
  const namespace = 'http://microsoft.com/DRM/GroupExpansionWebService'
  const parts = [
    element('principalName', {}, text(principal)),
    element('targetGroups', {}, element('string', {}, text(group))),
    element('crossForestCallsSoFar', {}, text(String(calls))),
  ]
  const body = element('IsPrincipalMemberOf', { xmlns: namespace }, parts)
  return descend(
    await callSoap({
      url: groupExpansion,
      namespace,
      operation: 'IsPrincipalMemberOf',
      body,
      credentials: { user, password },
    }),
    'IsPrincipalMemberOfResult',
  )?.text
}

/** A user of one forest as the other one knows them: an account of nobody's, with the address. */
async function addContact({ api }: Forest, name: string, mail: string): Promise<void> {
  await api.call('POST', '/directory/accounts', { name, mail, password: 'nobody signs in' })
}

t.test('a group of another forest in a policy: nobody is in it until that forest is asked', async (t) => {
  await addContact(fabrikam, 'bob-of-contoso', 'bob@contoso.test')
  await fabrikam.api.call('POST', '/directory/groups/legal/members', { members: ['bob-of-contoso'] })
  const pl = await alice.publish({ rights: [{ to: 'staff@fabrikam.test', rights: ['VIEW'] }] })
  t.match(await refused(bob.acquireLicense(pl.text)), noRights)
  t.equal(await asked(fabrikam), 0)

  await change(contoso, 'POST', '/clusters/root/trust/forests', trustFabrikam)
  t.same((await bob.open(await bob.acquireLicense(pl.text))).rights, ['VIEW'], 'bob is in legal, which is in staff')
  t.equal(await asked(fabrikam), 1)
  t.match(await fabrikam.store.requestLog.query({ requestType: 'IsPrincipalMemberOf', limit: 1 }), [
    { authenticatedId: 'FABRIKAM\\rms-service', successOrFailure: 'Succeeded' },
  ])
  t.match(
    await refused(at(contoso, 'mallory@contoso.test').acquireLicense(pl.text)),
    noRights,
    'who is not in it gets nothing',
  )
})

t.test('over REST a group of another forest counts as it does over SOAP', async (t) => {
  const overRest = (user: string) => connectRest({ url: contoso.node.url, user, password })
  const file = await overRest('alice@contoso.test').protectFile(Buffer.from('for staff of both'), '.txt', {
    rights: [{ to: 'staff@fabrikam.test', rights: ['VIEW'] }],
  })
  const before = await asked(fabrikam)
  t.match(await overRest('bob@contoso.test').openFile(file), { rights: ['VIEW'] })
  t.equal(await asked(fabrikam), before + 1)
  await t.rejects(overRest('mallory@contoso.test').openFile(file), { name: 'AccessDenied' })
})

t.test('of several groups each gives its own rights, also before somebody asks', async (t) => {
  const pl = await alice.publish({
    rights: [
      { to: 'legal@fabrikam.test', rights: ['VIEW'] },
      { to: 'superusers@fabrikam.test', rights: ['PRINT'] },
      { to: 'nobody@tailspin.test', rights: ['EDIT'] },
    ],
  })
  const before = await asked(fabrikam)
  t.same((await bob.open(await bob.acquireLicense(pl.text))).rights, ['VIEW'])
  t.equal(await asked(fabrikam), before + 3, 'one question for both, then one for each')
  const [inBobsPlace] = await alice.acquirePreLicense(pl.text, ['bob@contoso.test'])
  t.same(inBobsPlace?.license?.ul.rights, ['VIEW'])
})

t.test('a group of ours with a group of theirs in it', async (t) => {
  await contoso.api.call('POST', '/directory/groups', { name: 'partners', mail: 'partners@contoso.test' })
  await contoso.api.call('POST', '/directory/groups', { name: 'fabrikam-legal', mail: 'legal@fabrikam.test' })
  await contoso.api.call('POST', '/directory/groups/partners/members', { members: ['fabrikam-legal'] })
  const pl = await alice.publish({ rights: [{ to: 'partners@contoso.test', rights: ['PRINT'] }] })
  t.same((await bob.open(await bob.acquireLicense(pl.text))).rights, ['PRINT'])
  t.equal(
    await isMember(contoso, 'CONTOSO\\rms-service', 'bob@contoso.test', 'partners@contoso.test', 1),
    'true',
    'another server is told so too',
  )
  t.equal(await isMember(contoso, 'CONTOSO\\rms-service', 'mallory@contoso.test', 'partners@contoso.test', 1), 'false')
  const before = await asked(fabrikam)
  t.equal(
    await isMember(contoso, 'CONTOSO\\rms-service', 'bob@contoso.test', 'legal@fabrikam.test', 1),
    'false',
    'what is at home elsewhere is not passed on',
  )
  t.equal(await asked(fabrikam), before)
})

t.test('forests whose groups contain each other ask no more than ten servers', async (t) => {
  await change(fabrikam, 'POST', '/clusters/root/trust/forests', trustContoso)
  await fabrikam.api.call('POST', '/directory/groups', { name: 'contoso-partners', mail: 'partners@contoso.test' })
  await fabrikam.api.call('POST', '/directory/groups/legal/members', { members: ['contoso-partners'] })
  const before = (await asked(contoso)) + (await asked(fabrikam))
  const pl = await alice.publish({ rights: [{ to: 'partners@contoso.test', rights: ['VIEW'] }] })
  t.match(await refused(at(contoso, 'mallory@contoso.test').acquireLicense(pl.text)), noRights)
  const questions = (await asked(contoso)) + (await asked(fabrikam)) - before
  t.ok(questions >= 2 && questions < 10, `${questions} questions`)
  const [newest] = await contoso.store.requestLog.query({ requestType: 'AcquireLicense', limit: 1 })
  t.match(newest?.metadata, /forestsWithoutAnswer.*fabrikam\.test/, 'the request log says what is not known')
  await change(contoso, 'PATCH', '/clusters/root/configuration', { maxCrossForestCalls: 1 })
  const now = await asked(fabrikam)
  t.match(await refused(bob.acquireLicense(pl.text)), noRights)
  t.equal(await asked(fabrikam), now, 'nobody may be asked')
  await change(contoso, 'PATCH', '/clusters/root/configuration', { maxCrossForestCalls: 10 })
  await change(fabrikam, 'DELETE', '/clusters/root/trust/forests/contoso.test')
})

t.test('a forest that does not answer takes nobody else down', async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    silent.close()
    silent.closeAllConnections()
  })
  await change(contoso, 'DELETE', '/clusters/root/trust/forests/fabrikam.test')
  // The own service account is nobody there.
  await change(contoso, 'POST', '/clusters/root/trust/forests', {
    domain: 'fabrikam.test',
    url: fabrikam.groupExpansion,
  })
  await change(contoso, 'POST', '/clusters/root/trust/forests', {
    domain: 'silent.test',
    url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
  })
  const pl = await alice.publish({
    rights: [
      { to: 'bob@contoso.test', rights: ['VIEW'] },
      { to: 'staff@fabrikam.test', rights: ['PRINT'] },
      { to: 'staff@silent.test', rights: ['EDIT'] },
    ],
  })
  t.same((await bob.open(await bob.acquireLicense(pl.text))).rights, ['VIEW'])
  const [newest] = await contoso.store.requestLog.query({ requestType: 'AcquireLicense', limit: 1 })
  t.match(newest?.metadata, /fabrikam\.test: .*the caller was not let in/)
  t.match(newest?.metadata, /silent\.test: .*within/)
  await change(contoso, 'DELETE', '/clusters/root/trust/forests/silent.test')
  await change(contoso, 'DELETE', '/clusters/root/trust/forests/fabrikam.test')
})

t.test('a forest that has the binary form alone, as of RMS 1.x', async (t) => {
  const remoting = `${fabrikam.node.baseUrl}/DrmRemote/DirectoryServices/DirectoryServices.rem`
  const authorization = `Basic ${Buffer.from(`FABRIKAM\\rms-service:${password}`).toString('base64')}`
  const post = (headers: Record<string, string>, body: Buffer): Promise<Response> =>
    fetch(remoting, { method: 'POST', headers, body })
  const question = (principal: string, calls: number): Buffer =>
    writeQuestion({ principal, groups: ['legal@fabrikam.test'], callsSoFar: calls }, '1.0.3246.0')
  const ask = async (principal: string, calls: number): Promise<Buffer> => {
    const answer = await post(
      { authorization, 'content-type': 'application/octet-stream', 'user-agent': 'MS .NET Remoting' },
      question(principal, calls),
    )
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('content-type'), 'application/octet-stream')
    return Buffer.from(await answer.arrayBuffer())
  }
  t.equal(readAnswer(await ask('bob@contoso.test', 1), '1.0.3246.0'), true)
  t.equal(readAnswer(await ask('mallory@contoso.test', 1), '1.0.3246.0'), false)
  const exception = await ask('bob@contoso.test', 9)
  t.throws(() => readAnswer(exception, '1.0.3246.0'), /exception/)
  t.ok(exception.includes('System.Runtime.Remoting.RemotingException'))
  t.equal((await post({ 'content-type': 'application/octet-stream' }, question('bob@contoso.test', 1))).status, 401)
  for (const bad of [
    await post({ authorization, 'content-type': 'text/xml' }, Buffer.from('<a/>')),
    await fetch(remoting, { headers: { authorization } }),
  ]) {
    t.equal(bad.status, 400)
    t.equal(await bad.text(), '')
  }
  t.match(await fabrikam.store.requestLog.query({ requestType: 'IsPrincipalMemberOf', limit: 1 }), [
    { authenticatedId: 'FABRIKAM\\rms-service', successOrFailure: 'Failed', requestPath: /DirectoryServices\.rem$/ },
  ])

  await change(contoso, 'POST', '/clusters/root/trust/forests', { ...trustFabrikam, url: remoting })
  const pl = await alice.publish({ rights: [{ to: 'legal@fabrikam.test', rights: ['VIEW'] }] })
  t.same((await bob.open(await bob.acquireLicense(pl.text))).rights, ['VIEW'])
  t.match(await refused(at(contoso, 'mallory@contoso.test').acquireLicense(pl.text)), noRights)
  t.match(await fabrikam.store.requestLog.query({ requestType: 'IsPrincipalMemberOf', limit: 1 }), [
    { requestUserAgent: /MS \.NET Remoting/, metadata: /binary/ },
  ])
  await change(contoso, 'DELETE', '/clusters/root/trust/forests/fabrikam.test')
})

t.test('what an administrator may say of another forest', async (t) => {
  const address = '/clusters/root/trust/forests'
  t.match(await contoso.api.call('POST', address, { ...trustFabrikam, domain: 'CONTOSO.test' }), {
    status: 409,
    body: { message: /own forest/ },
  })
  t.match(
    await contoso.api.call('POST', address, { domain: 'fabrikam.test', url: fabrikam.groupExpansion, user: 'x' }),
    { status: 400, body: { message: /user and password go together/ } },
  )
  t.match(await contoso.api.call('POST', address, { domain: 'fabrikam@test', url: fabrikam.groupExpansion }), {
    status: 400,
  })
  const made = await contoso.api.call('POST', address, trustFabrikam)
  t.match(made, {
    status: 201,
    body: { domain: 'fabrikam.test', url: fabrikam.groupExpansion, user: 'FABRIKAM\\rms-service' },
  })
  t.notMatch(made.text, password)
  t.match(await contoso.api.call('POST', address, trustFabrikam), { status: 409 })
  const listed = await contoso.api.call('GET', address)
  t.match(listed.body, { forests: [{ domain: 'fabrikam.test' }] })
  t.notMatch(listed.text, /assword/)
  t.notMatch((await contoso.api.call('GET', '/clusters/root/configuration')).text, /sealedPassword/)
  const { configuration } = (await contoso.store.clusters.find('root')) ?? {}
  t.notMatch(JSON.stringify(configuration), password, 'the password is sealed')
  t.match(await contoso.api.call('DELETE', `${address}/tailspin.test`), { status: 404 })
  t.match(await contoso.api.call('DELETE', `${address}/FABRIKAM.test`), { status: 204 })
})
