/** The PostgreSQL of the tests: as root it runs under another account, and says so when there is none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startPostgres, unprivilegedAccount } from './postgres.js'

t.setTimeout(900_000)

t.test('root needs an account for it, and without one a test fails with that sentence', async (t) => {
  const passwd = (text: string): string => join(t.testdir({ passwd: text }), 'passwd')
  t.equal(unprivilegedAccount(1000, passwd('')), undefined, 'who is not root needs none')
  for (const text of [
    '',
    'root:x:0:0:root:/root:/bin/bash\n',
    'toor:x:0:1::/:/bin/sh\nwheel:x:5:0::/:/bin/sh\nbroken\n',
  ]) {
    t.throws(
      () => unprivilegedAccount(0, passwd(text)),
      /PostgreSQL does not run as root, and there is no unprivileged account to run it under: run the tests as another user, or add an account/,
    )
  }
})

t.test(
  'the server runs under an account that is not root, and ends with the test',
  { skip: process.platform !== 'linux' && 'looks into /proc' },
  async (t) => {
    let pid = ''
    await t.test('it runs', async (t) => {
      const server = await startPostgres(t)
      t.match(await server.newDatabase(), /^postgres:/)
      pid = readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0] ?? ''
      const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      t.not(uid, '0')
      if (process.getuid?.() === 0) t.equal(uid, String(unprivilegedAccount()?.uid))
    })
    t.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' })
  },
)
