import t from 'tap'
import { generateKeyPair } from '../../src/crypto/keys.js'
import { issueLicensorCertificate, selfEnrollmentService } from '../../src/cluster/enroll.js'
import { provisionLicensing, provisionRoot } from '../../src/cluster/provision.js'
import { loadServerState } from '../../src/cluster/server-state.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedForest } from '../../src/directory/seed.js'
import { newGuid, systemClock as clock, systemRandom as random } from '../../src/effects.js'
import { readRightsData } from '../../src/xrml/rights-data.js'
import { checkChain } from '../../src/xrml/chain.js'
import { sharedDatabase } from '../cluster/postgres.js'
import { apiOver, keyPassword } from './api-app.js'

t.setTimeout(900_000)

const effects = { clock, random }
const store = await openStore(await sharedDatabase(t))
await provisionRoot(store, { name: 'root', baseUrl: 'http://root.test/_wmcs', keyPassword, mode: 2 }, effects)
await provisionLicensing(store, { name: 'legal', baseUrl: 'http://legal.test/_wmcs', keyPassword }, effects)
const { app, routes, call } = await apiOver(store)
t.teardown(async () => {
  await app.close()
  await store.close()
})
const configurationOf = async (name: string) => (await store.clusters.find(name))?.configuration

t.test('every route is in the OpenAPI document, with what it takes, answers and refuses', async (t) => {
  const { paths = {} } = app.swagger() as {
    paths?: Record<
      string,
      Record<
        string,
        { summary?: string; tags?: string[]; parameters?: { name: string }[]; requestBody?: object; responses?: object }
      >
    >
  }
  t.ok(routes.length > 45, `${routes.length} routes`)
  for (const route of routes) {
    const [method = '', url = ''] = route.split(' ')
    const described = paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    t.ok(described?.summary && described.tags?.length, route)
    const statuses = Object.keys(described?.responses ?? {})
    t.ok(
      statuses.some((status) => status.startsWith('2')),
      `${route} answers`,
    )
    if (url.includes(':')) t.ok(statuses.includes('404') && statuses.includes('400'), `${route} refuses`)
    for (const [, name = ''] of url.matchAll(/:(\w+)/g))
      t.ok(
        described?.parameters?.some((parameter) => parameter.name === name),
        `${route} takes ${name}`,
      )
    // A snapshot is of what is there: nothing is sent.
    if (['PUT', 'PATCH'].includes(method) && url !== '/lab/snapshots/:name')
      t.ok(described?.requestBody, `${route} has a body`)
  }
})

t.test('what is wrong is said to people', async (t) => {
  t.match(await call('GET', '/clusters/nowhere/configuration'), {
    status: 404,
    body: { error: 'NotFound', message: 'There is no cluster "nowhere"; there is legal, root' },
  })
  t.match(await call('PATCH', '/clusters/root/configuration', { slc: [] }), {
    status: 400,
    body: { error: 'BadRequest', message: /the field "slc", which is unknown or cannot be set here/ },
  })
  t.match(await call('PATCH', '/clusters/root/configuration', {}), { status: 400 })
  t.match(
    await call('PATCH', '/clusters/root/configuration', {
      oauthClients: [{ id: 'app', redirectUris: ['https://app.contoso.test/#done'] }],
    }),
    { status: 400 },
  )
  t.match(await call('PATCH', '/clusters/root/configuration', { racValidityTimeSeconds: '5' }), {
    status: 400,
    body: { message: 'body/racValidityTimeSeconds must be integer' },
  })
  t.match(await call('PATCH', '/clusters/root/configuration', { racValidityTimeSeconds: -1 }), { status: 400 })
  t.match(await call('GET', '/requests?limit=100000'), { status: 400, body: { message: /limit must be <= 1000/ } })
  t.match(await call('GET', '/requests?colour=red'), { status: 400, body: { message: /"colour"/ } })
  t.match(await call('POST', '/directory/groups', { mail: 'x@contoso.test' }), {
    status: 400,
    body: { message: 'body lacks the field "name"' },
  })
  const broken = await app.inject({
    method: 'POST',
    url: '/directory/groups',
    payload: '{',
    headers: { 'content-type': 'application/json' },
  })
  t.equal(broken.statusCode, 400)
  t.match(broken.json(), { error: 'BadRequest', message: String })
  const written = async (type: string, encoding: BufferEncoding) => {
    const payload = Buffer.from(JSON.stringify({ description: 'Zürich' }), encoding)
    const headers = { 'content-type': type }
    return (await app.inject({ method: 'POST', url: '/directory/groups', payload, headers })).json<object>()
  }
  t.match(await written('application/json', 'latin1'), { error: 'BadRequest', message: /not in UTF-8/ })
  t.match(await written('application/json; charset=iso-8859-1', 'latin1'), { message: /charset.*"iso-8859-1": send/ })
  t.match(await written('application/json; charset=UTF-8', 'utf8'), { message: /lacks the field "name"/ })
})

t.test('the service connection point: current, moved, stale, removed', async (t) => {
  const url = 'http://root.test/_wmcs/certification'
  const before = await configurationOf('legal')
  t.match(await call('GET', '/forest'), {
    body: {
      dnsName: 'contoso.test',
      domainSid: seedForest.domainSid,
      serviceConnectionPoint: { url, state: 'current', cluster: 'root' },
    },
  })
  t.match(await call('PUT', '/forest/scp', { url: 'http://gone.test/_wmcs/certification' }), {
    status: 409,
    body: { message: /no root cluster/ },
  })
  t.match(await call('DELETE', '/forest/scp'), { status: 409, body: { message: /"root", which is in use/ } })
  t.match(await call('PUT', '/forest/scp', { url: 'http://gone.test/_wmcs/certification/', force: true }), {
    body: { url: 'http://gone.test/_wmcs/certification', state: 'stale' },
  })
  t.equal(
    (await configurationOf('legal'))?.configurationVersion,
    (before?.configurationVersion ?? 0) + 1,
    'licensing clusters are told',
  )
  t.equal(
    (await loadServerState(store, 'legal', keyPassword, 'openssl')).certificationUrl,
    'http://gone.test/_wmcs/certification',
  )
  t.match(await call('DELETE', '/forest/scp'), { status: 204, text: '' })
  t.match(await call('DELETE', '/forest/scp'), { status: 404 })
  t.match((await call('GET', '/forest')).body, { serviceConnectionPoint: { url: null, state: 'absent' } })
  t.match(
    await call('PUT', '/forest/scp', { url: 'http://root.test/_wmcs/Certification' }),
    { status: 200, body: { state: 'current' } },
    'as Windows spells it',
  )
  t.match(await call('PUT', '/forest/scp', { url }), { status: 200 })
})

t.test('accounts', async (t) => {
  const first = await call('GET', '/directory/accounts?limit=4')
  t.match(first.body, { accounts: { length: 4 }, next: 'CONTOSO\\mallory' })
  const second = await call('GET', `/directory/accounts?limit=4&after=${encodeURIComponent('CONTOSO\\mallory')}`)
  t.match(second.body, {
    accounts: [{ name: 'CONTOSO\\nomail', mail: null }, { name: 'CONTOSO\\rms-service' }],
    next: null,
  })
  const made = await call('POST', '/directory/accounts', {
    name: 'Dave',
    password: 'secret-1',
    mail: 'dave@contoso.test',
    proxyAddresses: ['d@contoso.test'],
  })
  t.match(made, {
    status: 201,
    body: { name: 'CONTOSO\\Dave', mail: 'dave@contoso.test', enabled: true, proxyAddresses: ['d@contoso.test'] },
  })
  const { sid } = made.body as unknown as { sid: string }
  t.match(sid, new RegExp(`^${seedForest.domainSid}-\\d{6,10}$`))
  t.equal(made.headers.location, `/directory/accounts/${sid}`)
  t.notMatch(made.text, /secret-1/, 'the password stays inside')
  t.match(await store.directory.authenticate('dave@contoso.test', 'secret-1'), { sid })
  for (const name of [sid, 'dave', 'CONTOSO%5Cdave', 'D@CONTOSO.test'])
    t.match((await call('GET', `/directory/accounts/${name}`)).body, {
      sid,
      groups: [{ name: 'CONTOSO\\Domain Users' }],
    })
  for (const taken of [
    { name: 'dave' },
    { name: 'legal' },
    { name: 'eve', mail: 'Legal@contoso.test' },
    { name: 'eve', proxyAddresses: ['d@contoso.test'] },
    { name: 'eve', sid },
  ]) {
    t.match(
      await call('POST', '/directory/accounts', { password: 'x', ...taken }),
      { status: 409, body: { error: 'Conflict' } },
      JSON.stringify(taken),
    )
  }
  t.match(await call('POST', '/directory/accounts', { name: 'FABRIKAM\\eve', password: 'x' }), {
    status: 400,
    body: { message: /another domain/ },
  })
  t.match(await call('POST', '/directory/accounts', { name: 'e@ve', password: 'x' }), { status: 400 })
  t.match(await call('POST', '/directory/accounts', { name: 'eve', password: 'x', sid: 'S-1-5-21-1-2-3-77' }), {
    status: 201,
    body: { sid: 'S-1-5-21-1-2-3-77', mail: null },
  })

  t.match(await call('PATCH', '/directory/accounts/dave', { enabled: false }), {
    status: 200,
    body: { enabled: false },
  })
  t.equal(await store.directory.authenticate('dave', 'secret-1'), undefined)
  t.match(await call('PATCH', '/directory/accounts/dave', { enabled: true, mail: 'd@contoso.test' }), {
    body: { enabled: true },
  })
  t.match(await call('PATCH', '/directory/accounts/dave', { mail: 'bob@contoso.test' }), {
    status: 409,
    body: { message: /CONTOSO\\bob/ },
  })
  const typed = { 'content-type': 'application/json' }
  t.match(await call('PATCH', '/directory/accounts/dave', undefined, typed), { status: 400, body: { message: /body/ } })
  const deleted = await call('DELETE', '/directory/accounts/dave', undefined, typed)
  t.match(deleted, { status: 204 }, 'a type without a body is no matter')
  t.match(await call('DELETE', '/directory/accounts/dave'), {
    status: 404,
    body: { message: 'The directory has no account "dave"' },
  })
})

t.test('an address that is replaced stays a further one, and nothing is lost on the way back', async (t) => {
  await call('POST', '/directory/accounts', {
    name: 'erin',
    password: 'secret-1',
    mail: 'erin@contoso.test',
    proxyAddresses: ['SMTP:erin@contoso.test', 'smtp:e.one@contoso.test'],
  })
  const after = async (change: object): Promise<object> => {
    const { mail, proxyAddresses } = (await call('PATCH', '/directory/accounts/erin', change)).body
    return { mail, proxyAddresses }
  }
  const [erin, one, two] = ['erin@contoso.test', 'e.one@contoso.test', 'e.two@contoso.test']
  t.same(await after({ enabled: true }), { mail: erin, proxyAddresses: [one] }, 'the prefix is taken off, each once')
  t.same(await after({ mail: one }), { mail: one, proxyAddresses: [erin] }, 'they change places')
  t.same(await after({ mail: null }), { mail: null, proxyAddresses: [one, erin] })
  t.same(await after({ mail: `smtp:${erin}` }), { mail: erin, proxyAddresses: [one] }, 'as it was')
  t.same(await after({ mail: two }), { mail: two, proxyAddresses: [erin, one] })
  t.same(await after({ mail: erin, keepFormerAddress: false }), { mail: erin, proxyAddresses: [one] })
  t.same(await after({ mail: two, proxyAddresses: [] }), { mail: two, proxyAddresses: [] }, 'all of them as given')
  t.match(await call('PATCH', '/directory/accounts/erin', { proxyAddresses: ['bob@contoso.test'] }), {
    status: 409,
    body: { message: /CONTOSO\\bob/ },
  })
  t.match(await call('PATCH', '/directory/accounts/erin', { mail: 'x400:erin@contoso.test' }), { status: 400 })
})

t.test('a new password counts at once, a new name too, and former SIDs are given', async (t) => {
  const before = (await call('GET', '/directory/accounts/erin')).body
  const former = 'S-1-5-21-7-8-9-1110'
  const change = { password: 'secret-2', name: 'erin.new', sidHistory: [former, former] }
  t.match(await call('PATCH', '/directory/accounts/erin', change), {
    status: 200,
    body: { sid: before.sid, name: 'CONTOSO\\erin.new', sidHistory: [former] },
  })
  t.equal(await store.directory.authenticate('erin.new', 'secret-1'), undefined)
  t.match(await store.directory.authenticate('erin.new', 'secret-2'), { sid: before.sid })
  t.match(await store.directory.accountBySid(former), { sid: before.sid })
  t.equal(await store.directory.accountByName('erin'), undefined)
  for (const refused of [{ name: 'legal' }, { sidHistory: [String(before.sid)] }, { sidHistory: ['S-1-1'] }])
    t.match(
      await call('PATCH', '/directory/accounts/erin.new', refused),
      { status: /400|409/ },
      JSON.stringify(refused),
    )
  t.match(await call('DELETE', '/directory/accounts/erin.new'), { status: 204 })
})

t.test('groups have further addresses, which nobody else can take', async (t) => {
  const made = await call('POST', '/directory/groups', {
    name: 'finance',
    mail: 'finance@contoso.test',
    proxyAddresses: ['smtp:fin@contoso.test'],
  })
  t.match(made, { status: 201, body: { proxyAddresses: ['fin@contoso.test'] } })
  t.match(await call('POST', '/directory/accounts', { name: 'fin', password: 'x', mail: 'FIN@contoso.test' }), {
    status: 409,
    body: { message: /CONTOSO\\finance/ },
  })
  t.match(await call('PATCH', '/directory/groups/fin@contoso.test', { name: 'money', mail: 'fin@contoso.test' }), {
    status: 200,
    body: { name: 'CONTOSO\\money', mail: 'fin@contoso.test', proxyAddresses: ['finance@contoso.test'] },
  })
  t.match((await call('GET', '/directory/groups/money')).body, { sid: made.body.sid })
  t.match(await call('DELETE', '/directory/groups/finance@contoso.test'), { status: 204 })
  t.match(await call('POST', '/directory/accounts', { name: 'fin', password: 'x', mail: 'fin@contoso.test' }), {
    status: 201,
  })
  t.match(await call('DELETE', '/directory/accounts/fin'), { status: 204 })
})

t.test('groups and members', async (t) => {
  const made = await call('POST', '/directory/groups', { name: 'board', mail: 'board@contoso.test' })
  t.match(made, { status: 201, body: { name: 'CONTOSO\\board', mail: 'board@contoso.test' } })
  t.match(await call('POST', '/directory/groups', { name: 'bob' }), { status: 409 })
  t.match(await call('POST', '/directory/groups/board/members', { members: ['bob', 'nobody@contoso.test'] }), {
    status: 400,
    body: { message: /"nobody@contoso.test"/ },
  })
  t.match((await call('GET', '/directory/groups/board/members')).body, { members: [], count: 0 }, 'all or none')
  t.match(
    await call('POST', '/directory/groups/board@contoso.test/members', {
      members: ['bob', 'staff@contoso.test', 'CONTOSO\\bob'],
    }),
    { status: 204 },
  )
  t.match(await call('POST', '/directory/groups/board/members', { members: ['board'] }), {
    status: 400,
    body: { message: /itself/ },
  })
  t.match((await call('GET', '/directory/groups/board/members')).body, {
    members: [
      { kind: 'account', name: 'CONTOSO\\bob' },
      { kind: 'group', name: 'CONTOSO\\staff' },
    ],
    count: 2,
    next: null,
  })
  const next = String((await call('GET', '/directory/groups/board/members?limit=1')).body.next)
  t.match((await call('GET', `/directory/groups/board/members?limit=1&after=${next}`)).body, {
    members: [{ name: 'CONTOSO\\staff' }],
    next: null,
  })
  t.match(
    (await call('GET', '/directory/accounts/alice')).body,
    { groups: [{ name: 'CONTOSO\\board' }, { name: 'CONTOSO\\Domain Users' }, { name: 'CONTOSO\\staff' }] },
    'through staff',
  )
  t.match((await call('GET', '/directory/groups/legal')).body, {
    groups: [{ name: 'CONTOSO\\board' }, { name: 'CONTOSO\\staff' }],
  })
  t.match(await call('DELETE', '/directory/groups/board/members/bob'), { status: 204 })
  t.match(await call('DELETE', '/directory/groups/board/members/bob'), { status: 404 })
  t.match(await call('DELETE', '/directory/groups/Domain%20Users'), { status: 409 })
  t.match((await call('GET', '/directory/groups/Domain%20Users/members')).body, { everyone: true })
  t.match((await call('GET', '/directory/groups?limit=2')).body, { groups: { length: 2 }, next: String })
  t.match(await call('DELETE', '/directory/groups/board'), { status: 204 })
  t.match(await call('GET', '/directory/groups/board'), { status: 404 })
})

t.test('the configuration: compare and set, no secrets, no way back from decommissioning', async (t) => {
  const read = await call('GET', '/clusters/legal/configuration')
  t.notOk('slc' in read.body || 'trustedLicensingServers' in read.body)
  t.match(read.body, {
    cryptographicMode: 2,
    baseUrl: 'http://legal.test/_wmcs',
    admittedGroups: { '/decommission/decommission.asmx': ['CONTOSO\\RMS Service Group'] },
  })
  const etag = String(read.headers.etag)
  t.equal(etag, `"${String(read.body.configurationVersion)}"`)
  const changed = await call(
    'PATCH',
    '/clusters/legal/configuration',
    { osExclusionEnabled: true },
    { 'if-match': etag },
  )
  t.match(changed, { status: 200, body: { osExclusionEnabled: true } })
  t.not(changed.headers.etag, etag)
  t.match(await call('PATCH', '/clusters/legal/configuration', { osExclusionEnabled: false }, { 'if-match': etag }), {
    status: 412,
    body: { error: 'PreconditionFailed' },
  })
  t.match(
    await call('PATCH', '/clusters/legal/configuration', { osExclusionEnabled: false }, { 'if-match': 'yesterday' }),
    {
      status: 400,
    },
  )
  t.equal(
    (await call('PATCH', '/clusters/legal/configuration', { osExclusionEnabled: true })).headers.etag,
    changed.headers.etag,
    'nothing changed, nothing written',
  )
  const many = await Promise.all(
    [100, 200].map((racValidityTimeSeconds) =>
      call('PATCH', '/clusters/legal/configuration', { racValidityTimeSeconds }),
    ),
  )
  t.same(
    many.map(({ status }) => status),
    [200, 200],
    'made anew when somebody else was faster',
  )
  t.match(await call('PATCH', '/clusters/legal/configuration', { serverDecommissioned: true }), { status: 200 })
  t.match(await call('PATCH', '/clusters/legal/configuration', { serverDecommissioned: false }), {
    status: 409,
    body: { message: /no way back/ },
  })
  t.equal((await configurationOf('legal'))?.serverDecommissioned, true)
  t.equal((await configurationOf('root'))?.serverDecommissioned, false)
})

t.test('super users, exclusion, URLs', async (t) => {
  t.match(await call('PUT', '/clusters/root/super-users', { enabled: true }), {
    status: 400,
    body: { message: /need a group/ },
  })
  t.match(await call('PUT', '/clusters/root/super-users', { enabled: true, group: 'bob@contoso.test' }), {
    status: 400,
    body: { message: /no group/ },
  })
  t.match(await call('PUT', '/clusters/root/super-users', { enabled: true, group: 'superusers@contoso.test' }), {
    status: 200,
    body: { enabled: true },
  })
  t.match((await call('PUT', '/clusters/root/super-users', { enabled: false })).body, {
    enabled: false,
    group: 'superusers@contoso.test',
  })
  t.match((await call('GET', '/clusters/legal/super-users')).body, { enabled: false, group: null })

  const word = { filename: 'WINWORD.EXE', minimumVersion: '1', maximumVersion: '12.0' }
  t.match((await call('POST', '/clusters/root/exclusion/applications', word)).body, {
    applications: [{ filename: 'WINWORD.EXE', minimumVersion: '1.0.0.0', maximumVersion: '12.0.0.0' }],
  })
  t.match(
    (await call('POST', '/clusters/root/exclusion/applications', word)).body,
    { applications: { length: 1 } },
    'once',
  )
  t.match(await call('POST', '/clusters/root/exclusion/applications', { ...word, minimumVersion: '13' }), {
    status: 400,
    body: { message: /above/ },
  })
  t.match(await call('DELETE', '/clusters/root/exclusion/applications/winword.exe'), {
    status: 200,
    body: { applications: [] },
  })
  t.match(await call('DELETE', '/clusters/root/exclusion/applications/winword.exe'), { status: 404 })
  t.match(await call('POST', '/clusters/root/exclusion/accounts', { account: 'bob' }), {
    status: 409,
    body: { message: /not been certified/ },
  })
  t.match(await call('POST', '/clusters/root/exclusion/accounts', { account: 'bob', publicKey: 'A'.repeat(344) }), {
    status: 400,
  })
  const { publicKey } = await generateKeyPair(1024)
  const bob = await store.directory.accountByName('bob')
  await store.accountKeys.insertIfAbsent('root', bob?.sid ?? '', {
    publicKey: publicKey.modulus,
    sealedKeyPair: 'v1',
    created: '',
  })
  const excluded = await call('POST', '/clusters/legal/exclusion/accounts', { account: 'bob@contoso.test' })
  t.match(
    excluded.body,
    { accounts: [{ publicKey: publicKey.modulus, account: 'CONTOSO\\bob', since: /^\d{4}-/ }] },
    'the key that the root made',
  )
  t.ok(await store.accountKeys.find('root', bob?.sid ?? ''), 'which the root keeps')
  const [{ id } = { id: '' }] = excluded.body.accounts as unknown as readonly { id: string }[]
  t.match(await call('DELETE', `/clusters/root/exclusion/accounts/${id}`), { status: 404 }, 'at one cluster only')
  await call('POST', '/clusters/root/exclusion/accounts', { publicKey: publicKey.modulus })
  t.match(await call('POST', '/clusters/root/exclusion/accounts', { account: 'bob' }), { status: 200 })
  t.equal(
    await store.accountKeys.find('root', bob?.sid ?? ''),
    undefined,
    'by name it goes, also when it is excluded already',
  )
  t.match(await call('DELETE', `/clusters/root/exclusion/accounts/${id}`), { status: 200 })
  t.match(await call('DELETE', `/clusters/legal/exclusion/accounts/${id}`), { status: 200, body: { accounts: [] } })
  t.match(await configurationOf('legal'), { racExclusionPolicy: null, excludedAccounts: [] })
  const named = await call('PATCH', '/clusters/legal/configuration', { persistRac: true })
  t.match(named, { status: 400, body: { message: /persistRac/ } }, 'what would change nothing is not there')
  t.match(await call('PUT', '/clusters/root/exclusion/security-processor', { minimumVersion: '6.1' }), {
    body: { minimumSecurityProcessorVersion: '6.1.0.0' },
  })
  t.match(await call('PUT', '/clusters/root/exclusion/security-processor', { minimumVersion: null }), {
    body: { minimumSecurityProcessorVersion: null },
  })

  t.match(await call('PUT', '/clusters/root/urls', { extranetLicensing: 'https://out.test/_wmcs/licensing/' }), {
    status: 200,
    body: { extranetLicensing: 'https://out.test/_wmcs/licensing', licensing: null },
  })
  t.match(await call('PUT', '/clusters/root/urls', { extranetCertification: 'ftp://out.test' }), { status: 400 })
  t.match((await call('PUT', '/clusters/root/urls', { extranetLicensing: null })).body, {
    base: 'http://root.test/_wmcs',
    extranetLicensing: null,
  })

  const before = await configurationOf('legal')
  const elsewhere = 'https://rms.test/_wmcs/certification'
  t.match(
    (
      await call('PUT', '/clusters/root/urls', {
        certification: elsewhere,
        licensing: 'https://rms.test/_wmcs/licensing',
      })
    ).body,
    { certification: elsewhere, licensing: 'https://rms.test/_wmcs/licensing' },
  )
  t.match(
    (await call('GET', '/forest')).body,
    { serviceConnectionPoint: { url: elsewhere, state: 'current' } },
    'it goes with its root',
  )
  t.ok(
    Number((await configurationOf('legal'))?.configurationVersion) > Number(before?.configurationVersion),
    'and licensing-only clusters are told',
  )
  await call('PUT', '/clusters/root/urls', { certification: null, licensing: null })
  t.match((await call('GET', '/forest')).body, {
    serviceConnectionPoint: { url: 'http://root.test/_wmcs/certification', state: 'current' },
  })
})

t.test('access lists', async (t) => {
  const listOf = async (endpoint: string) => (await configurationOf('root'))?.admittedGroups[endpoint]
  const subEnroll = '/certification/subenrollservice.asmx'
  t.match((await call('GET', '/clusters/root/access')).body, {
    endpoints: [{ endpoint: '/certification/certification.asmx', admitted: null }],
  })
  t.match(
    await call('POST', '/clusters/root/access/admit', {
      endpoint: 'subenrollservice',
      name: 'contoso\\rms service group',
    }),
    { status: 200 },
  )
  t.same(await listOf(subEnroll), ['CONTOSO\\RMS Service Group'], 'as the directory spells it')
  t.match(await call('POST', '/clusters/root/access/admit', { endpoint: 'subenrollservice', name: 'nobody' }), {
    status: 400,
  })
  t.match(await call('POST', '/clusters/legal/access/admit', { endpoint: 'subenrollservice', name: 'bob' }), {
    status: 404,
    body: { message: /The endpoints are/ },
  })
  t.match(await call('POST', '/clusters/root/access/admit', { endpoint: 'certificaton.asmx', name: 'bob' }), {
    status: 404,
    body: { message: /Did you mean certification\?/ },
  })
  t.match(await call('POST', '/clusters/root/access/revoke', { endpoint: 'licensing/license', name: 'ANONYMOUS' }), {
    status: 404,
    body: { message: /has no access list: it admits everybody who signs in/ },
  })
  t.match(await call('POST', '/clusters/root/access/admit', { endpoint: 'server', name: 'bob' }), {
    status: 400,
    body: { message: /may be/ },
  })
  t.match(await call('POST', '/clusters/root/access/admit', { endpoint: 'licensing/license', name: 'bob' }), {
    status: 409,
    body: { message: /restrict/ },
  })
  t.match(
    await call('POST', '/clusters/root/access/admit', { endpoint: 'licensing/license', name: 'bob', restrict: true }),
    { status: 200 },
  )
  t.same(await listOf('/licensing/license.asmx'), ['CONTOSO\\bob'])
  t.match(await call('POST', '/clusters/root/access/admit', { endpoint: 'licensing/publish', name: 'anonymous' }), {
    status: 200,
  })
  t.same(await listOf('/licensing/publish.asmx'), ['ANONYMOUS'], 'also who does not sign in')
  await call('POST', '/clusters/root/access/open', { endpoint: 'licensing/publish' })
  t.match(await call('POST', '/clusters/root/access/open', { endpoint: 'licensing/license' }), { status: 200 })
  t.equal(await listOf('/licensing/license.asmx'), undefined)
  t.match(await call('POST', '/clusters/root/access/revoke', { endpoint: subEnroll, name: 'bob' }), { status: 404 })
  t.match(
    await call('POST', '/clusters/root/access/revoke', { endpoint: subEnroll, name: 'CONTOSO\\RMS Service Group' }),
    { status: 200 },
  )
  t.same(await listOf(subEnroll), [])
})

t.test('trusted user domains', async (t) => {
  const own = (await call('GET', '/clusters/legal/trust/user-domains')).body.userDomains as unknown as readonly {
    id: string
  }[]
  t.match(own, [{ own: true, cluster: 'root' }])
  t.match(await call('DELETE', `/clusters/legal/trust/user-domains/${own[0]?.id}`), {
    status: 409,
    body: { message: /always/ },
  })
  const legalSlc = await call('GET', '/clusters/legal/licensor-certificate')
  t.match(legalSlc.headers['content-type'], /application\/xml/)
  t.match(
    await call('POST', '/clusters/legal/trust/user-domains', {
      certificate: (await call('GET', '/clusters/root/licensor-certificate')).text,
    }),
    { status: 409 },
  )
  const { publicKey } = await generateKeyPair(2048)
  const enrollee = {
    guid: newGuid(random),
    name: 'Fabrikam',
    url: 'http://rms.fabrikam.test/_wmcs',
    version: '6.3.0.0',
    sku: 'RMS 2.0',
    publicKey,
  }
  const chain = (await issueLicensorCertificate(enrollee, selfEnrollmentService(2), clock.now(), random))
    .map(({ text }) => text)
    .join('')
  const added = await call('POST', '/clusters/legal/trust/user-domains', { certificate: chain })
  t.match(added, { status: 201, body: { own: false, cluster: null, publicKey: publicKey.modulus } })
  t.ok((await configurationOf('legal'))?.trustedRacIssuers.includes(publicKey.modulus))
  t.match(await call('DELETE', `/clusters/legal/trust/user-domains/${String(added.body.id)}`), { status: 204 })
  t.notOk((await configurationOf('legal'))?.trustedRacIssuers.includes(publicKey.modulus))
  t.match(
    await call('POST', '/clusters/legal/trust/user-domains', { certificate: chain.replace('Fabrikam', 'Contoso') }),
    { status: 400, body: { message: /does not hold together/ } },
  )
  t.match(await call('POST', '/clusters/legal/trust/user-domains', { certificate: 'hello' }), { status: 400 })
  const authority = chain.split('</XrML>').at(-2) ?? ''
  t.match(await call('POST', '/clusters/legal/trust/user-domains', { certificate: `${authority}</XrML>` }), {
    status: 400,
    body: { message: /SLC/ },
  })
})

t.test('publishing domains: a file that opens with its password alone, and only as it was written', async (t) => {
  const password = 'a long password'
  t.match(await call('POST', '/clusters/root/trust/publishing-domains/export', { password: 'short' }), { status: 400 })
  const file = (await call('POST', '/clusters/root/trust/publishing-domains/export', { password }))
    .body as unknown as Record<string, unknown> & { slc: string[]; templates: string[]; sealedPrivateKey: string }
  t.notMatch(JSON.stringify(file), /PRIVATE KEY/)
  const to = '/clusters/legal/trust/publishing-domains'
  const refusals = {
    'the wrong password': { password: 'another password', file },
    'a changed key': { password, file: { ...file, sealedPrivateKey: file.sealedPrivateKey.slice(0, -8) } },
    'a changed template': { password, file: { ...file, templates: [file.templates[0]?.replace('VIEW', 'EDIT')] } },
    'a template of another server': {
      password,
      file: { ...file, templates: [(await store.templates.list('legal'))[0]?.signedXrml] },
    },
    'no template': { password, file: { ...file, templates: ['<x/>'] } },
    'an SLC of another server': { password, file: { ...file, slc: (await configurationOf('legal'))?.slc } },
    'an unknown field': { password, file: { ...file, more: 1 } },
  }
  for (const [what, body] of Object.entries(refusals))
    t.match(await call('POST', to, body), { status: 400, body: { error: 'BadRequest' } }, what)
  t.match(await call('POST', '/clusters/root/trust/publishing-domains', { password, file }), {
    status: 409,
    body: { message: /itself/ },
  })
  const added = await call('POST', to, { password, file })
  t.match(added, { status: 201, body: { name: 'root', templates: 3 } })
  t.match(await call('POST', to, { password, file }), { status: 409 })
  t.match((await call('GET', to)).body, { publishingDomains: [{ id: added.body.id }] })
  t.match(
    (await loadServerState(store, 'legal', keyPassword, 'openssl')).trusted,
    [{ templates: { length: 3 } }],
    'a node opens it with the key of its own cluster',
  )
  t.match(await call('DELETE', `${to}/${String(added.body.id)}`), { status: 204 })
  t.same((await loadServerState(store, 'legal', keyPassword, 'openssl')).trusted, [])
})

t.test('templates: what goes in comes out, signed', async (t) => {
  const at = '/clusters/root/templates'
  const body = {
    texts: [
      { lcid: 1033, name: 'Board <only>', description: 'For the board; nobody else' },
      { lcid: 1031, name: 'Nur Vorstand', description: 'Für den Vorstand' },
    ],
    grants: [
      { to: 'staff@contoso.test', rights: ['VIEW', 'PRINT'] },
      { to: 'ANYONE', rights: ['VIEWRIGHTSDATA'] },
    ],
    expiresOn: '2090-12-31T00:00:00Z',
    useLicenseDays: 7,
    referral: 'mailto:alice@contoso.test',
    applicationData: [{ name: 'NOLICCACHE', value: '1' }],
  }
  const before = (await configurationOf('root'))?.configurationVersion ?? 0
  const made = await call('POST', at, {
    ...body,
    grants: [{ to: 'staff@contoso.test', rights: ['view', 'PRINT'] }, body.grants[1]],
  })
  t.match(made, {
    status: 201,
    body: { ...body, expiresOn: '2090-12-31T00:00:00.000Z', expiresAfterDays: null, state: 'published' },
  })
  t.equal((await configurationOf('root'))?.configurationVersion, before + 1, 'the nodes are told')
  const url = String(made.headers.location)
  t.same((await call('GET', url)).body, made.body)
  const text = (await call('GET', `${url}/xrml`)).text
  const { document } = readRightsData(text)
  const state = await loadServerState(store, 'root', keyPassword, 'openssl')
  t.match(checkChain([document, ...state.own.chain]), { ok: true })
  t.match(await call('GET', `${at}?state=archived`), { body: { templates: [] } })
  t.match(await call('POST', `${url}/archive`), { status: 200, body: { state: 'archived' } })
  t.match((await call('GET', `${at}?state=archived`)).body, { templates: [{ guid: made.body.guid }] })
  t.equal((await call('GET', `${url}/xrml`)).text, text, 'the document stays')
  const edited = await call('PUT', url, {
    texts: body.texts,
    grants: [{ to: 'legal@contoso.test', rights: ['VIEW'] }],
    expiresAfterDays: 30,
  })
  t.match(edited, {
    status: 200,
    body: {
      guid: made.body.guid,
      state: 'archived',
      expiresOn: null,
      expiresAfterDays: 30,
      useLicenseDays: null,
      referral: null,
      applicationData: [],
    },
  })
  t.match(await call('POST', `${url}/publish`), { body: { state: 'published' } })

  const refusals = {
    'both kinds of expiry': { ...body, expiresAfterDays: 3 },
    'a date that has passed': { ...body, expiresOn: '2020-01-01' },
    'no date': { ...body, expiresOn: '2090-13-01' },
    'a day that no calendar has': { ...body, expiresOn: '2090-02-30T00:00:00Z' },
    'two texts of one language': { ...body, texts: [body.texts[0], body.texts[0]] },
    'a mark in a name': { ...body, texts: [{ lcid: 1033, name: 'a:DESCRIPTION b', description: 'c' }] },
    'a mark in a description': {
      ...body,
      texts: [{ lcid: 1033, name: 'a', description: 'c; LCID 1031:NAME b:DESCRIPTION d' }],
    },
    'a line break': { ...body, texts: [{ lcid: 1033, name: 'a\nb', description: 'c' }] },
    nobody: { ...body, grants: [] },
    'somebody without address': { ...body, grants: [{ to: 'bob', rights: ['VIEW'] }] },
    'a known right mistyped': { ...body, grants: [{ to: 'ANYONE', rights: ['VEIW'] }] },
    'a right with markup': { ...body, grants: [{ to: 'ANYONE', rights: ['<VIEW>'] }] },
  }
  for (const [what, wrong] of Object.entries(refusals))
    t.match(await call('POST', at, wrong), { status: 400, body: { error: 'BadRequest' } }, what)
  t.match(await call('PUT', `${at}/00000000-0000-0000-0000-000000000000`, body), { status: 404 })
  t.match(await call('DELETE', url), { status: 204 })
  t.match(await call('GET', url), { status: 404 })
})

t.test('the request log: by what, by whom, when; as CSV that no spreadsheet computes', async (t) => {
  const record = (id: number, more: object) => ({
    clusterName: 'root',
    hostMachineName: 'root-1',
    hostMachineRequestId: String(id),
    clientRequestId: '',
    requestTime: `2026-01-0${id}T00:00:00.000Z`,
    listener: 'intranet',
    requestPath: '/_wmcs/licensing/license.asmx',
    requestType: 'AcquireLicense',
    requestUserAddress: '192.0.2.7',
    requestUserAgent: '=HYPERLINK("http://x","y")',
    authenticatedState: 'True' as const,
    secureConnectionState: false,
    authenticatedId: 'CONTOSO\\bob',
    receivedXrml: '<XrML/>',
    metadata: '{"requests":1}',
    successOrFailure: 'Succeeded' as const,
    errorInformation: '',
    logCreateTime: `2026-01-0${id}T00:00:01.000Z`,
    ...more,
  })
  await store.requestLog.insert([
    record(1, { clientRequestId: 'mine' }),
    record(2, { clusterName: 'legal', hostMachineName: 'legal-1', listener: 'extranet', requestType: 'GetServerInfo' }),
    record(3, {
      authenticatedId: 'CONTOSO\\alice',
      successOrFailure: 'Failed',
      errorInformation: 'no, "really"',
      durationMilliseconds: 12.5,
    }),
  ])
  const ids = async (query: string) =>
    (
      (await call('GET', `/requests${query}`)).body.requests as unknown as readonly { hostMachineRequestId: string }[]
    ).map((found) => found.hostMachineRequestId)
  t.same(await ids(''), ['3', '2', '1'])
  t.same(await ids('?limit=1'), ['3'])
  t.same(await ids('?limit=1&offset=1'), ['2'])
  t.same(await ids('?cluster=legal'), ['2'])
  t.same(await ids('?node=root-1'), ['3', '1'])
  t.same(await ids('?listener=extranet'), ['2'])
  t.same(await ids('?listener=intranet&result=Succeeded'), ['1'])
  t.same(await ids('?user=bob@contoso.test'), ['2', '1'])
  t.same(await ids('?user=nobody'), [])
  t.same(await ids('?operation=GetServerInfo'), ['2'])
  t.same(await ids('?result=Failed'), ['3'])
  t.same(await ids('?result=failed'), ['3'], 'capitals and small letters are alike')
  t.match(await call('GET', '/requests?result=faild'), {
    status: 400,
    body: { message: 'querystring/result must be one of Succeeded, Failed: did you mean "Failed"?' },
  })
  t.match((await call('GET', '/requests?result=7')).body, { message: /must be one of Succeeded, Failed$/ })
  t.same(await ids('?requestId=2'), ['2'], 'by X-Request-Id of the answer')
  t.same(await ids('?requestId=mine'), ['1'], 'by what the client called it')
  t.match((await call('GET', '/requests/count?requestId=mine')).body, { count: 1 })
  t.same(await ids('?since=2026-01-02&until=2026-01-03T00:00'), ['2'])
  t.same(await ids(`?since=${encodeURIComponent('2026-01-02T01:00+01:00')}`), ['3', '2'])
  for (const none of ['2026-13-01', '2026-02-30', '2026-04-31T10:00:00Z'])
    t.match(await call('GET', `/requests?since=${none}`), { status: 400, body: { message: /since is no time/ } })
  t.match((await call('GET', '/requests/count?cluster=root')).body, { count: 2 })
  t.notOk((await call('GET', '/requests')).text.includes('XrML/'))
  t.ok((await call('GET', '/requests?xrml=true')).text.includes('XrML/'))
  const table = await call('GET', '/requests?result=Failed', undefined, { accept: 'text/csv' })
  t.match(table.headers['content-type'], /^text\/csv/)
  const [head = '', line = ''] = table.text.split('\r\n')
  t.match(head, /^requestTime,clusterName,hostMachineName,hostMachineRequestId,clientRequestId,/)
  t.match(head, /,durationMilliseconds$/)
  t.match(line, /,12\.5$/)
  t.ok(line.includes('"no, ""really"""'))
  t.ok(line.includes(`"'=HYPERLINK(""http://x"",""y"")"`))
})
