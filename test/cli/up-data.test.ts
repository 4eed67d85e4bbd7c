/** `up --data`: what outlives the process, and what does not begin again. */
import { join } from 'node:path'
import t from 'tap'
import type { DocumentPage } from '../../src/administration/lab/documents.js'
import type { SoapFault } from '../../src/client/index.js'
import { run, startUp } from './command.js'
import { connectTo, content, forBob } from './up-clients.js'

t.setTimeout(900_000)

const clusterDecommissioned = 'Microsoft.RightsManagementServices.ClusterDecommissionedException'

t.test('--data: accounts, keys and licenses outlive the process; others are refused meanwhile', async (t) => {
  const folder = t.testdir()
  const data = join(folder, 'lab')
  const mode1 = ['--crypto-mode', '1', '--invert-persistent']
  const first = await startUp(['--data', data, ...mode1, '--keep-documents', '--log-level', 'silent'])
  const alice = connectTo(first.url, 'alice', { mode: 1, folder: join(folder, 'alice') })
  const bob = connectTo(first.url, 'bob', { mode: 1, folder: join(folder, 'bob') })
  const pfile = await alice.protectFile(content, '.txt', forBob)
  const { account } = await bob.bootstrap()
  t.equal(account.rac.account.publicKey?.bits, 1024, '--crypto-mode 1')
  const days = ({ from, until }: { readonly from: Date; readonly until: Date }): number =>
    (until.getTime() - from.getTime()) / 86_400_000
  t.ok(days(account.rac.validity) < 2, '--invert-persistent: true asks for a temporary RAC')
  await bob.certify({ persistent: false })

  await t.test('a second installation on the same data', async (t) => {
    const second = await run(['up', '--port', '0', '--data', data])
    t.match(second, {
      code: 1,
      stdout: '',
      stderr:
        /^An installation already runs on .*rms\.sqlite\. Use that one, stop it, or give this one a folder of its own\n$/,
    })
  })
  await t.test('a port that is taken', async (t) => {
    const [taken, managed] = await Promise.all([
      run(['up', '--port', String(first.port), '--manage-port', '0']),
      run(['up', '--port', '0', '--manage-port', new URL(first.ready.manage).port]),
    ])
    t.match(taken, {
      code: 1,
      stdout: '',
      stderr: new RegExp(`Port ${first.port} of 127\\.0\\.0\\.1 is taken.* --port N, or --port 0`),
    })
    t.match(managed, { code: 1, stdout: '', stderr: /is taken.* --manage-port N/ })
    t.notMatch(managed.stderr, /node is ready/, 'found before anything was started')
  })
  t.equal(first.stderr(), '', '--log-level silent')
  await first.stop()

  const wrong = await run(['up', '--port', '0', '--data', data, '--key-password', 'wrong'])
  t.match(wrong, { code: 1, stdout: '', stderr: /password of its cluster/ })
  t.notMatch(wrong.stderr, /\n\s+at /)

  // The mode is that of its making; the address has to be the same for what is out there.
  const again = await startUp([
    '--data',
    data,
    '--port',
    String(first.port),
    '--manage-port',
    '0',
    '--crypto-mode',
    '2',
    '--signer',
    'forge',
    '--signer-threads',
    '1',
  ])
  t.match(again.stderr(), /"level":30/, 'logs on stderr, as JSON in a pipe')
  t.match(again.stderr(), /--crypto-mode is 1, with which it was made/, 'what kept data do with a setting is said')
  t.match(again.stderr(), /--invert-persistent was true and is false from this start on/)
  const kept = connectTo(again.url, 'bob', { mode: 1, folder: join(folder, 'bob') })
  t.same((await kept.openFile(pfile)).plain, content, 'a RAC made before the restart licenses after it')
  const documents = await fetch(`${again.ready.manage}/lab/documents?kind=RAC&account=bob&limit=1000`, {
    headers: { authorization: `Bearer ${again.ready.token}` },
  })
  const racs = ((await documents.json()) as DocumentPage).documents
  const made = account.rac.document.text
  t.ok(
    racs.some(({ characters, kept }) => characters === made.length && kept === true),
    '--keep-documents: it passed at a server that is gone',
  )
  const fresh = await connectTo(again.url, 'bob', { mode: 1 }).bootstrap()
  t.equal(
    fresh.account.rac.account.publicKey?.modulus,
    account.rac.account.publicKey?.modulus,
    'an account keeps its key pair',
  )
  await again.stop()
})

t.test('--decommissioned cannot be undone', async (t) => {
  const data = join(t.testdir(), 'lab')
  const admit = ['--admit', 'decommission=ANONYMOUS']
  const first = await startUp(['--data', data, '--seed', '42', '--clock', 'PT1S'])
  t.match(first.ready, { seed: { seed: '42', of: 'everything' }, lab: ['clock offset PT1S'] })
  const alice = connectTo(first.url, 'alice')
  const published = await alice.publish(forBob)
  await first.stop()
  for (const flags of [['--decommissioned'], []]) {
    const server = await startUp([
      '--data',
      data,
      '--port',
      String(first.port),
      '--manage-port',
      '0',
      ...admit,
      ...flags,
    ])
    const told = flags.join('') || 'without the flag'
    await t.rejects(
      connectTo(server.url, 'alice').certify(),
      { exceptionName: clusterDecommissioned } as Partial<SoapFault> & Error,
      told,
    )
    const key = await connectTo(server.url, 'alice', { anonymous: true }).acquireContentKey(published.text)
    t.same(key, published.contentKey.key, told)
    await server.stop()
  }
})
