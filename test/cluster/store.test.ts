import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import t from 'tap'
import { defaultConfiguration } from '../../src/cluster/configuration.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { seedDirectory as seed } from '../../src/directory/seed.js'

const configuration = defaultConfiguration({
  serverName: 'lab',
  baseUrl: 'http://127.0.0.1:7000/_wmcs',
  cryptographicMode: 2,
  slc: ['<XrML/>'],
  trustedSpcCAKeys: [],
  trustedRacIssuers: [],
})
const cluster = { name: 'root', kind: 'root', configuration, keySalt: 'c2FsdA==', sealedKeyPair: 'v1:a:b' } as const
const accountKey = (who: string) => ({ publicKey: who, sealedKeyPair: `v1:${who}`, created: '2026-01-01T00:00:00.000Z' })

t.test('what is written is there after closing and opening again', async (t) => {
  const file = join(t.testdir(), 'deep', 'rms.db')
  const store = await openStore(`sqlite:${file}`)
  t.equal(await store.directory.fillIfEmpty(seed), true)
  t.equal(await store.clusters.insertIfAbsent(cluster), true)
  await store.accountKeys.insertIfAbsent('root', 'S-1', accountKey('alice'))
  await store.close()
  t.equal(statSync(file).mode & 0o077, 0, 'readable by its owner alone')

  const again = await openStore(file)
  t.teardown(() => again.close())
  t.equal(await again.directory.fillIfEmpty(seed), false)
  t.same(await again.clusters.find('root'), cluster)
  t.same(await again.accountKeys.find('root', 'S-1'), accountKey('alice'))
  t.equal(await again.accountKeys.count('root'), 1)
})

t.test('a database of another schema version is refused, and stays as it is', async (t) => {
  const file = join(t.testdir(), 'rms.db')
  await (await openStore(file)).close()
  const raw = new Kysely<Tables>({ dialect: await sqliteDialect(file) })
  await raw.updateTable('meta').set({ value: '99' }).where('key', '=', 'schema_version').execute()
  await raw.destroy()
  await t.rejects(openStore(file), { name: 'OtherSchemaVersion', message: /schema version 99/ })
  await t.rejects(openStore(file), { name: 'OtherSchemaVersion' })
})

t.test('a location that is no SQLite file is refused without showing its password', async (t) => {
  for (const location of ['mysql://user:secret@host/db', '', 'sqlite:', 'http://x']) {
    const error = await openStore(location).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.match(error, { message: /cannot be opened/ })
    t.notMatch(error, { message: /secret/ })
  }
})

t.test('two connections see each other at once', async (t) => {
  const file = join(t.testdir(), 'rms.db')
  const [one, two] = [await openStore(file), await openStore(file)]
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

  const keys = await Promise.all(
    Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : two).accountKeys.insertIfAbsent('root', 'S-1', accountKey(`${index}`))),
  )
  t.equal(new Set(keys.map(({ publicKey }) => publicKey)).size, 1, 'all agree on one key')
})

t.test('processes that open a new database at once agree on every key', async (t) => {
  const file = join(t.testdir(), 'rms.db')
  const answers = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<unknown>((resolve, reject) => {
          const child = fork(new URL('store-race.js', import.meta.url), [file])
          child.once('message', resolve)
          child.once('exit', (code) => reject(new Error(`The child ended with ${code} and no answer`)))
        }),
    ),
  )
  t.equal((answers[0] as readonly string[]).length, 50)
  t.same(answers[1], answers[0])
  t.same(answers[2], answers[0])
})

t.test('templates are saved, replaced, archived, listed and removed', async (t) => {
  const { templates, close } = await openStore(':memory:')
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
  const { members, close } = await openStore(':memory:')
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
  const { forest, directory, clusters, templates, close } = await openStore(':memory:')
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
