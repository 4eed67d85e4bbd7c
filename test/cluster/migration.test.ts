/** Databases that earlier programs made are upgraded, whole or not at all, and serve as before. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kysely } from 'kysely'
import Libsql from 'libsql'
import t from 'tap'
import type { Test } from 'tap'
import { acquireLicense, connect, labTrustRoot, openLicense } from '../../src/client/index.js'
import { openStore, type Store, type Upgraded } from '../../src/cluster/store/open.js'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import { schemaVersion, type Tables } from '../../src/cluster/store/schema.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { startNode } from '../../src/node/start.js'
import {
  firstKept,
  keptDatabase,
  keptLicensee,
  keptRows,
  openableCopy,
  type KeptRow,
} from '../fixtures/kept-databases.js'
import { run, startUp } from '../cli/command.js'
import { databases } from './postgres.js'
import type { TestDatabase } from './postgres.js'

t.setTimeout(900_000)

const versions = Array.from({ length: schemaVersion - firstKept }, (_, index) => firstKept + index)
/** Of the first version each cluster, of the others one: a node takes its time to start. */
const clustersOf = (version: number) => (version === firstKept ? (['root', 'legal'] as const) : (['root'] as const))
const upgrading = fileURLToPath(new URL('upgrading.js', import.meta.url))

for (const database of databases(t)) t.test(database.name, (t) => upgradesOf(t, database))

async function upgradesOf(t: Test, database: TestDatabase): Promise<void> {
  const isFile = database.name === 'SQLite'

  for (const version of versions)
    t.test(`a database of schema version ${version} is upgraded, and serves as before`, async (t) => {
      const location = await openableCopy(version, database)
      const told: Upgraded[] = []
      const store = await openStore(location, { migrate: true, onUpgraded: (upgraded) => void told.push(upgraded) })
      t.match(told, [{ from: version, to: schemaVersion, copy: isFile ? String : undefined }])
      await allIsThere(t, version, store)
      await store.close()
      t.same(await tablesOf(location), await tablesOf(await newDatabase(database)), 'as a new database has them')
      for (const cluster of clustersOf(version)) await licensesAsBefore(t, version, cluster, location)
    })

  t.test('up says what it did, and serves', async (t) => {
    const location = await openableCopy(firstKept, database)
    const { keyPassword, requests } = keptDatabase(firstKept)
    const flags = ['--root', '1', '--licensing', 'legal=1', '--data', t.testdir(), '--key-password', keyPassword]
    const asked = [...flags, '--db', location]
    if (!isFile) {
      const { code, stdout } = await run(['up', '--json', '--port', '0', ...asked])
      t.equal(code, 1)
      t.match(JSON.parse(stdout), { event: 'failed', reason: /start again with --migrate$/ })
    }
    const lab = await startUp([...asked, ...(isFile ? [] : ['--migrate'])])
    t.match(lab.stderr(), new RegExp(`the database was upgraded from schema version ${firstKept} to ${schemaVersion}`))
    if (isFile) t.match(lab.stderr(), /as it was it is in .*\.schema-3\./)
    const { count } = (await (
      await fetch(`${lab.ready.manage}/requests/count`, { headers: { authorization: `Bearer ${lab.ready.token}` } })
    ).json()) as { readonly count: number }
    t.equal(count, requests)
    const bob = connect({ url: lab.ready.clusters[1]?.url ?? '', user: 'bob@contoso.test', password })
    t.equal((await bob.bootstrap()).account.mail, 'bob@contoso.test')
    await bob.close()
    t.match(await lab.stop(), { code: 0 })
  })

  t.test('any number of processes start at once: one upgrades, all go on', async (t) => {
    const location = await openableCopy(firstKept, database)
    const answers = await Promise.all(Array.from({ length: 3 }, () => answerOf(forked(t, location))))
    t.same(
      answers.map(({ clusters }) => clusters),
      [2, 2, 2],
    )
    t.equal(answers.filter(({ upgraded }) => upgraded !== null).length, 1)
    if (isFile) t.equal(copiesOf(location).length, 1)
  })

  t.test('a process that is killed in the middle leaves the database as it was', async (t) => {
    const location = await openableCopy(firstKept, database)
    const before = await contentOf(location)
    const child = forked(t, location, 'hang')
    t.same(await once(child, 'message'), ['in the middle', undefined])
    child.kill('SIGKILL')
    await once(child, 'close')
    t.same(await contentOf(location), before)
    await (await openStore(location, { migrate: true })).close()
    t.equal((await contentOf(location)).version, String(schemaVersion))
  })

  t.test('a node of the earlier program that lives is not left with a database it does not know', async (t) => {
    const location = await openableCopy(firstKept, database)
    const lastSeen = '2026-03-04T05:06:07.000Z'
    const raw = await rawDatabase(location)
    await raw
      .insertInto('member')
      .values({ node_id: 'root-7', cluster: 'root', url: 'http://x:1', pid: 1, started: lastSeen, last_seen: lastSeen })
      .execute()
    await raw.destroy()
    const before = await contentOf(location)
    const at = (time: string) => ({ ...systemClock, now: () => new Date(time) })
    await t.rejects(openStore(location, { migrate: true, clock: at('2026-03-04T05:07:06.000Z') }), {
      name: 'DatabaseRefused',
      message: /root-7 at http:\/\/x:1\. Stop them/,
    })
    t.same(await contentOf(location), before)
    if (isFile) t.same(copiesOf(location), [])
    await (await openStore(location, { migrate: true, clock: at('2026-03-04T05:08:00.000Z') })).close()
    t.equal((await contentOf(location)).version, String(schemaVersion), 'silent for a minute, it is gone')
  })

  if (isFile) {
    t.test('the copy is what was there, readable by its owner alone', async (t) => {
      const location = await openableCopy(firstKept, database)
      const before = await contentOf(location)
      const clock = { ...systemClock, now: () => new Date('2026-03-04T05:06:07.089Z') }
      await (await openStore(location, { clock })).close()
      const copy = `${location}.schema-${firstKept}.2026-03-04T05-06-07-089Z`
      t.same(copiesOf(location), [basename(copy)])
      t.equal(statSync(copy).mode & 0o777, 0o600)
      t.same(await contentOf(copy), before)
    })

    t.test('without room for the copy nothing is changed', async (t) => {
      const location = await openableCopy(firstKept, database)
      const before = await contentOf(location)
      // Room for what opening makes, not for the whole; who writes more hears of it.
      const limited = spawn(
        '/bin/sh',
        ['-c', `trap '' XFSZ; ulimit -f 128; exec "$@"`, 'sh', process.execPath, upgrading, location],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      )
      let said = ''
      limited.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text))
      const [code] = (await once(limited, 'close')) as [number]
      t.equal(code, 1)
      t.match(said, /DatabaseRefused: The database file .* is to be copied to .* Nothing was changed/)
      t.same(await contentOf(location), before)
      t.same(copiesOf(location), [])
    })
  } else {
    t.test('a PostgreSQL database waits for --migrate', async (t) => {
      const location = await openableCopy(firstKept, database)
      const before = await contentOf(location)
      for (const create of [true, false])
        await t.rejects(openStore(location, { create }), {
          name: 'MigrationNeeded',
          message: /schema version 3, .* take a dump of the database \(pg_dump\) .* --migrate/,
        })
      t.same(await contentOf(location), before)
    })
  }

  t.test('a version that is older than the first one kept, or no version, is refused', async (t) => {
    for (const version of ['2', '-1', '3.0', '', 'three']) {
      const location = await newDatabase(database)
      const raw = await rawDatabase(location)
      await raw.updateTable('meta').set({ value: version }).where('key', '=', 'schema_version').execute()
      await raw.destroy()
      await t.rejects(openStore(location, { migrate: true }), { name: 'OtherSchemaVersion' })
    }
  })
}

async function allIsThere(t: Test, version: number, store: Store): Promise<void> {
  const { template, requests } = keptDatabase(version)
  const rows = keptRows(version)
  t.same((await store.clusters.list()).map(({ name }) => name).toSorted(), ['legal', 'root'])
  t.equal(await store.requestLog.count({}), requests)
  await requestsAreReadable(t, version, rows['request_log'] ?? [], store)
  t.equal((await store.templates.find('root', template))?.state, 'archived')
  t.equal(
    (await store.templates.list('root')).length + (await store.templates.list('legal')).length,
    rows['template']?.length,
  )
  const [root, legal] = await Promise.all(['root', 'legal'].map((name) => store.clusters.find(name)))
  t.equal(root?.configuration.trustedLicensingServers.length, 1)
  t.equal(root?.configuration.trustedRacIssuers.length, 2)
  t.equal(legal?.configuration.superUserGroup, 'superusers@contoso.test')
  const dave = await store.directory.accountByName('dave@contoso.test')
  const finance = await store.directory.groupByName('CONTOSO\\finance')
  t.same(await store.directory.membersOf(finance?.sid ?? ''), [dave?.sid])
}

/** Nothing that a row told is lost. */
async function requestsAreReadable(t: Test, version: number, rows: readonly KeptRow[], store: Store): Promise<void> {
  const [named] = await store.requestLog.query({ requestId: 'the-name-of-the-client' })
  t.match(named, { clientRequestId: 'the-name-of-the-client', successOrFailure: 'Failed', authenticatedState: 'True' })
  for (const row of rows) {
    const [found] = await store.requestLog.query({ requestId: String(row['host_machine_request_id']) })
    if (version >= 5) {
      const { request_user_address: requestUserAddress, authenticated_state: authenticatedState, metadata } = row
      t.match(found, { requestUserAddress, authenticatedState, metadata }, 'its fields are those of today')
      continue
    }
    const metadata = JSON.parse(found?.metadata ?? '') as Readonly<Record<string, unknown>>
    const told = [metadata['account'] ?? '', metadata['scheme'] ?? '', found?.requestUserAddress]
    t.same(told, [row['request_user_address'], row['authenticated_state'], ''])
    t.equal(found?.authenticatedState, row['authenticated_state'] === '' ? 'False' : 'True')
    t.match({ ...(JSON.parse(String(row['metadata'])) as object), ...metadata, clientRequestId: undefined }, metadata)
  }
}

/** With the certificates of that time: nobody is certified anew, nothing is published anew. */
async function licensesAsBefore(t: Test, version: number, cluster: 'root' | 'legal', database: string): Promise<void> {
  const { keyPassword } = keptDatabase(version)
  const node = await startNode({ database, cluster, keyPassword, provision: false })
  try {
    const { account, pl } = await keptLicensee(version, cluster)
    const context = {
      credentials: { user: 'bob@contoso.test', password },
      trustRoots: [labTrustRoot(2)],
      clock: systemClock,
      random: systemRandom,
    }
    const license = await acquireLicense(context, `${node.url}/_wmcs/licensing`, account.chain, pl)
    const { rights } = await openLicense(license, account, systemClock.now(), pl[0])
    t.same(rights, ['VIEW'], `${cluster} licenses as before`)
  } finally {
    await node.close()
  }
}

async function newDatabase({ fresh }: TestDatabase): Promise<string> {
  const location = await fresh()
  await (await openStore(location)).close()
  return location
}

async function rawDatabase(location: string): Promise<Kysely<Tables>> {
  const isFile = !location.startsWith('postgres')
  return new Kysely<Tables>({ dialect: isFile ? await sqliteDialect(location) : await postgresDialect(location) })
}

/** Columns and indexes of each table, in no order of their making. */
async function tablesOf(location: string): Promise<unknown> {
  const raw = await rawDatabase(location)
  const tables = await raw.introspection.getTables()
  await raw.destroy()
  return [tables.map(({ name, columns }) => [name, columns]), await indexesOf(location)]
}

async function indexesOf(location: string): Promise<unknown> {
  if (!location.startsWith('postgres')) {
    const file = new Libsql(location)
    const query = `select i.name, i.tbl_name, group_concat(c.name), i.sql from sqlite_schema i, pragma_index_info(i.name) c
      where i.type = 'index' group by i.name order by i.name`
    const rows = file.prepare(query).all([])
    file.close()
    return rows
  }
  const raw = await rawDatabase(location)
  const { rows } = await raw.executeQuery<object>({
    ...raw.selectFrom('meta').selectAll().compile(),
    sql: `select indexdef from pg_indexes where schemaname = 'public' order by indexname`,
    parameters: [],
  })
  await raw.destroy()
  return rows
}

/** What the tests look at to see that nothing was changed: the version, the names of the tables, the requests. */
async function contentOf(location: string) {
  const raw = await rawDatabase(location)
  const version = await raw.selectFrom('meta').select('value').where('key', '=', 'schema_version').executeTakeFirst()
  const tables = (await raw.introspection.getTables()).map(({ name, columns }) => [name, columns.length])
  const requests = await raw.selectFrom('request_log').selectAll().orderBy('host_machine_request_id').execute()
  await raw.destroy()
  return { version: version?.value, tables, requests }
}

function copiesOf(location: string): readonly string[] {
  return readdirSync(dirname(location)).filter((name) => name.startsWith(`${basename(location)}.`))
}

function forked(t: Test, ...args: readonly string[]): ChildProcess {
  const child = fork(upgrading, [...args])
  t.teardown(() => void child.kill('SIGKILL'))
  return child
}

async function answerOf(
  child: ChildProcess,
): Promise<{ readonly upgraded: Upgraded | null; readonly clusters: number }> {
  const closed = once(child, 'close')
  const [answer] = (await Promise.race([once(child, 'message'), closed.then(() => [])])) as [never]
  await closed
  return answer
}
