/** One installation on a PostgreSQL database: two cannot be, an outage does not change that, and one that was killed is not in the way. */
import t from 'tap'
import { DatabaseInUse, startInstallation } from '../../src/index.js'
import { startUp } from '../cli/command.js'
import { startPostgres } from '../cluster/postgres.js'
import { until } from '../fixtures/until.js'

t.setTimeout(900_000)

t.test('a second installation is refused until the first one is gone, however it went', async (t) => {
  const server = await startPostgres(t)
  const location = await server.newDatabase()
  const folder = t.testdir()
  process.env['TMPDIR'] = folder
  const lab = await startUp(['--db', location, '--data', folder, '--log-level', 'info'], {
    environment: { TMPDIR: folder },
  })
  t.teardown(() => lab.stop('SIGKILL'))
  const logged = (text: string): Promise<void> => until(() => lab.stderr().includes(text), text)
  const refused = async (told: string): Promise<void> => {
    const error = await startInstallation({ database: location }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    )
    t.ok(error instanceof DatabaseInUse, told)
    t.match(
      error?.message,
      /^An installation already runs on the database "test_\w+" at 127\.0\.0\.1:\d+\. Use that one, stop it, or give this one a database of its own/,
    )
    t.notMatch(error?.stack, 'secret-of-the-test')
  }
  await refused('while the first one runs')

  await server.stop()
  await logged('the database is away, and with it the lock of this installation')
  await t.rejects(startInstallation({ database: location }), {
    name: 'DatabaseAway',
    message: /is away: nothing listens there/,
  })
  await server.start()
  await logged('this installation has the lock on its database again')
  await refused('after an outage')

  await lab.stop('SIGKILL')
  const next = await startInstallation({ database: location })
  t.match(next.ready.clusters, [{ name: 'root', kind: 'root' }])
  await refused('by one in this process, too')
  await next.close()
  await (await startInstallation({ database: location })).close()
})
