/** The database gone while an installation serves, and back: PostgreSQL stopped and started, an SQLite file moved away and put back. */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { connect, readyMachine, type RmsClient } from '../../src/client/index.js'
import { openStore } from '../../src/cluster/store/open.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { run, startUp } from '../cli/command.js'
import { startPostgres } from '../cluster/postgres.js'
import { aMoment, until } from '../fixtures/until.js'

t.setTimeout(900_000)

interface Outage {
  readonly location: string
  /** What the log says while it is away. */
  readonly words: RegExp
  readonly leave: () => Promise<void>
  readonly comeBack: () => Promise<void>
}

async function sqlite(t: Test): Promise<Outage> {
  const location = join(t.testdir({ database: {} }), 'database', 'rms.sqlite')
  const elsewhere = join(t.testdirName, 'elsewhere.sqlite')
  const move = async (from: string, to: string): Promise<void> => {
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix)
  }
  return {
    location,
    words: /rms\.sqlite has been away for \d+ s: put it back, with its -wal and -shm/,
    leave: () => move(location, elsewhere),
    comeBack: () => move(elsewhere, location),
  }
}

async function postgres(t: Test): Promise<Outage> {
  t.testdir()
  const server = await startPostgres(t)
  return {
    location: await server.newDatabase(),
    words: /The database \\"test_\w+\\" at 127\.0\.0\.1:\d+ is away: nothing listens there/,
    leave: () => server.stop(),
    comeBack: () => server.start(),
  }
}

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }

for (const [name, make] of [
  ['SQLite', sqlite],
  ['PostgreSQL', postgres],
] as const) {
  t.test(
    `${name}: who is known goes on getting licenses, who is new does not, and the log has each license once`,
    async (t) => {
      const { location, words, leave, comeBack } = await make(t)
      const data = join(t.testdirName, 'data')
      const environment = { TMPDIR: t.testdirName }
      const lab = await startUp(
        ['--root', '2', '--no-licensing', '--db', location, '--data', data, '--log-level', 'warn'],
        { environment },
      )
      t.teardown(() => lab.stop('SIGKILL'))
      const at = (user: string): RmsClient =>
        connect({ url: lab.url, user: `CONTOSO\\${user}`, password, machine: readyMachine('alice-pc-mode2') })
      const headers = { authorization: `Bearer ${lab.ready.token}`, 'content-type': 'application/json' }
      const change = (seconds: number): Promise<Response> =>
        fetch(`${lab.ready.manage}/clusters/root/configuration`, {
          method: 'PATCH',
          headers,
          body: JSON.stringify({ tempRacValidityTimeSeconds: seconds }),
        })

      const [alice, bob] = [at('alice'), at('bob')]
      const pl = await alice.publish(forBob)
      const failures: unknown[] = []
      let licenses = 0
      const ended = new AbortController()
      const ask = async (): Promise<void> => {
        while (!ended.signal.aborted) {
          await bob.acquireLicense(pl.text).then(
            () => licenses++,
            (error: unknown) => failures.push(error),
          )
          await aMoment()
        }
      }
      const asking = [ask(), ask()]
      const more = (): Promise<void> => {
        const before = licenses
        return until(() => licenses > before + 20 || failures.length > 0, 'more licenses')
      }
      // Both nodes get to know bob; carol signs in at both, and has no account certificate yet.
      await more()
      for (let turn = 0; turn < 8; turn++) await at('carol').locations()

      await leave()
      await more()
      for (const user of ['carol', 'mallory'])
        await t.rejects(
          at(user).certify(),
          { exceptionName: /\.UnspecifiedErrorException$/ } as unknown as Error,
          `a new account: ${user}`,
        )
      const refused = await change(1000)
      t.equal(refused.status, 503, 'no change is made')
      t.match(await refused.json(), {
        error: 'Unavailable',
        message: /The database is away.*look again when it is back/,
      })
      t.match(await run(['add-server', 'root', '--manage', lab.ready.manage], { environment }), {
        code: 1,
        stderr: /did not start.*nothing was added/,
      })
      await until(() => words.test(lab.stderr()), 'the log says that it is away')
      if (name === 'SQLite')
        t.same(
          readdirSync(dirname(location)).filter((file) => !file.startsWith('rms.sqlite.lock')),
          [],
          'nothing was made in its place',
        )
      const { clusters } = (await (await fetch(`${lab.ready.manage}/status`, { headers })).json()) as typeof lab.ready
      t.same(
        clusters[0]?.nodes.map(({ id, pid }) => ({ id, pid })),
        lab.ready.clusters[0]?.nodes.map(({ id, pid }) => ({ id, pid })),
        'the nodes live',
      )
      await more()

      await comeBack()
      await until(async () => (await change(1001)).ok, 'changes are made again')
      await until(
        () =>
          at('carol')
            .certify()
            .then(
              () => true,
              () => false,
            ),
        'new accounts are certified again',
      )
      await more()
      ended.abort()
      await Promise.all(asking)
      t.same(failures, [])
      await until(() => readdirSync(join(data, 'spool')).every((file) => file === 'lock'), 'the spool is empty')
      t.same(await lab.stop(), { code: 0, signal: null })
      const store = await openStore(location, { create: false })
      t.equal(await store.requestLog.count({ requestType: 'AcquireLicense' }), licenses, 'none lost, none twice')
      t.same(await store.members.list(), [])
      await store.close()
    },
  )
}
