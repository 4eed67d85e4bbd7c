/** One installation on a database: two cannot be, and one that was killed is not in the way of the next. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { DatabaseInUse } from '../../src/index.js'
import { lockDatabase } from '../../src/manage/database-lock.js'
import { run, startUp } from '../cli/command.js'
import { databases, startPostgres } from '../cluster/postgres.js'

t.setTimeout(100_000)

const small = ['--port', '0', '--root', '1', '--no-licensing', '--log-level', 'info']

for (const database of databases(t)) {
  t.test(`${database.name}: a second installation is refused, until the first one is gone, however it went`, async (t) => {
    const location = await database.fresh(t)
    const folder = t.testdir()
    const first = await startUp(['--db', location, '--data', join(folder, 'one'), '--log-level', 'info'], { environment: { TMPDIR: folder } })
    t.teardown(() => first.stop('SIGKILL'))
    const second = await run(['up', '--db', location, '--data', join(folder, 'two'), ...small], { environment: { TMPDIR: folder } })
    t.match(second, { code: 1, stdout: '', stderr: /^An installation already runs on .*Use that one, stop it, or give this one/ })
    t.notMatch(second.stderr, 'secret-of-the-test')
    await first.stop('SIGKILL')
    const third = await startUp(['--db', location, '--data', join(folder, 'two')], { environment: { TMPDIR: folder } })
    t.same(await third.stop(), { code: 0, signal: null })
    const unlock = await lockDatabase(location)
    await t.rejects(lockDatabase(location), DatabaseInUse)
    await unlock()
    await (await lockDatabase(location))()
  })
}

t.test('PostgreSQL stopped and started: the lock is taken again, and nobody else gets it', async (t) => {
  const server = await startPostgres(t)
  const location = await server.newDatabase()
  const folder = t.testdir()
  const lab = await startUp(['--db', location, '--data', folder, '--log-level', 'info'], { environment: { TMPDIR: folder } })
  t.teardown(() => lab.stop('SIGKILL'))
  const logged = async (text: string): Promise<void> => {
    while (!lab.stderr().includes(text)) await pause(20)
  }
  await server.stop()
  await logged('the database is away, and with it the lock of this installation')
  await server.start()
  await logged('this installation has the lock on its database again')
  await t.rejects(lockDatabase(location), DatabaseInUse)
  await server.stop()
  t.match(await run(['up', '--db', location, '--data', join(folder, 'two'), ...small]), { code: 1, stderr: /^The database "test_\w+" at 127\.0\.0\.1:\d+ is away/ })
  t.same(await lab.stop(), { code: 0, signal: null }, 'it stops while the database is away')
})
