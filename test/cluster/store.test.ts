import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import t from 'tap'
import type { Test } from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { seedDirectory as seed } from '../../src/directory/seed.js'
import { databases } from './postgres.js'
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
const accountKey = (who: string) => ({ publicKey: who, sealedKeyPair: `v1:${who}`, created: '2026-01-01T00:00:00.000Z' })

for (const database of databases(t)) t.test(database.name, (t) => run(t, database))

async function run(t: Test, database: TestDatabase): Promise<void> {
  t.test('what is written is there after closing and opening again', async (t) => {
    const location = await database.fresh(t)
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

  t.test('a database of another schema version is refused, and stays as it is', async (t) => {
    const location = await database.fresh(t)
    await (await openStore(location)).close()
    const raw = new Kysely<Tables>({ dialect: database.name === 'SQLite' ? await sqliteDialect(location) : await postgresDialect(location) })
    await raw.updateTable('meta').set({ value: '99' }).where('key', '=', 'schema_version').execute()
    await raw.destroy()
    await t.rejects(openStore(location), { name: 'OtherSchemaVersion', message: /schema version 99/ })
    await t.rejects(openStore(location), { name: 'OtherSchemaVersion' })
  })

  t.test('a database of the version before gets the tables that it lacks, and keeps what it has', async (t) => {
    const location = await database.fresh(t)
    const before = await openStore(location)
    await before.clusters.insertIfAbsent(cluster)
    await before.close()
    const raw = new Kysely<Tables>({ dialect: database.name === 'SQLite' ? await sqliteDialect(location) : await postgresDialect(location) })
    await raw.schema.dropTable('authorization_code').execute()
    await raw.updateTable('meta').set({ value: '1' }).where('key', '=', 'schema_version').execute()
    await raw.destroy()
    for (const turn of ['extended', 'opened again']) {
      const store = await openStore(location)
      t.same(await store.clusters.find('root'), cluster, turn)
      t.equal(await store.authorizationCodes.take('nothing'), undefined)
      await store.close()
    }
  })

  t.test('a code is there for every node until one of them takes it, or it has ended', async (t) => {
    const location = await database.fresh(t)
    const [one, two] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([one.close(), two.close()]))
    const code = { content: '{"account":"S-1"}', expires: '2026-01-01T00:10:00.000Z' }
    await one.authorizationCodes.add('a', code, '2026-01-01T00:00:00.000Z')
    const taken = await Promise.all([two, one, two, one].map(({ authorizationCodes }) => authorizationCodes.take('a')))
    t.same(taken.filter((found) => found !== undefined), [code])
    await one.authorizationCodes.add('b', code, '2026-01-01T00:00:00.000Z')
    await two.authorizationCodes.add('c', { ...code, expires: '2027-01-01T00:00:00.000Z' }, '2026-06-01T00:00:00.000Z')
    t.equal(await one.authorizationCodes.take('b'), undefined, 'what has ended is forgotten')
    t.equal((await one.authorizationCodes.take('c'))?.content, code.content)
    const keys = await Promise.all([one, two].map(({ tokenKeys }, index) => tokenKeys.insertIfAbsent({ publicKey: '{"kty":"RSA"}', sealedPrivateKey: `v1:${index}` })))
    t.same(keys[0], keys[1], 'two nodes that make the key at once agree')
  })

  t.test('two nodes see each other at once, and agree who was first', async (t) => {
    const location = await database.fresh(t)
    const [one, two] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([one.close(), two.close()]))
    t.equal(await two.clusters.find('root'), undefined)
    await one.clusters.insertIfAbsent(cluster)
    t.equal((await two.clusters.find('root'))?.name, 'root')
    t.equal(await two.clusters.insertIfAbsent(cluster), false)

    const saved = await Promise.all([one, two].map(({ clusters }, index) => clusters.saveConfiguration('root', { ...configuration, serverName: `${index}` })))
    t.equal(saved.filter((result) => result !== undefined).length, 1, 'compare and set lets one of two through')
    t.equal(await one.clusters.configurationVersion('root'), 1)
    t.same((await two.clusters.find('root'))?.configuration, saved.find((result) => result !== undefined))
    t.equal(await one.clusters.saveConfiguration('nowhere', configuration), undefined)
    await t.rejects(one.clusters.saveConfiguration('root', { ...configuration, baseUrl: '' }), { name: 'InvalidConfiguration' })

    const filled = await Promise.all([one, two].map(({ directory }) => directory.fillIfEmpty(seed)))
    t.equal(filled.filter(Boolean).length, 1, 'one fills the directory')
    const registered = await Promise.all([one, two].map(({ forest }, index) => forest.registerServiceConnectionPoint(`http://${index}`)))
    t.equal(new Set(registered).size, 1, 'one service connection point')

    const keys = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : two).accountKeys.insertIfAbsent('root', 'S-1', accountKey(`${index}`))),
    )
    t.equal(new Set(keys.map(({ publicKey }) => publicKey)).size, 1, 'all agree on one key')
  })

  t.test('six processes that open a new database at once agree on every key, and count every change', async (t) => {
    const location = await database.fresh(t)
    const answers = await Promise.all(Array.from({ length: processes }, () => race(location)))
    const keys = answers[0]?.keys ?? []
    t.equal(keys.length, 50)
    for (const answer of answers) t.same(answer.keys, keys)
    t.equal(answers.filter(({ filled }) => filled).length, 1, 'one filled the directory')
    const store = await openStore(location)
    t.teardown(store.close)
    t.equal(await store.directory.countAccounts(), seed.accounts.length)
    t.equal((await store.clusters.find('root'))?.configuration.configurationVersion, processes * changesEach, 'no change is lost')
  })

  t.test('templates are saved, replaced, archived, listed and removed', async (t) => {
    const { templates, close } = await openStore(await database.fresh(t))
    t.teardown(close)
    const template = { guid: '{0A}', state: 'published', signedXrml: '<XrML>1</XrML>', changed: '2026-01-01T00:00:00.000Z' } as const
    await templates.save('root', template)
    await templates.save('branch', template)
    await templates.save('root', { ...template, guid: '{0a}', state: 'archived', signedXrml: '<XrML>2</XrML>' })
    t.same(await templates.list('root', 'published'), [])
    t.same(await templates.list('root'), [{ ...template, guid: '{0a}', state: 'archived', signedXrml: '<XrML>2</XrML>' }])
    t.equal((await templates.find('branch', '{0A}'))?.state, 'published')
    t.equal(await templates.remove('root', '{0A}'), true)
    t.equal(await templates.remove('root', '{0A}'), false)
  })

  t.test('members join, are seen, fall silent and leave', async (t) => {
    const { members, close } = await openStore(await database.fresh(t))
    t.teardown(close)
    const member = (nodeId: string, lastSeen: string) => ({ nodeId, cluster: 'root', url: 'http://x', pid: 1, started: '1', lastSeen })
    await members.join(member('a', '1'))
    await members.join(member('b', '1'))
    await members.join(member('c', '1'))
    t.equal(await members.seen('a', '3'), true)
    t.equal(await members.seen('z', '3'), false)
    await members.leave('c')
    await members.removeSilent('2')
    t.same(await members.list('root'), [member('a', '3')])
    t.same(await members.list('branch'), [])
  })

  t.test('a forest has one root cluster', async (t) => {
    const { forest, directory, clusters, templates, close } = await openStore(await database.fresh(t))
    t.teardown(close)
    await t.rejects(forest.read(), /no forest/)
    await directory.fillIfEmpty(seed)
    t.equal(await forest.registerServiceConnectionPoint('http://one'), 'http://one')
    t.equal(await forest.registerServiceConnectionPoint('http://two'), 'http://one')
    await forest.unregisterServiceConnectionPoint()
    t.same(await directory.forest(), seed.forest)

    await clusters.insertIfAbsent(cluster)
    await templates.save('root', { guid: '{1}', state: 'published', signedXrml: 'x', changed: '1' })
    await clusters.remove('root')
    t.same(await clusters.list(), [])
    t.same(await templates.list('root'), [])
  })
}

t.test('an SQLite file is made with its folder, readable by its owner alone, and named with or without sqlite:', async (t) => {
  const file = join(t.testdir(), 'deep', 'rms.db')
  const store = await openStore(`sqlite:${file}`)
  t.teardown(store.close)
  t.equal(await store.clusters.insertIfAbsent(cluster), true)
  const other = await openStore(file)
  t.teardown(other.close)
  t.equal((await other.clusters.list()).length, 1)
  t.equal(statSync(file).mode & 0o077, 0)
})

t.test('a location that names no database is refused without showing its password', async (t) => {
  for (const location of ['mysql://user:secret@host/db', '', 'sqlite:', 'http://x', 'postgres://user:secret@host:port/db']) {
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
    await directory.addMemberships(Array.from({ length: size }, (_, index) => ({ groupSid: `g${index}`, memberSid: 'm' })))
  }
  t.equal((await directory.membersOf('g599')).length, 1)
  t.equal((await directory.listAccounts()).length, seed.accounts.length)
})

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
