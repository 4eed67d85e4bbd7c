/** PostgreSQL behind PgBouncer: where each connection has a session of its own it works as it is installed, otherwise it is refused. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import pg from 'pg'
import t, { type Test } from 'tap'
import { openStore } from '../../src/cluster/store/open.js'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import { startInstallation } from '../../src/index.js'
import { until } from '../fixtures/until.js'
import { startPostgres, unprivilegedAccount } from './postgres.js'

t.setTimeout(900_000)

/** Debian puts it where only administrators look. */
const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((path) => spawnSync(path, ['--version']).status === 0)
const skip = program === undefined && 'PgBouncer is not installed: apt-get install pgbouncer'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** With its defaults, apart from who may come in. @returns the URL by which it gives this database out in each of the two modes */
async function startPooler(t: Test, database: string): Promise<(mode: 'session' | 'transaction') => string> {
  const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-test-pooler-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { hostname, port: serverPort, pathname, username, password } = new URL(database)
  const port = await freePort()
  const server = `host=${hostname} port=${serverPort} dbname=${pathname.slice(1)} user=${username} password=${password}`
  const file = join(folder, 'pgbouncer.ini')
  const modes = ['session', 'transaction'].map((mode) => `${mode} = ${server} pool_mode=${mode}`)
  writeFileSync(
    file,
    [
      '[databases]',
      ...modes,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      '',
    ].join('\n'),
  )
  chmodSync(folder, 0o755)
  const account = unprivilegedAccount()
  const pooler = spawn(program ?? '', [file], {
    stdio: 'ignore',
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  })
  const ended = once(pooler, 'close')
  t.teardown(async () => {
    pooler.kill('SIGINT')
    pooler.kill('SIGTERM')
    await ended
  })
  const url = (mode: string): string => `postgres://anybody@127.0.0.1:${port}/${mode}`
  await until(async () => {
    const client = new pg.Client(url('session'))
    client.on('error', () => undefined)
    return client.connect().then(
      async () => client.end().then(() => true),
      () => false,
    )
  }, 'PgBouncer answers')
  return url
}

t.test('PgBouncer', { skip }, async (t) => {
  const url = await startPooler(t, await (await startPostgres(t)).newDatabase())

  await t.test('sessions of their own: an installation starts, ends, and starts again; the limits hold', async (t) => {
    for (const round of ['first', 'second']) {
      const lab = await startInstallation({ database: url('session') })
      t.match(lab.ready.clusters, [{ name: 'root' }], round)
      await lab.close()
    }
    const raw = new Kysely({ dialect: await postgresDialect(url('session')) })
    const { rows } = await sql`select current_setting('statement_timeout') as limit`.execute(raw)
    t.same(rows, [{ limit: '10s' }])
    await raw.destroy()
    const store = await openStore(url('session'), { create: false })
    t.equal((await store.clusters.list()).length, 1)
    await store.close()
  })

  await t.test('sessions that are shared are refused, and so is a parameter that it does not know', async (t) => {
    await t.rejects(startInstallation({ database: url('transaction') }), {
      name: 'DatabaseRefused',
      message:
        /^The database "transaction" at 127\.0\.0\.1:\d+ is behind a pooler that shares sessions.*pool_mode = session/,
    })
    const lab = await startInstallation({ database: url('session') })
    t.match(lab.ready.clusters, [{ name: 'root' }], 'what was refused holds no lock')
    await lab.close()
    await t.rejects(openStore(`${url('session')}?statement_timeout=5`), {
      name: 'DatabaseRefused',
      message: /refuses the parameter statement_timeout of a new connection.*ignore_startup_parameters/,
    })
  })
})
