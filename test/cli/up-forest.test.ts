/** `up --forest-of`: two installations that know each other from their start. */
import t from 'tap'
import { connect, readyMachine } from '../../src/client/index.js'
import { seedPassword } from '../../src/directory/seed.js'
import { run, startUp } from './command.js'
import { content } from './up-clients.js'

t.setTimeout(900_000)

t.test('--forest-of finds the installation by the address of its cluster, and both know each other', async (t) => {
  const environment = { TMPDIR: t.testdir() }
  const contoso = await startUp([], { environment })
  t.teardown(() => contoso.stop())
  const fabrikam = await startUp(['--forest', 'fabrikam.test', '--forest-of', contoso.url], { environment })
  t.teardown(() => fabrikam.stop())
  t.match(fabrikam.ready, { forest: 'fabrikam.test', partners: ['contoso.test'] })
  const shown = await run(['status', '--manage', contoso.ready.manage], { environment })
  t.match(shown.stdout, /^contoso\.test .*\n\npartners: fabrikam\.test\n/)
  const machine = readyMachine('alice-pc-mode2')
  const alice = connect({ url: contoso.url, user: 'alice', password: seedPassword, machine })
  const file = await alice.protectFile(content, '.txt', { rights: [{ to: 'legal@fabrikam.test', rights: ['VIEW'] }] })
  const bob = connect({ url: fabrikam.url, user: 'bob@fabrikam.test', password: seedPassword, machine })
  t.match((await bob.openFile(file)).plain, content)

  for (const [flags, code, stderr] of [
    [['--forest-of', 'http://127.0.0.1:1/_wmcs'], 2, /is the address of a cluster, and of no installation that/],
    [['--forest-of', 'http://127.0.0.1:1'], 1, /does not answer at http:\/\/127\.0\.0\.1:1/],
    // It has no scopes, and is asked for one where its management is.
    [
      ['--forest-of', contoso.url.replace('/_wmcs', '/f/a/_wmcs')],
      2,
      new RegExp(`What is at ${contoso.ready.manage}/f/a is not the management`),
    ],
    [['--forest-of', contoso.ready.manage], 1, /Both installations are the forest contoso\.test/],
    [
      ['--forest-of', contoso.ready.manage, '--forest', 'x.test', '--partner-token', 'wrong'],
      2,
      /another management token/,
    ],
    [['--partner-token', 'x'], 2, /give --forest-of URL too/],
    [['--forest-of', 'nowhere'], 2, /must be a URL/],
  ] as const)
    t.match(await run(['up', '--port', '0', ...flags], { environment }), { code, stderr })
})
