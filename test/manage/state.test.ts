/** The state of an installation: one word for it, and the ways back to an earlier one. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import t from 'tap'
import { labOffice } from '../../src/administration/lab/ask-server.js'
import { keepStart, resetLab } from '../../src/administration/lab/reset.js'
import type { SnapshotFile } from '../../src/administration/lab/snapshot-file.js'
import { importSnapshot, restoreSnapshot, takeSnapshot } from '../../src/administration/lab/snapshots.js'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemEffects } from '../../src/effects.js'
import { schemaVersion } from '../../src/cluster/store/schema.js'
import { mostRows, TooManyRows } from '../../src/cluster/store/state-rows.js'
import { labPartner } from '../../src/xrml/lab-hierarchy.js'
import type { NodeContext } from '../../src/node/context.js'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { isOnPostgres, sharedDatabase } from '../cluster/postgres.js'
import { createPrng } from '../hostile/prng.js'
import { apiOver, keyPassword } from './api-app.js'
import { changesOf, type Step } from './state-changes.js'

t.setTimeout(900_000)
const database = await sharedDatabase(t)
// An hour: none of them refreshes while this runs.
const settings = { configurationRefreshIntervalSeconds: 3600 }
const first = await startNode({ database, mode: 1, settings })
const second = await startNode({ database, provision: false, nodeId: 'root-2' })
const { store } = first
const { app, call } = await apiOver(store)
const office = labOffice({ store, keyPassword, ca: undefined, ...systemEffects })
/** Each change at least once on SQLite. */
const rounds = isOnPostgres ? 25 : 100
t.teardown(async () => {
  await app.close()
  await second.close()
  await first.close()
})
const hashNow = async (): Promise<string> => {
  const { status, text } = await call('GET', '/lab/state-hash')
  const hash = /^\{"hash":"([0-9a-f]{64})"\}$/.exec(text)?.[1]
  if (hash === undefined) throw new Error(`${status} ${text}`)
  return hash
}

t.test(
  'the hash is another one after each change that a client could notice, and the same one when it is undone',
  async (t) => {
    const hashes = [await hashNow()]
    const step = async (...change: Parameters<typeof call>): Promise<void> => {
      const { status, text } = await call(...change)
      t.ok(status < 300, `${change[0]} ${change[1]}: ${status} ${text.slice(0, 200)}`)
      hashes.push(await hashNow())
    }
    const wordy = { filename: 'WINWORD.EXE', minimumVersion: '1', maximumVersion: '12' }
    await step('POST', '/directory/accounts', { name: 'dave', mail: 'dave@contoso.test', password })
    await step('POST', '/directory/groups/legal@contoso.test/members', { members: ['dave@contoso.test'] })
    await step('POST', '/clusters/root/exclusion/applications', wordy)
    await step('PUT', '/clusters/root/super-users', { enabled: true, group: 'superusers@contoso.test' })
    await step('PUT', '/lab/clock', { mode: 'frozen', at: '2030-01-01T00:00:00Z' })
    await step('PUT', '/lab/faults/gone', { ready: 'template-deleted' })
    t.equal(new Set(hashes).size, hashes.length, 'each is another one')
    await step('DELETE', '/lab')
    await step('PUT', '/clusters/root/super-users', { enabled: false, group: null })
    await step('DELETE', '/clusters/root/exclusion/applications/WINWORD.EXE')
    await step('DELETE', '/directory/accounts/dave@contoso.test')
    t.equal(hashes.at(-1), hashes[0], 'all is as before, whatever the versions say')
  },
)

t.test('a snapshot waits for clusters and servers that come or go', async (t) => {
  let settle = (): void => undefined
  const settled = new Promise<void>((resolve) => (settle = resolve))
  let servers = {}
  const arrangement = {
    present: () => servers,
    inTurn: async <Result>(read: () => Promise<Result>): Promise<Result> => settled.then(read),
    arrange: async (): Promise<void> => undefined,
  }
  const taking = takeSnapshot({ ...office, arrangement }, 'busy')
  await hashNow()
  servers = { root: { servers: ['root-1'], port: 1 } }
  settle()
  await taking
  const kept = JSON.parse((await store.snapshots.find('busy'))?.content ?? '{}') as { readonly servers: object }
  t.same(kept.servers, servers, 'those that were there when they had come')
  await store.snapshots.remove('busy')
})

t.test('what is asked and who serves is not in the hash; a key pair that an account got is', async (t) => {
  const before = await hashNow()
  const alice = connect({ url: first.baseUrl, user: 'alice@contoso.test', password })
  await alice.serverInfo()
  const third = await startNode({ database, provision: false, nodeId: 'root-3' })
  t.equal(await hashNow(), before)
  await third.close()
  await alice.certify()
  await alice.close()
  t.ok((await store.requestLog.count({})) > 0)
  t.not(await hashNow(), before)
})

t.test('a hundred resets after a hundred changes give one state, at every server', async (t) => {
  await call('DELETE', '/lab')
  const alice = connect({ url: second.baseUrl, user: 'alice@contoso.test', password })
  const pfile = await alice.protectFile(Buffer.from('kept'), '.txt', {
    rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }],
  })
  await alice.close()
  const bob = connect({ url: second.baseUrl, user: 'bob@contoso.test', password, signIn: 'ntlm' })
  await bob.openFile(pfile)
  await keepStart(office, undefined)
  const [start, urls] = [await hashNow(), [first.url, second.url, first.baseUrl]]
  const connection = openConnection(second.url)
  t.teardown(() => connection.close())
  t.equal((await connection.get('/healthz')).status, 200)
  const atNodes = (): readonly string[] => [first, second].map(({ context }) => shownState(context))
  const [shown] = atNodes()
  const changes = Object.entries(changesOf((await store.templates.list('root'))[0]?.guid ?? ''))
  const prng = createPrng(1, 0)
  for (let round = 0; round < rounds; round++) {
    // Each in its turn, and up to two others: not all of them are possible after each other.
    const others = Array.from({ length: prng.below(3) }, () => changes[prng.below(changes.length)])
    const names: string[] = []
    for (const change of [changes[round % changes.length], ...others]) {
      const [name, steps] = change ?? []
      names.push(name ?? '')
      for (const step of steps?.(round) ?? []) await take(step, names.length === 1)
    }
    const label = `${round}: ${names.join(', ')}`
    if (round < changes.length && names[0] !== 'a token') t.not(await hashNow(), start, label)
    // With this servers read all that was changed.
    await call('PUT', '/lab/faults/told', { ready: 'template-deleted' })
    const { status, body } = await call('POST', '/lab/reset')
    t.match(
      [status, body['nodes']],
      [
        200,
        [
          { node: 'root-1', reached: true },
          { node: 'root-2', reached: true },
        ],
      ],
      label,
    )
    t.equal(await hashNow(), start, label)
    t.same(atNodes(), [shown, shown], label)
  }
  t.same([first.url, second.url, first.context.state().configuration.baseUrl], urls)
  t.equal((await bob.openFile(pfile)).plain.toString(), 'kept')
  await bob.close()
  t.equal((await connection.get('/healthz')).status, 200)
  t.equal(connection.opened(), 1, 'over the connection of before')

  async function take(step: Step, isNeeded: boolean): Promise<void> {
    if (typeof step === 'function') {
      await step(first.baseUrl).catch((error: unknown) => {
        if (isNeeded) throw error
      })
      return
    }
    const { status, text } = await call(...step)
    if (isNeeded && status >= 300) throw new Error(`${step[0]} ${step[1]}: ${status} ${text}`)
  }
})

async function isServed({ url }: RunningNode): Promise<boolean> {
  const alice = connect({ url, user: 'alice@contoso.test', password })
  const served = await alice.serverInfo().then(
    () => true,
    () => false,
  )
  await alice.close()
  return served
}

t.test('states that are returned to at once do not mix, whoever sets or looks meanwhile', async (t) => {
  await call('POST', '/lab/reset')
  const start = await hashNow()
  await call('PUT', '/lab/servers/root-2', { slow: 'PT0.001S' })
  await call('PUT', '/lab/installation', { logQueueFull: true })
  await call('PUT', '/lab/snapshots/controlled')
  const controlled = await hashNow()
  await call('PATCH', '/lab/servers/root-1', { skew: 'PT1M' })
  const skewed = await hashNow()
  for (let round = 0; round < 3; round++) {
    const [back, seen, reset] = await Promise.all([
      call('POST', '/lab/snapshots/controlled/restore'),
      hashNow(),
      call('POST', '/lab/reset'),
    ])
    t.same([back.status, reset.status], [200, 200])
    t.ok([start, controlled, skewed].includes(seen), 'not a half of it')
    t.ok([start, controlled].includes(await hashNow()), 'whichever came last')
    const [again, set] = await Promise.all([
      call('POST', '/lab/snapshots/controlled/restore'),
      call('PUT', '/lab/servers/root-1', { skew: 'PT1M' }),
    ])
    t.same([again.status, set.status], [200, 200])
    t.ok([controlled, skewed].includes(await hashNow()), 'what is set stands before it or behind it')
  }
  await call('POST', '/lab/reset')
  await call('DELETE', '/lab/snapshots/controlled')
})

t.test('a state that is back, but not at every server, is told as that', async (t) => {
  const hurried = { ...office, patience: () => AbortSignal.abort() }
  await t.rejects(resetLab(hurried), {
    message: /^The state is back, but not everywhere yet: root-1 \(.*\), root-2 \(.*\) were not reached\.$/,
  })
  t.equal((await call('POST', '/lab/reset')).status, 200)
})

t.test('a start whose state is not kept, or in place of another one, is told of', async (t) => {
  const known = await store.snapshots.find('start')
  if (known === undefined) throw new Error('it was kept')
  await store.snapshots.put({ ...known, about: { ...known.about, schema: 4 } }, 50)
  t.match(
    await keepStart(office, undefined),
    /with schema version 4, .* returns to the state of this start from now on/,
  )
  t.equal(await keepStart(office, undefined), undefined)
  const read = async (): Promise<never> => {
    throw new TooManyRows(mostRows + 1)
  }
  const large = { ...office, store: { ...store, state: { ...store.state, read } } }
  await store.snapshots.remove('start')
  t.match(await keepStart(large, undefined), /state of this start is not kept, .*200001 rows/)
  t.match(await call('POST', '/lab/reset'), { status: 409, body: { message: /200000 rows/ } })
  await store.snapshots.put(known, 50)
})

t.test('a snapshot is taken, listed, restored, replaced and removed by name', async (t) => {
  const before = await hashNow()
  t.match((await call('GET', '/lab/snapshots')).body, { snapshots: [{ name: 'start' }] }, 'it can be returned to')
  const about = { name: 'prepared', schema: schemaVersion, taken: /Z$/, hash: before, size: Number }
  t.match([(await call('PUT', '/lab/snapshots/prepared')).body], [about])
  t.match((await call('GET', '/lab/snapshots')).body, { snapshots: [{ name: 'start' }, about] })
  t.match((await call('GET', '/lab/snapshots/prepared')).body, about)
  await call('PUT', '/lab/clock', { mode: 'step', at: '2030-01-01T00:00:00Z', by: 'PT1S' })
  await (await fetch(`${first.url}/my/v2/templates`)).text()
  await call('PUT', '/lab/servers/root-1', { skew: 'PT5M' })
  await call('PUT', '/lab/installation', { databaseAway: true })
  await call('PUT', '/lab/installation', {})
  await call('PUT', '/lab/faults/once', { effect: { http: 503 }, when: { next: 1 } })
  t.notOk(await isServed(second))
  await call('PUT', '/lab/snapshots/stepped')
  const stepped = (await call('GET', '/lab/clock')).body
  t.match(await call('POST', '/lab/snapshots/prepared/restore'), {
    status: 200,
    body: { name: 'prepared', nodes: [{ reached: true }, { reached: true }] },
  })
  t.equal(await hashNow(), before)
  t.ok([first, second].every(({ context }) => context.lab.clock.isReal()))
  t.equal((await call('POST', '/lab/snapshots/stepped/restore')).status, 200)
  t.equal((await call('GET', '/lab/clock')).body['now'], stepped['now'], 'the clock goes on where it stood')
  t.match((await call('GET', '/lab/servers/root-1')).body, { skew: 'PT5M' })
  t.match(
    [first, second].map(({ context }) => context.lab.state().servers),
    [{ 'root-1': { skew: 'PT5M' } }, { 'root-1': { skew: 'PT5M' } }],
  )
  t.notOk(await isServed(second), 'a fault counts anew')
  t.ok(await isServed(first))
  await call('PUT', '/lab/snapshots/prepared')
  await call('POST', '/lab/reset')
  await call('POST', '/lab/snapshots/prepared/restore')
  t.match((await call('GET', '/lab/clock')).body, { mode: 'step' }, 'the one that took its place')
  await call('DELETE', '/lab')
  t.equal((await call('DELETE', '/lab/snapshots/stepped')).status, 204)
  for (const [method, path] of [
    ['GET', 'prepard'],
    ['DELETE', 'prepard'],
    ['POST', 'prepard/restore'],
  ] as const)
    t.match(await call(method, `/lab/snapshots/${path}`), {
      status: 404,
      body: { message: 'There is no snapshot "prepard": did you mean "prepared"?' },
    })
  await call('POST', '/lab/reset')
})

t.test('a snapshot travels in a file, which opens with its password alone, and as it was written', async (t) => {
  await call('POST', `/clusters/root/trust/publishing-domains`, {
    password,
    file: JSON.parse(labPartner().publishingDomain) as object,
  })
  const hash = await hashNow()
  await call('PUT', '/lab/snapshots/travels')
  const exported = await call('POST', '/lab/snapshots/travels/export', { password: 'of the file' })
  const file = exported.body as unknown as SnapshotFile
  t.match(file, { format: 'rms-emulator snapshot 1', name: 'travels', schema: schemaVersion, hash })
  for (const secret of [password, 'PRIVATE KEY', 'alice', 'of the file'])
    t.notOk(exported.text.includes(secret), secret)

  const other = (text: string): string => `${text.slice(0, -6)}${text.at(-6) === 'A' ? 'B' : 'A'}${text.slice(-5)}`
  const changedFiles = (['name', 'taken', 'hash', 'salt', 'sealed', 'digest'] as const).map(
    (name): readonly [string, unknown, number, RegExp] => [
      name,
      { ...file, [name]: other(file[name]) },
      400,
      /was changed since it was written/,
    ],
  )
  const forged = { ...file, sealed: other(file.sealed) }
  const refused: readonly (readonly [string, unknown, number, RegExp])[] = [
    ...changedFiles,
    ['schema', { ...file, schema: schemaVersion + 1 }, 409, /schema version \d+, and this one has \d+/],
    ['format', { ...file, format: 'rms-emulator trusted publishing domain 1' }, 400, /no file of a snapshot/],
    ['no sealed part', { ...file, sealed: undefined }, 400, /sealed cannot be/],
    ['a digest made anew', { ...forged, digest: digestOf(forged) }, 400, /password is not that of the file/],
    ['nothing', {}, 400, /no file of a snapshot/],
    ['another member', { ...file, more: 1 }, 400, /more/],
  ]
  const [before, list] = [await hashNow(), (await call('GET', '/lab/snapshots')).text]
  const importing = (body: object, name = 'arrived'): ReturnType<typeof call> =>
    call('POST', `/lab/snapshots/${name}/import`, body)
  for (const [label, changed, status, message] of refused)
    t.match(await importing({ file: changed, password: 'of the file' }), { status, body: { message } }, label)
  t.match(await importing({ file, password: 'of another' }), { status: 400, body: { message: /not that of the file/ } })
  for (const body of [{ file }, { file, password: '' }, { file, password: 'x'.repeat(1025) }])
    t.match(await importing(body), { status: 400, body: { message: /password/ } })
  t.match(await importing({ file, password: 'of the file' }, '-x'), {
    status: 400,
    body: { message: /cannot be called/ },
  })
  t.match(await call('POST', '/lab/snapshots/travels/export', {}), { status: 400, body: { message: /password/ } })
  t.same([await hashNow(), (await call('GET', '/lab/snapshots')).text], [before, list], 'nothing was changed')

  await call('POST', '/lab/reset')
  t.not(await hashNow(), hash)
  t.match(await importing({ file, password: 'of the file' }), { status: 200, body: { name: 'arrived', hash } })
  t.equal((await call('POST', '/lab/snapshots/arrived/restore')).status, 200)
  t.equal(await hashNow(), hash)

  await t.test('the key pair of an account is that of its public key', async (t) => {
    const carol = connect({ url: first.baseUrl, user: 'carol@contoso.test', password })
    await carol.certify()
    await carol.close()
    await call('PUT', '/lab/snapshots/travels')
    const own = await store.snapshots.find('travels')
    if (own === undefined) throw new Error('it was taken')
    const { state, servers } = JSON.parse(own.content) as { readonly state: StateJson; readonly servers: unknown }
    const [pair, ...pairs] = state.tables['account_key'] as readonly { readonly account_id: string }[]
    const account_key = [{ ...pair, public_key: first.context.state().own.signer.publicKey.modulus }, ...pairs]
    const changed = { ...state, tables: { ...state.tables, account_key } }
    await store.snapshots.put({ ...own, content: JSON.stringify({ state: changed, servers }) }, 50)
    const sent = (await call('POST', '/lab/snapshots/travels/export', { password: 'of the file' })).body
    t.match(await importing({ file: sent, password: 'of the file' }, 'strange'), {
      status: 400,
      body: { message: new RegExp(`a key pair of the account ${pair?.account_id} at root that is not that`) },
    })
    t.equal((await call('GET', '/lab/snapshots/strange')).status, 404, 'nothing is kept')
    await store.snapshots.put(own, 50)
  })

  await t.test('at another installation: with its keys, at the addresses of that one', async (t) => {
    const there = await startNode({ mode: 2, keyPassword: 'another password', settings })
    const office = labOffice({
      store: there.store,
      keyPassword: 'another password',
      ca: undefined,
      ...systemEffects,
    })
    t.teardown(() => there.close())
    const { baseUrl } = there.context.state().configuration
    await importSnapshot(office, 'arrived', { file, password: 'of the file' })
    t.match(await restoreSnapshot(office, 'arrived'), { nodes: [{ node: 'root-1', reached: true }] })
    const { own, configuration, trusted } = there.context.state()
    t.equal(own.signer.publicKey.modulus, first.context.state().own.signer.publicKey.modulus)
    t.match(configuration, { baseUrl, cryptographicMode: 1 })
    t.equal(trusted.length, 1)
    t.equal((await there.store.forest.read()).serviceConnectionPoint, `${baseUrl}/certification`)
    const carol = connect({ url: baseUrl, user: 'carol@contoso.test', password })
    await carol.certify()
    await carol.close()
  })
  await call('POST', '/lab/reset')
})

t.test('what is kept is judged before anything is changed', async (t) => {
  const before = await hashNow()
  await call('PUT', '/lab/snapshots/whole')
  const whole = await store.snapshots.find('whole')
  if (whole === undefined) throw new Error('it was taken')
  const { about, content } = whole
  const kept = JSON.parse(content) as { readonly state: StateJson }
  const withState = (state: Partial<StateJson>): string =>
    JSON.stringify({ servers: null, state: { ...kept.state, ...state } })
  const [root] = kept.state.clusters
  const [forest] = kept.state.tables['forest'] ?? []
  const account = kept.state.tables['account']?.[0] as object
  const former = { former_sid: 'S', account_sid: 'T' }
  const tables = (name: string, rows: readonly unknown[]): string =>
    withState({ tables: { ...kept.state.tables, [name]: rows } })
  const damaged: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', content.slice(1), /is no JSON/],
    ['no tables', withState({ tables: {} }), /no object of forest/],
    ['no forest', tables('forest', []), /has 0 forests/],
    ['a column less', tables('forest', [{ dns_name: 'x' }]), /has in the table forest/],
    ['a number for a text', tables('forest', [{ ...(forest as object), dns_name: 1 }]), /dns_name cannot be/],
    ['two of one key', tables('sid_history', [former, former]), /two rows for/],
    ['no root', withState({ clusters: [{ ...root, kind: 'licensing' }] }), /not one root/],
    ['a configuration', withState({ clusters: [{ ...root, configuration: {} }] }), /a cluster root that cannot be/],
    ['a control of the lab', withState({ lab: { clock: { mode: 'ofset' } } }), /offset/],
    ['servers', JSON.stringify({ ...kept, servers: { root: { servers: ['other-1'], port: 1 } } }), /has servers/],
    ['no server', JSON.stringify({ ...kept, servers: {} }), /no server of the root cluster "root"/],
    [
      'servers, none',
      JSON.stringify({ ...kept, servers: { root: { servers: [], port: 1 } } }),
      /no server of the root/,
    ],
    [
      'servers of none',
      JSON.stringify({ ...kept, servers: { root: { servers: ['root-1'], port: 1 }, x: { servers: [], port: 2 } } }),
      /servers of a cluster "x" that is not in it/,
    ],
    ['two of one name', tables('account', [account, { ...account, sid: 'S' }]), /two rows whose name_key is /],
  ]
  for (const [label, text, message] of damaged) {
    await store.snapshots.put({ about, content: text }, 50)
    t.match(await call('POST', '/lab/snapshots/whole/restore'), { status: 409, body: { message } }, label)
  }
  await store.snapshots.put({ about: { ...about, schema: 4 }, content }, 50)
  t.match(await call('POST', '/lab/snapshots/whole/restore'), {
    status: 409,
    body: { message: /taken by a program with schema version 4/ },
  })
  const strange = { ...root, name: 'legal', kind: 'licensing' }
  await store.snapshots.put({ about, content: withState({ clusters: [...kept.state.clusters, strange] }) }, 50)
  t.match(await call('POST', '/lab/snapshots/whole/restore'), {
    status: 409,
    body: { message: /has the clusters root, legal, and here are root/ },
  })
  const renamed = {
    clusters: [{ ...root, name: 'main' }],
    tables: { ...kept.state.tables, account_key: [], template: [] },
  }
  await store.snapshots.put({ about, content: withState(renamed) }, 50)
  t.match(await call('POST', '/lab/snapshots/whole/restore'), {
    status: 409,
    body: { message: /root cluster is called "root" here, and "main" there/ },
  })
  t.equal(await hashNow(), before)

  const others = Array.from({ length: 47 }, (_, at) => `other${at}`)
  for (const name of others) await store.snapshots.put({ about: { ...about, name }, content: '' }, 50)
  const { snapshots } = (await call('GET', '/lab/snapshots')).body as unknown as { readonly snapshots: unknown[] }
  t.equal(snapshots.length, 51, 'and that of the start')
  t.match(await call('PUT', '/lab/snapshots/too-many'), { status: 409, body: { message: /50 snapshots already/ } })
  t.equal((await call('PUT', '/lab/snapshots/whole')).status, 200, 'one may be replaced')
  for (const [method, path] of [
    ['PUT', 'start'],
    ['PUT', 'Start'],
    ['DELETE', 'start'],
  ] as const)
    t.match(
      await call(method, `/lab/snapshots/${path}`),
      { status: 400, body: { message: /state of the start/ } },
      path,
    )
  t.equal((await call('GET', '/lab/snapshots/start')).status, 200)
  for (const name of ['', '..', 'a/b', 'x'.repeat(65), 'ümlaut'])
    t.ok((await call('PUT', `/lab/snapshots/${encodeURIComponent(name)}`)).status >= 400, name)
})

interface StateJson {
  readonly tables: Readonly<Record<string, readonly unknown[]>>
  readonly clusters: readonly object[]
  readonly lab: object
}

/** As whoever forges a file makes it. */
function digestOf({ format, name, schema, taken, hash: state, salt, sealed }: SnapshotFile): string {
  return hash('sha256', JSON.stringify([format, name, schema, taken, state, salt, sealed]), 'hex')
}

/** What a node runs on, without versions, as one word. */
function shownState({ state, lab }: NodeContext): string {
  const { configuration, own, trusted, forests, certificationUrl } = state()
  const shown = {
    configuration: { ...configuration, configurationVersion: 0 },
    templates: own.templates,
    trusted: trusted.map(({ chain }) => chain.map(({ text }) => text)),
    forests,
    certificationUrl,
    lab: { ...lab.state(), version: 0 },
  }
  return hash('sha256', JSON.stringify(shown), 'hex')
}

/** One connection, over which one request after the other goes. */
function openConnection(url: string): {
  readonly get: (path: string) => Promise<{ readonly status: number | undefined }>
  readonly opened: () => number
  readonly close: () => void
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const sockets = new Set<unknown>()
  return {
    get: async (path) => {
      const [response] = (await once(request(new URL(path, url), { agent }).end(), 'response')) as [IncomingMessage]
      sockets.add(response.socket)
      response.resume()
      await once(response, 'end')
      return { status: response.statusCode }
    },
    opened: () => sockets.size,
    close: () => agent.destroy(),
  }
}
