import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import Libsql from 'libsql'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { openStore } from '../../src/cluster/store/open.js'
import type { Store } from '../../src/cluster/store/open.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { seedDirectory as seed } from '../../src/directory/seed.js'
import { testClock, type TestClock } from '../fixtures/test-clock.js'
import { until } from '../fixtures/until.js'
import { startPostgres } from './postgres.js'

const member = { nodeId: 'root-1', cluster: 'root', url: 'http://x', pid: 1, started: '1', lastSeen: '1' }
const suffixes = ['', '-wal', '-shm']
const move = (from: string, to: string, only = suffixes): void => {
  for (const suffix of only) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix)
}

/** Every kind of question and change. */
const doings: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a configuration': ({ clusters }) => clusters.find('root'),
  'a version': ({ clusters }) => clusters.configurationVersion('root'),
  'an account': ({ directory }) => directory.accountByName('alice'),
  'an account key': ({ accountKeys }) => accountKeys.find('root', 'S-1'),
  'a new account key': ({ accountKeys }) =>
    accountKeys.insertIfAbsent('root', 'S-1', { publicKey: 'x', sealedKeyPair: 'y', created: '1' }),
  'a sign of life': ({ members }) => members.seen('root-1', '2'),
  'a transaction': ({ directory }) =>
    directory.addGroups([{ sid: 'S-1-5-21-1', name: 'CONTOSO\\g', proxyAddresses: [] }]),
  'no log records': ({ requestLog }) => requestLog.insert([]),
}

async function everythingIsAway(t: Test, store: Store, message: RegExp): Promise<void> {
  for (const [what, ask] of Object.entries(doings)) await t.rejects(ask(store), { name: 'DatabaseAway', message }, what)
}

const answers = (store: Store): Promise<boolean> =>
  store.members.list().then(
    () => true,
    () => false,
  )

/** Asks until the database answers. */
async function back(store: Store): Promise<void> {
  await until(() => answers(store), 'the database is back')
}

async function sqlite(t: Test, clock?: TestClock) {
  const folder = t.testdir()
  const file = join(folder, 'rms.db')
  const effects = clock === undefined ? {} : { clock, timers: clock }
  const [store, other] = [await openStore(file, effects), await openStore(file, effects)]
  t.teardown(() => Promise.all([store.close(), other.close()]))
  await store.directory.fillIfEmpty(seed)
  await store.members.join(member)
  const elsewhere = join(folder, 'elsewhere.db')
  return { file, store, other, elsewhere }
}

t.test('a process that was stopped while it writes keeps nobody waiting for all those who wait already', async (t) => {
  const file = join(t.testdir(), 'rms.db')
  const clock = testClock()
  const store = await openStore(file, { clock, timers: clock })
  t.teardown(() => store.close())
  const stopped = new Libsql(file)
  stopped.exec('begin immediate')
  const waiting = Array.from({ length: 20 }, () => store.members.join(member))
  const reading = store.members.list()
  const refused = Promise.allSettled(waiting)
  // The first one waits for four seconds; twenty of them would for more than a minute.
  await clock.advance(4000 + 20 * 101)
  for (const result of await refused)
    t.match(result, { reason: { name: 'DatabaseAway', message: /another connection goes on writing to it/ } })
  t.same(await reading, [], 'who reads only is answered')
  stopped.exec('rollback')
  stopped.close()
  await store.members.join(member)
  t.match(await store.members.list(), [member])
})

t.test(
  'an SQLite file that is moved away is away for every question, and works again when it is put back',
  async (t) => {
    const { file, store, other, elsewhere } = await sqlite(t)
    for (const round of [1, 2, 3]) {
      move(file, elsewhere)
      await everythingIsAway(
        t,
        store,
        /moved, deleted or replaced|has been away for \d+ s: put it back, with its -wal and -shm/,
      )
      await everythingIsAway(t, other, /rms\.db/)
      await t.rejects(openStore(file, { create: false }), {
        name: 'DatabaseRefused',
        message: /There is no database file/,
      })
      t.equal(existsSync(file), false, 'nothing was made in its place')
      move(elsewhere, file)
      t.equal((await store.members.list()).length, round, 'it is there at once')
      await store.members.join({ ...member, nodeId: `after-${round}` })
      t.equal((await other.members.list()).length, round + 1)
    }
  },
)

t.test('a file that stays away says since when', async (t) => {
  let now = 1000
  const folder = t.testdir()
  const file = join(folder, 'rms.db')
  const store = await openStore(file, { clock: { now: () => new Date(0), monotonic: () => now } })
  t.teardown(store.close)
  move(file, join(folder, 'elsewhere.db'))
  await t.rejects(store.members.list(), { name: 'DatabaseAway', message: /was moved, deleted or replaced/ })
  now += 61_000
  await t.rejects(store.members.list(), { name: 'DatabaseAway', message: /has been away for 61 s/ })
})

t.test('a deleted file is away; its copy is taken once it lies still', async (t) => {
  const clock = testClock()
  const { file, store, other, elsewhere } = await sqlite(t, clock)
  await other.close()
  // What stands in the -wal alone would be lost to a copy without it.
  for (const suffix of suffixes) copyFileSync(file + suffix, elsewhere + suffix)
  for (const suffix of suffixes) unlinkSync(file + suffix)
  await everythingIsAway(t, store, /rms\.db/)
  renameSync(elsewhere, file)
  await t.rejects(store.members.list(), /is there again, but not its -wal and -shm/)
  renameSync(`${elsewhere}-wal`, `${file}-wal`)
  await t.rejects(store.members.list(), /is there again, but not its -wal and -shm/)
  await clock.advance(999)
  await t.rejects(store.members.list(), /is there again, but not its -wal and -shm/)
  await clock.advance(1)
  t.same(await store.members.list(), [member])
  await store.members.join({ ...member, nodeId: 'after' })
  const again = await openStore(file)
  t.teardown(again.close)
  t.equal((await again.members.list()).length, 2)
})

t.test('a file that is put back without its -shm gets a new one, which the nodes share', async (t) => {
  const { file, store, other, elsewhere } = await sqlite(t)
  move(file, elsewhere)
  for (const asked of [store, other]) await t.rejects(asked.members.list(), { name: 'DatabaseAway' })
  rmSync(`${elsewhere}-shm`)
  move(elsewhere, file)
  await Promise.all([back(store), back(other)])
  t.ok(existsSync(`${file}-shm`))
  await Promise.all([store, other].map(({ members }, index) => members.join({ ...member, nodeId: `after-${index}` })))
  const again = await openStore(file)
  t.teardown(again.close)
  for (const asked of [store, other, again]) t.equal((await asked.members.list()).length, 3)
})

t.test('a missing -wal or -shm is noticed as the file itself is', async (t) => {
  for (const suffix of ['-wal', '-shm']) {
    const { file, store, other, elsewhere } = await sqlite(t)
    move(file, elsewhere, [suffix])
    await t.rejects(store.members.list(), { name: 'DatabaseAway' }, suffix)
    await t.rejects(other.members.list(), { name: 'DatabaseAway' }, suffix)
    move(elsewhere, file, [suffix])
    t.same(await store.members.list(), [member])
    rmSync(file)
  }
})

t.test('what is put in its place and is not the database is not used', async (t) => {
  const { file, store, elsewhere } = await sqlite(t)
  move(file, elsewhere)
  await t.rejects(store.members.list(), { name: 'DatabaseAway' })
  for (const wrong of ['', 'no database '.repeat(1000)]) {
    for (const suffix of suffixes) writeFileSync(file + suffix, suffix === '' ? wrong : '')
    await t.rejects(store.members.list(), { name: 'DatabaseAway', message: /cannot be used/ })
    for (const suffix of suffixes) rmSync(file + suffix, { force: true })
  }
  mkdirSync(file)
  await t.rejects(store.members.list(), { name: 'DatabaseAway' })
  rmSync(file, { recursive: true })
  move(elsewhere, file)
  t.same(await store.members.list(), [member])
})

t.test('a transaction in whose midst the file goes is undone', async (t) => {
  const { file, other, elsewhere } = await sqlite(t)
  const db = new Kysely<Tables>({ dialect: await sqliteDialect(file) })
  t.teardown(() => db.destroy())
  const transaction = (midst: () => void): Promise<unknown> =>
    db.transaction().execute(async (transaction) => {
      await transaction.insertInto('group_member').values({ group_sid: 'g', member_sid: 'm' }).execute()
      midst()
    })
  await t.rejects(
    transaction(() => move(file, elsewhere)),
    { name: 'DatabaseAway' },
  )
  move(elsewhere, file)
  t.same(await other.directory.membersOf('g'), [])
  await transaction(() => undefined)
  t.same(await other.directory.membersOf('g'), ['m'])
})

t.test('PostgreSQL', async (t) => {
  const server = await startPostgres(t)

  await t.test('stopped and started, it is away and back, and no idle connection ends the process', async (t) => {
    const location = await server.newDatabase()
    const store = await openStore(location)
    t.teardown(store.close)
    await store.directory.fillIfEmpty(seed)
    await store.members.join(member)
    for (const round of [1, 2]) {
      await Promise.all(Array.from({ length: 20 }, () => store.members.list()))
      await server.stop()
      await everythingIsAway(t, store, /database "test_\w+" at 127\.0\.0\.1:\d+ is away: nothing listens there/)
      await server.start()
      t.equal((await store.members.list()).length, round, 'the first question after it finds it')
      await store.members.join({ ...member, nodeId: `after-${round}` })
    }
  })

  await t.test('a connection that is cut in the midst of a transaction is replaced', async (t) => {
    const location = await server.newDatabase()
    const store = await openStore(location)
    t.teardown(store.close)
    const admin = new pg.Client(server.url('postgres'))
    await admin.connect()
    t.teardown(() => admin.end())
    const cut = (): Promise<unknown> =>
      admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
        [location.split('/').at(-1)],
      )
    let [told, other] = [0, 0]
    for (let round = 0; round < 20; round++) {
      const asked = Array.from({ length: 5 }, (_, index) =>
        store.directory.addGroups([
          { sid: `S-1-5-21-${round}-${index}`, name: `CONTOSO\\${round}-${index}`, proxyAddresses: [] },
        ]),
      )
      const results = await Promise.all([cut(), Promise.allSettled(asked)])
      for (const result of results[1]) {
        if (result.status === 'rejected' && (result.reason as Error).name === 'DatabaseAway') told++
        else if (result.status === 'rejected') other++
      }
    }
    t.comment(`${told} of 100 transactions were cut`)
    t.equal(other, 0, 'all of them say DatabaseAway')
    await back(store)
    t.ok((await store.directory.listGroups({ limit: 1000 })).length >= 100 - told)
  })

  await t.test('who is not let in learns why, without the password', async (t) => {
    const location = await server.newDatabase()
    const { port } = server
    const name = location.split('/').at(-1) ?? ''
    const admin = new pg.Client(location)
    await admin.connect()
    t.teardown(() => admin.end())
    await admin.query(`create role reader login password 'hidden-7'`)
    await admin.query(`create database ${name}_latin encoding 'SQL_ASCII' template template0`)
    const at = `127.0.0.1:${port}`
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [
        `postgres://tester:hidden-7@${at}/${name}`,
        'DatabaseRefused',
        /does not let the user "tester" in: check user and password/,
      ],
      [`postgres://nobody:hidden-7@${at}/${name}`, 'DatabaseRefused', /does not let the user "nobody" in/],
      [`postgres://tester@${at}/${name}`, 'DatabaseRefused', /wants a password for the user "tester"/],
      [
        server.url('nowhere'),
        'DatabaseRefused',
        /database "nowhere" at 127\.0\.0\.1:\d+ does not exist: make it with createdb nowhere/,
      ],
      [
        `postgresql://reader:hidden-7@${at}/${name}`,
        'DatabaseRefused',
        /The user "reader" may not do this .*permission denied/,
      ],
      [server.url(`${name}_latin`), 'DatabaseRefused', /has the encoding SQL_ASCII/],
      [
        'postgres://tester:hidden-7@127.0.0.1:1/x',
        'DatabaseAway',
        /"x" at 127\.0\.0\.1:1 is away: nothing listens there/,
      ],
      ['postgres://tester:hidden-7@nowhere.invalid/x', 'DatabaseAway', /at nowhere\.invalid:5432 is away: its host/],
      [`postgres://tester:hidden-7@/x?host=${t.testdir()}`, 'DatabaseAway', /there is no such socket/],
      ['postgres://tester:hidden-7@host:port/x', 'Error', /not of the form/],
    ]
    for (const [url, errorName, message] of cases) {
      const error = await openStore(url).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      )
      t.match(error, { name: errorName, message })
      t.notMatch(`${error?.stack} ${String(error?.cause)} ${JSON.stringify(error)}`, /hidden-7|secret-of/)
    }
  })
})
