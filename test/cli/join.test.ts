/** A node that cannot join, and a cluster that cannot be made, say why and what to do, and change nothing: on both databases. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import t from 'tap'
import type { Test } from 'tap'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { databases, type TestDatabase } from '../cluster/postgres.js'
import { run } from './command.js'

t.setTimeout(900_000)

for (const database of databases(t)) t.test(database.name, (t) => cannotJoin(t, database))

t.test('a name that would keep balancers from following the member list is refused', async (t) => {
  const db = ['--cluster', 'root', '--db', join(t.testdirName, 'absent.sqlite')]
  t.match(await run(['node', ...db, '--id', 'my node']), {
    code: 2,
    stdout: '',
    stderr: /--id is "my node"; it must be 1 to 200 printable ASCII characters without spaces/,
  })
})

async function tables<Result>(location: string, work: (raw: Kysely<Tables>) => Promise<Result>): Promise<Result> {
  const raw = new Kysely<Tables>({
    dialect: location.startsWith('postgres')
      ? await postgresDialect(location)
      : await sqliteDialect(location, { create: false }),
  })
  try {
    return await work(raw)
  } finally {
    await raw.destroy()
  }
}

/** Every row there is. */
async function everything(location: string): Promise<Readonly<Record<string, unknown>>> {
  return tables(location, async (raw) => {
    const names = (await raw.introspection.getTables()).map(({ name }) => name as keyof Tables)
    const rows = await Promise.all(
      names.map(async (name) => [name, await raw.selectFrom(name).selectAll().execute()] as const),
    )
    return Object.fromEntries(rows)
  })
}

async function cannotJoin(t: Test, database: TestDatabase): Promise<void> {
  const location = await database.fresh()
  const isFile = database.name === 'SQLite'
  const made = await run([
    'provision',
    'root',
    '--cluster',
    'root',
    '--public-url',
    'http://127.0.0.1:1',
    '--db',
    location,
    '--key-password',
    'right',
    '--seed',
    '7',
    '--clock',
    'PT1S',
  ])
  t.match(made, { code: 0 })
  const before = await everything(location)
  const lab = Object.fromEntries(
    (before['lab_state'] as Tables['lab_state'][]).map(({ id, state }) => [id, JSON.parse(state)]),
  )
  t.match(lab, { 'random-seed': { seed: '7', of: 'everything' }, state: { clock: { mode: 'offset', by: 'PT1S' } } })
  t.ok(Object.keys(before).length > 10)

  /** All of them end with 1 and this on stderr, without a stack or a password. */
  const refused = async (cases: readonly (readonly [readonly string[], RegExp])[]): Promise<void> => {
    const outcomes = await Promise.all(cases.map(([args]) => run(args)))
    for (const [index, [args, message]] of cases.entries()) {
      const outcome = outcomes[index]
      t.match(outcome, { code: 1, stdout: '', stderr: message }, args.join(' '))
      t.notMatch(outcome?.stderr, /\n\s+at |secret-of-the-test/)
    }
  }
  const node = (cluster: string, db: string, ...more: readonly string[]): readonly string[] => [
    'node',
    '--cluster',
    cluster,
    '--db',
    db,
    ...more,
  ]
  const absent = isFile
    ? join(t.testdirName, 'deep', 'absent.sqlite')
    : 'postgres://tester:secret-of-the-test@127.0.0.1:1/absent'
  const away = isFile
    ? /There is no database file .*absent\.sqlite: correct the path, or put the file back/
    : /The database "absent" at 127\.0\.0\.1:1 is away: nothing listens there: start the server/
  const empty = await database.fresh()
  await refused([
    [node('root', location, '--key-password', 'wrong'), /cluster key password is wrong/],
    [
      ['provision', 'licensing', '--cluster', 'legal', '--public-url', 'http://b', '--db', location, '--seed', '8'],
      /This installation was made from the seed 7, and 8 is for a new one/,
    ],
    [
      node('sales', location, '--key-password', 'right'),
      /There is no cluster "sales" in this database; it has root\. Provision it first/,
    ],
    [node('root', absent, '--key-password', 'right'), away],
    [
      node('root', empty, '--key-password', 'right'),
      isFile ? /There is no database file/ : /The database is empty: provision a cluster in it first/,
    ],
    [
      ['up', '--port', '0', '--manage-port', '0', '--db', location, '--key-password', 'wrong'],
      /cluster key password is wrong/,
    ],
    [
      ['provision', 'root', '--cluster', 'second', '--public-url', 'http://b', '--db', location],
      /The forest has the root cluster "root" already/,
    ],
  ])
  t.same(await everything(location), before, 'nothing has changed')
  if (isFile) t.notOk(existsSync(join(absent, '..')), 'nothing was made')
  else t.same(await everything(empty), {}, 'nothing was made')

  await tables(location, (raw) =>
    raw.updateTable('meta').set({ value: '99' }).where('key', '=', 'schema_version').execute(),
  )
  const other = await everything(location)
  const version =
    /The database has schema version 99, this program needs \d+: use the program that made it, or another database/
  await refused([
    [node('root', location, '--key-password', 'right'), version],
    [['provision', 'licensing', '--cluster', 'legal', '--public-url', 'http://b', '--db', location], version],
    [['up', '--port', '0', '--manage-port', '0', '--db', location, '--key-password', 'right'], version],
  ])
  t.same(await everything(location), other)
}
