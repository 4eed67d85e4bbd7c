import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import t from 'tap'
import type { Test } from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { seedDirectory as seed } from '../../src/directory/seed.js'
import { plainFilter, type DocumentFilter } from '../../src/lab/documents/document-filter.js'
import type { KeptDocument } from '../../src/lab/documents/kept-document.js'
import { noLab } from '../../src/lab/state.js'
import { databases } from './postgres.js'
import { objectionOf, objectionTo } from '../../src/cluster/store/sqlite-errors.js'
import type { TestDatabase } from './postgres.js'

const configuration = defaultConfiguration({
  serverName: 'lab',
  baseUrl: 'http://127.0.0.1:7000/_wmcs',
  cryptographicMode: 2,
  slc: ['<XrML/>'],
  trustedSpcCAKeys: [],
  trustedRacIssuers: [],
})
const cluster = { name: 'root', kind: 'root', configuration, keySalt: 'c2FsdA==', sealedKeyPair: 'v1:a:b' } as const
const processes = 6
const changesEach = 5
const accountKey = (who: string) => ({
  publicKey: who,
  sealedKeyPair: `v1:${who}`,
  created: '2026-01-01T00:00:00.000Z',
})

for (const database of databases(t)) t.test(database.name, (t) => run(t, database))

t.test('a database in memory has the tables of a file', async (t) => {
  const file = join(t.testdir(), 'rms.sqlite')
  await (await openStore(file)).close()
  const tablesOf = async (location: string): Promise<unknown> => {
    const raw = new Kysely<Tables>({ dialect: await sqliteDialect(location) })
    try {
      const { rows } = await sql`select name, sql from sqlite_schema order by name`.execute(raw)
      return [rows, await raw.selectFrom('meta').selectAll().execute()]
    } finally {
      await raw.destroy()
    }
  }
  t.same(await tablesOf(':memory:'), await tablesOf(file))
  await t.rejects(openStore(':memory:', { create: false }), { name: 'EmptyDatabase' })
})

async function run(t: Test, database: TestDatabase): Promise<void> {
  t.test('what is written is there after closing and opening again', async (t) => {
    const location = await database.fresh()
    const store = await openStore(location)
    t.equal(await store.directory.fillIfEmpty(seed), true)
    t.equal(await store.clusters.insertIfAbsent(cluster), true)
    await store.accountKeys.insertIfAbsent('root', 'S-1', accountKey('alice'))
    await store.close()

    const again = await openStore(location)
    t.teardown(() => again.close())
    t.equal(await again.directory.fillIfEmpty(seed), false)
    t.same(await again.clusters.find('root'), cluster)
    t.same(await again.accountKeys.find('root', 'S-1'), accountKey('alice'))
    t.equal(await again.accountKeys.count('root'), 1)
  })

  t.test('nodes that count the requests of a fault together never count two as the same one', async (t) => {
    const location = await database.fresh()
    const stores = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all(stores.map((store) => store.close())))
    const fault = { name: 'third_of-bob.1', since: 4 }
    const taken = await Promise.all(
      stores.flatMap(({ faultCounts }) => Array.from({ length: 10 }, () => faultCounts.take(fault))),
    )
    t.same(
      taken.toSorted((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    const [{ faultCounts } = await openStore(location)] = stores
    t.equal(await faultCounts.take({ ...fault, since: 5 }), 1, 'put anew, it counts from nothing')
    t.equal(await faultCounts.matched(fault), 20)
    t.equal(await faultCounts.matched({ ...fault, name: 'other' }), 0)
    await faultCounts.forget([fault])
    t.equal(await faultCounts.matched(fault), 0)
    t.equal(await faultCounts.matched({ ...fault, since: 5 }), 1)
  })

  t.test('documents are kept once, however many nodes write them at once, and found by what they say', async (t) => {
    const location = await database.fresh()
    const stores = [await openStore(location), await openStore(location)] as const
    t.teardown(() => Promise.all(stores.map((store) => store.close())))
    const [{ keptDocuments: one }, { keptDocuments: other }] = stores
    const hashOf = (number: number): string => number.toString(16).padStart(64, '0')
    const document = (number: number, more: Partial<KeptDocument> = {}): KeptDocument => ({
      kind: 'UL',
      hash: hashOf(number),
      characters: 4,
      first: `2026-01-01T00:00:00.00${number % 10}Z`,
      last: `2026-01-01T00:00:00.00${number % 10}Z`,
      ended: 1_800_000_000_000.5 + number,
      seen: 1,
      firstExchange: `root-1.${number}`,
      lastExchange: `root-1.${number}`,
      text: `t\u00e4xt`,
      ...more,
    })
    t.same([await one.any(), await one.count({}), await one.text(hashOf(1))], [false, 0, undefined])
    const many = Array.from({ length: 120 }, (_, number) => document(number))
    await Promise.all(
      [...Array(4).keys()].map((turn) => (turn % 2 ? one : other).keep(turn < 2 ? many : many.toReversed())),
    )
    t.same([await one.any(), await other.count({})], [true, 120])
    const page = await one.list({}, { limit: 3, offset: 1 })
    t.match(page, [{ hash: hashOf(118), seen: 4 }, { hash: hashOf(117) }, { hash: hashOf(116) }])
    await other.keep([document(5, { ended: 1, last: 'before', lastExchange: 'root-2.9', first: 'before', seen: 2 })])
    t.match(await one.find(hashOf(5)), { ...document(5, { seen: 6 }), text: undefined }, 'what comes late is counted')
    await other.keep([document(5, { ended: 2e12, last: 'later', lastExchange: 'root-2.10' })])
    const later = { ended: 2e12, last: 'later', lastExchange: 'root-2.10', firstExchange: 'root-1.5', seen: 7 }
    t.match(await one.find(hashOf(5)), later)
    t.equal(await one.text(hashOf(5)), 't\u00e4xt')
    t.same(await one.known([hashOf(5), hashOf(500)]), new Set([hashOf(5)]))

    const bob = 'Bob@contoso.test'
    await one.keep([
      document(1000, { kind: 'RAC', account: bob, id: '{AB-CD}', issuer: 'k1', issuing: 'k2' }),
      document(1001, { kind: 'PL', account: 'bobby@contoso.test', content: '{EF}', issuer: 'k2' }),
      document(1002, { kind: 'PL', account: bob, content: 'ef', issuer: 'k2', text: 'with \0 in it' }),
      document(1003, { id: 'x'.repeat(100_000), account: '\u00fc'.repeat(100_000) }),
    ])
    const found = async (filter: DocumentFilter): Promise<readonly string[]> =>
      (await other.list(plainFilter(filter), { limit: 10, offset: 0 })).map(({ hash }) => hash)
    const ofBob = [hashOf(1002), hashOf(1000)]
    t.same(await found({ account: 'bob' }), ofBob)
    t.same(await found({ account: 'smtp:BOB@CONTOSO.TEST' }), ofBob)
    t.same(await found({ account: 'bo%' }), [])
    t.same(await found({ guid: '{Ef}' }), [hashOf(1002), hashOf(1001)])
    t.same(await found({ guid: 'ab-cd', kind: 'rac' }), [hashOf(1000)])
    t.same(await found({ hash: hashOf(1001).slice(0, 63) }), [1003, 1002, 1001, 1000].map(hashOf))
    t.same(await found({ hash: `${hashOf(1001)}0` }), [])
    t.equal(await one.count(plainFilter({ kind: 'pl', account: 'bob' })), 1)
    t.match(await one.find(hashOf(1000)), { account: bob, id: '{AB-CD}', issuer: 'k1', issuing: 'k2' })
    t.match(await one.issuing('k2', 10), [{ hash: hashOf(1000) }])
    t.match(await one.issuedWith('k2', 1), [{ hash: hashOf(1002) }])
    await one.keep(Array.from({ length: 1000 }, (_, number) => document(2000 + number)))
    t.equal(await one.clear(), 1124, 'some at a time')
    t.same([await other.any(), await other.clear()], [false, 0])
  })

  t.test('the state of the lab is changed by one at a time, and its steps have one order', async (t) => {
    const location = await database.fresh()
    const stores = [await openStore(location), await openStore(location)] as const
    t.teardown(() => Promise.all(stores.map((store) => store.close())))
    const [{ lab: one }, { lab: other }] = stores
    t.same([await one.read(), await one.version()], [noLab, 0])
    const frozen = { ...noLab, clock: { mode: 'frozen', at: '2030-01-01T00:00:00Z' } } as const
    t.same(await one.save(frozen), { ...frozen, version: 1 })
    t.equal(await other.save(noLab), undefined, 'somebody else was first')
    t.same(await other.read(), { ...frozen, version: 1 })
    t.same(await other.save({ ...noLab, version: 1 }), { ...noLab, version: 2 })
    t.equal(await one.save({ ...frozen, version: 1 }), undefined)
    t.equal(await one.version(), 2)
    const tooLarge = { ...noLab, version: 2, faults: { large: { text: 'x'.repeat(300_000) } } }
    await t.rejects(one.save(tooLarge), { name: 'LabInputError', message: /at most 262144/ })
    t.equal(await one.version(), 2)
    t.equal(await one.steps(), 0)
    const taken = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? one : other).takeStep()))
    t.same(new Set(taken), new Set(Array.from({ length: 20 }, (_, at) => at + 1)))
    t.equal(await other.steps(), 20)
  })

  t.test('a database of another schema version is refused, and stays as it is', async (t) => {
    const location = await database.fresh()
    await (await openStore(location)).close()
    const raw = new Kysely<Tables>({
      dialect: database.name === 'SQLite' ? await sqliteDialect(location) : await postgresDialect(location),
    })
    await raw.updateTable('meta').set({ value: '99' }).where('key', '=', 'schema_version').execute()
    await raw.destroy()
    await t.rejects(openStore(location), { name: 'OtherSchemaVersion', message: /schema version 99/ })
    await t.rejects(openStore(location), { name: 'OtherSchemaVersion' })
  })

  t.test('who joins makes nothing in an empty database', async (t) => {
    const location = await database.fresh()
    await t.rejects(openStore(location, { create: false }), {
      name: database.name === 'SQLite' ? 'DatabaseRefused' : 'EmptyDatabase',
    })
    const raw = new Kysely<Tables>({
      dialect: database.name === 'SQLite' ? await sqliteDialect(location) : await postgresDialect(location),
    })
    t.teardown(() => raw.destroy())
    await t.rejects(openStore(location, { create: false }), {
      name: 'EmptyDatabase',
      message: /provision a cluster in it first/,
    })
    t.same(await raw.introspection.getTables(), [])
    await (await openStore(location)).close()
    await (await openStore(location, { create: false })).close()
  })

  t.test('a code is there for every node until one of them takes it, or it has ended', async (t) => {
    const location = await database.fresh()
    const [one, two] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([one.close(), two.close()]))
    const code = { content: '{"account":"S-1"}', expires: '2026-01-01T00:10:00.000Z' }
    await one.authorizationCodes.add('a', code, '2026-01-01T00:00:00.000Z')
    const taken = await Promise.all([two, one, two, one].map(({ authorizationCodes }) => authorizationCodes.take('a')))
    t.same(
      taken.filter((found) => found !== undefined),
      [code],
    )
    await one.authorizationCodes.add('b', code, '2026-01-01T00:00:00.000Z')
    await two.authorizationCodes.add('c', { ...code, expires: '2027-01-01T00:00:00.000Z' }, '2026-06-01T00:00:00.000Z')
    t.equal(await one.authorizationCodes.take('b'), undefined, 'what has ended is forgotten')
    t.equal((await one.authorizationCodes.take('c'))?.content, code.content)
    const keys = await Promise.all(
      [one, two].map(({ tokenKeys }, index) =>
        tokenKeys.insertIfAbsent({ publicKey: '{"kty":"RSA"}', sealedPrivateKey: `v1:${index}` }),
      ),
    )
    t.same(keys[0], keys[1], 'two nodes that make the key at once agree')
  })

  t.test('two nodes see each other at once, and agree who was first', async (t) => {
    const location = await database.fresh()
    const [one, two] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([one.close(), two.close()]))
    t.equal(await two.clusters.find('root'), undefined)
    await one.clusters.insertIfAbsent(cluster)
    t.equal((await two.clusters.find('root'))?.name, 'root')
    t.equal(await two.clusters.insertIfAbsent(cluster), false)

    const saved = await Promise.all(
      [one, two].map(({ clusters }, index) =>
        clusters.saveConfiguration('root', { ...configuration, serverName: `${index}` }),
      ),
    )
    t.equal(saved.filter((result) => result !== undefined).length, 1, 'compare and set lets one of two through')
    t.equal(await one.clusters.configurationVersion('root'), 1)
    t.same(
      (await two.clusters.find('root'))?.configuration,
      saved.find((result) => result !== undefined),
    )
    t.equal(await one.clusters.saveConfiguration('nowhere', configuration), undefined)
    await t.rejects(one.clusters.saveConfiguration('root', { ...configuration, baseUrl: '' }), {
      name: 'InvalidConfiguration',
    })

    const filled = await Promise.all([one, two].map(({ directory }) => directory.fillIfEmpty(seed)))
    t.equal(filled.filter(Boolean).length, 1, 'one fills the directory')

    const keys = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? one : two).accountKeys.insertIfAbsent('root', 'S-1', accountKey(`${index}`)),
      ),
    )
    t.equal(new Set(keys.map(({ publicKey }) => publicKey)).size, 1, 'all agree on one key')
  })

  t.test('six processes that open a new database at once agree on every key, and count every change', async (t) => {
    const location = await database.fresh()
    const answers = await Promise.all(Array.from({ length: processes }, () => race(location)))
    const keys = answers[0]?.keys ?? []
    t.equal(keys.length, 50)
    for (const answer of answers) t.same(answer.keys, keys)
    t.equal(answers.filter(({ filled }) => filled).length, 1, 'one filled the directory')
    const store = await openStore(location)
    t.teardown(store.close)
    t.equal(await store.directory.countAccounts(), seed.accounts.length)
    t.equal(
      (await store.clusters.find('root'))?.configuration.configurationVersion,
      processes * changesEach,
      'no change is lost',
    )
  })

  t.test('templates are saved, replaced, archived, listed and removed', async (t) => {
    const { templates, clusters, close } = await openStore(await database.fresh())
    t.teardown(close)
    await clusters.insertIfAbsent(cluster)
    await clusters.insertIfAbsent({ ...cluster, name: 'branch', kind: 'licensing' })
    const version = () => clusters.configurationVersion('root')
    const template = {
      guid: '{0A}',
      state: 'published',
      signedXrml: '<XrML>1</XrML>',
      changed: '2026-01-01T00:00:00.000Z',
    } as const
    t.equal(await templates.save('root', template), true)
    t.equal(await version(), 1, 'the nodes are told')
    await templates.save('branch', template)
    await templates.save('root', { ...template, guid: '{0a}', state: 'archived', signedXrml: '<XrML>2</XrML>' })
    t.equal(await version(), 2)
    t.equal((await clusters.find('root'))?.configuration.configurationVersion, 2)
    t.equal(await templates.save('nowhere', template), false, 'none without a cluster')
    t.same(await templates.list('nowhere'), [])
    t.same(await templates.list('root', 'published'), [])
    t.same(await templates.list('root'), [
      { ...template, guid: '{0a}', state: 'archived', signedXrml: '<XrML>2</XrML>' },
    ])
    t.equal((await templates.find('branch', '{0A}'))?.state, 'published')
    t.equal(await templates.remove('root', '{0A}'), true)
    t.equal(await version(), 3)
    t.equal(await templates.remove('root', '{0A}'), false)
    t.equal(await version(), 3)
  })

  t.test(
    'templates and configurations that are changed by many at once are all there, and each raised the version',
    async (t) => {
      const location = await database.fresh()
      const [one, two] = [await openStore(location), await openStore(location)]
      t.teardown(() => Promise.all([one.close(), two.close()]))
      await one.clusters.insertIfAbsent(cluster)
      const saves = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).templates.save('root', {
          guid: `{${index}}`,
          state: 'published',
          signedXrml: '<XrML/>',
          changed: '1',
        }),
      )
      const configurations = Array.from({ length: 5 }, async (_, index) => {
        for (;;) {
          const stored = await one.clusters.find('root')
          if (
            stored !== undefined &&
            (await one.clusters.saveConfiguration('root', {
              ...stored.configuration,
              admittedGroups: { ...stored.configuration.admittedGroups, [`/${index}`]: [] },
            }))
          )
            return
        }
      })
      await Promise.all([...saves, ...configurations])
      t.equal((await two.templates.list('root')).length, 20)
      const stored = (await two.clusters.find('root'))?.configuration
      t.equal(stored?.configurationVersion, 25)
      for (let index = 0; index < 5; index++) t.same(stored?.admittedGroups[`/${index}`], [])
    },
  )

  t.test('members join, are seen, fall silent and leave', async (t) => {
    const { members, close } = await openStore(await database.fresh())
    t.teardown(close)
    const member = (nodeId: string, lastSeen: string) => ({
      nodeId,
      cluster: 'root',
      url: 'http://x',
      pid: 1,
      started: '1',
      lastSeen,
    })
    await members.join(member('a', '1'))
    await members.join(member('b', '1'))
    await members.join(member('c', '1'))
    t.equal(await members.seen('a', '3'), true)
    t.equal(await members.seen('z', '3'), false)
    await members.leave('c')
    await members.removeSilent('2')
    t.same(await members.list('root'), [member('a', '3')])
    t.same(await members.list('branch'), [])
    await members.removeSilent('9', 'branch')
    t.equal((await members.list()).length, 1, 'silence is judged by cluster, when told')
  })

  t.test('a forest has one root cluster', async (t) => {
    const location = await database.fresh()
    const [one, two] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([one.close(), two.close()]))
    const { forest, directory, clusters, templates } = one
    await t.rejects(forest.read(), /no forest/)
    await directory.fillIfEmpty(seed)
    await forest.moveServiceConnectionPoint('http://gone')
    const parts = (url: string) => ({
      serviceConnectionPoint: url,
      templates: [{ guid: '{1}', state: 'published', signedXrml: url, changed: '1' } as const],
    })
    t.equal(await clusters.insertIfAbsent(cluster, parts('http://one')), false, 'another root is registered')
    t.same([await clusters.list(), await templates.list('root')], [[], []])
    const root = { ...cluster, name: 'spelt' }
    const url = 'http://rms:7000/_wmcs/certification'
    for (const spelling of [url.toUpperCase(), 'HTTP://rms:7000/_wmcs/Certification', `${url}/`]) {
      await forest.moveServiceConnectionPoint(spelling)
      t.equal(await clusters.insertIfAbsent(root, parts(url)), true, `${spelling} is this root's`)
      t.equal((await forest.read()).serviceConnectionPoint, url)
      await clusters.remove('spelt')
    }
    await forest.unregisterServiceConnectionPoint()
    t.same(await directory.forest(), seed.forest)

    const made = await Promise.all(
      [one, two].map(({ clusters }, index) =>
        clusters.insertIfAbsent({ ...cluster, name: `root-${index}` }, parts(`http://${index}`)),
      ),
    )
    t.equal(made.filter(Boolean).length, 1, 'one of two is made')
    const [first, second] = await clusters.list()
    t.equal(second, undefined)
    const own = `http://${first?.name.slice(-1)}`
    t.equal((await forest.read()).serviceConnectionPoint, own, 'with its service connection point')
    t.match(await templates.list(first?.name ?? ''), [{ signedXrml: own }], 'and its templates')
    for (const name of ['root-0', 'root-1'])
      if (name !== first?.name) t.same(await templates.list(name), [], 'nothing of the other one')
    await clusters.remove(first?.name ?? '')
    t.same([await clusters.list(), await templates.list(first?.name ?? '')], [[], []])
  })

  t.test('the service connection point goes with its root, and licensing-only clusters are told', async (t) => {
    const { forest, directory, clusters, close } = await openStore(await database.fresh())
    t.teardown(close)
    await directory.fillIfEmpty(seed)
    const scp = async () => (await forest.read()).serviceConnectionPoint
    const versions = () => Promise.all(['root', 'branch'].map((name) => clusters.configurationVersion(name)))
    await clusters.insertIfAbsent(cluster, { serviceConnectionPoint: `${configuration.baseUrl}/certification` })
    await clusters.insertIfAbsent({ ...cluster, name: 'branch', kind: 'licensing' })
    const moved = await clusters.saveConfiguration('root', { ...configuration, baseUrl: 'http://b/_wmcs' })
    t.same([await scp(), await versions()], ['http://b/_wmcs/certification', [1, 1]])
    await clusters.saveConfiguration('branch', { ...configuration, configurationVersion: 1, baseUrl: 'http://c/_wmcs' })
    t.same([await scp(), await versions()], ['http://b/_wmcs/certification', [1, 2]], 'with its root alone')
    await forest.moveServiceConnectionPoint('http://elsewhere')
    if (moved !== undefined) await clusters.saveConfiguration('root', { ...moved, baseUrl: 'http://d/_wmcs' })
    t.same([await scp(), await versions()], ['http://elsewhere', [2, 3]], 'one that names another stays')
    await forest.unregisterServiceConnectionPoint()
    t.same([await scp(), await versions()], [undefined, [2, 4]])
    await forest.moveServiceConnectionPoint('HTTP://D:80/_WMCS/Certification/')
    const before = (await clusters.find('root'))?.configuration ?? configuration
    await clusters.saveConfiguration('root', { ...before, baseUrl: 'http://e/_wmcs' })
    t.equal(await scp(), 'http://e/_wmcs/certification', 'however it is spelt')
  })
}

t.test(
  'an SQLite file is made with its folder, readable by its owner alone, and named with or without sqlite:',
  async (t) => {
    const file = join(t.testdir(), 'deep', 'rms.db')
    const store = await openStore(`sqlite:${file}`)
    t.teardown(store.close)
    t.equal(await store.clusters.insertIfAbsent(cluster), true)
    const other = await openStore(file)
    t.teardown(other.close)
    t.equal((await other.clusters.list()).length, 1)
    t.equal(statSync(file).mode & 0o077, 0)
  },
)

t.test('a cluster is in the file itself, not in its log alone: a copy of the file has it', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'rms.db')
  const store = await openStore(file)
  t.teardown(store.close)
  const copy = async (name: string) => {
    copyFileSync(file, join(folder, name))
    const copied = await openStore(join(folder, name), { create: false })
    t.teardown(copied.close)
    return copied.clusters.find('root')
  }
  await store.clusters.insertIfAbsent(cluster)
  t.equal((await copy('first.db'))?.sealedKeyPair, cluster.sealedKeyPair)
  await store.clusters.saveConfiguration('root', { ...configuration, baseUrl: 'http://b/_wmcs' })
  t.equal((await copy('second.db'))?.configuration.baseUrl, 'http://b/_wmcs')
})

t.test('a file whose log was left behind is refused, and stays as it is; a new one is not', async (t) => {
  const folder = t.testdir({ 'empty.db': '' })
  const file = join(folder, 'rms.db')
  const store = await openStore(join(folder, 'empty.db'))
  copyFileSync(join(folder, 'empty.db'), file)
  await store.close()
  t.equal(statSync(file).size, 4096, 'its tables are in the log still')
  const before = readFileSync(file)
  for (const create of [true, false])
    await t.rejects(openStore(file, { create }), {
      name: 'DatabaseRefused',
      message: /rms\.db is an incomplete copy: what it held is in rms\.db-wal/,
    })
  t.same(readFileSync(file), before)
  t.notOk(existsSync(`${file}-wal`))
  await (await openStore(join(folder, 'empty.db'), { create: false })).close()
})

t.test('what cannot be opened is named', async (t) => {
  const folder = t.testdir({ 'text.db': 'no database at all'.repeat(100), 'folder.db': {} })
  const refused = (name: string, message: RegExp) =>
    t.rejects(openStore(join(folder, name)), { name: 'DatabaseRefused', message })
  await refused('text.db', /The file .*text\.db is no SQLite database/)
  const whole = join(folder, 'whole.db')
  const store = await openStore(whole)
  await store.clusters.insertIfAbsent(cluster)
  await store.close()
  writeFileSync(join(folder, 'cut.db'), readFileSync(whole).subarray(0, 8192))
  await refused('cut.db', /The database file .*cut\.db is damaged, or cut off: put a whole copy in its place/)
  await refused('folder.db', /The database file .*folder\.db cannot be opened: this user must be able to write/)
})

t.test('a full disk, a quota and a read-only disk are not told as missing rights', async (t) => {
  const path = join(t.testdir(), 'rms.db')
  const of = (code: string) => objectionTo(path, Object.assign(new Error('said by SQLite'), { code }))
  t.match(of('SQLITE_FULL'), /^there is no space left on its disk: make room/)
  t.match(of('UNKNOWN_SQLITE_ERROR_13'), /^there is no space left/)
  t.match(of('SQLITE_IOERR_WRITE'), /the quota of this user is used up \(said by SQLite\)/)
  t.match(of('SQLITE_CANTOPEN'), /^this user must be able to write to .*rms\.db, and to its folder/)
  t.match(objectionOf('ENOSPC', path), /no space left/)
  t.match(objectionOf('EDQUOT', path), /quota of this user is used up/)
  t.match(objectionOf('EROFS', path), /its disk is read-only/)
  t.match(objectionOf('EACCES', path), /this user must be able to write/)
})

t.test('a file that this process closed, or opens twice, is the one that other processes write to', async (t) => {
  const file = join(t.testdir(), 'rms.db')
  const joined = async (): Promise<readonly string[]> => {
    const store = await openStore(file, { create: false })
    const names = (await store.members.list()).map(({ nodeId }) => nodeId)
    await store.close()
    return names
  }
  await (await openStore(file)).close()
  const [one, two] = [await openStore(file), await openStore(file)]
  t.same(await two.members.list(), [])
  const leave = await otherProcess(file, 'away')
  await leave()
  t.same(
    (await two.members.list()).map(({ nodeId }) => nodeId),
    ['away'],
    'its -wal is still there',
  )
  await Promise.all([one.close(), two.close()])
  for (const nodeId of ['b', 'c']) {
    const leave = await otherProcess(file, nodeId)
    t.ok((await joined()).includes(nodeId), nodeId)
    await leave()
    t.ok((await joined()).includes(nodeId), nodeId)
  }
})

t.test('a location that names no database is refused without showing its password', async (t) => {
  for (const location of [
    'mysql://user:secret@host/db',
    '',
    'sqlite:',
    'http://x',
    'postgres://user:secret@host:port/db',
  ]) {
    const error = await openStore(location).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.match(error, { message: /cannot be opened/ })
    t.notMatch(error, { message: /secret/ })
  }
})

t.test('more different statements than are remembered still work', async (t) => {
  const { directory, close } = await openStore(':memory:')
  t.teardown(close)
  await directory.fillIfEmpty(seed)
  for (let size = 1; size <= 600; size++) {
    await directory.addMemberships(
      Array.from({ length: size }, (_, index) => ({ groupSid: `g${index}`, memberSid: 'm' })),
    )
  }
  t.equal((await directory.membersOf('g599')).length, 1)
  t.equal((await directory.listAccounts()).length, seed.accounts.length)
})

/** A process that has joined, with the file open. @returns lets it end, and waits for that */
async function otherProcess(file: string, nodeId: string): Promise<() => Promise<void>> {
  const child = fork(new URL('store-joiner.js', import.meta.url), [file, nodeId])
  await once(child, 'message')
  return async () => {
    child.disconnect()
    await once(child, 'exit')
  }
}

interface RaceAnswer {
  readonly keys: readonly string[]
  readonly filled: boolean
}

function race(location: string): Promise<RaceAnswer> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('store-race.js', import.meta.url), [location, JSON.stringify(cluster)])
    child.once('message', (answer) => resolve(answer as unknown as RaceAnswer))
    child.once('exit', (code) => reject(new Error(`The child ended with ${code} and no answer`)))
  })
}
