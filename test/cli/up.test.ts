/** `up` as a process: its flags, what it keeps, what it refuses, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import {
  certify,
  connect,
  getClientLicensorCert,
  labTrustRoot,
  readyMachine,
  type CallFailed,
  type ClientContext,
  type RmsClient,
  type SoapFault,
} from '../../src/client/index.js'
import type { ConfigReading } from '../../src/administration/lab/config.js'
import type { DocumentPage } from '../../src/administration/lab/documents.js'
import { seedPassword } from '../../src/directory/seed.js'
import { systemClock, systemRandom } from '../../src/effects.js'
import { answers, childrenOf, isAlive, main, run, startUp } from './command.js'
import { until } from '../fixtures/until.js'

t.setTimeout(280_000)

const clusterDecommissioned = 'Microsoft.RightsManagementServices.ClusterDecommissionedException'

function connectTo(
  url: string,
  user: string,
  more: { folder?: string; anonymous?: boolean; mode?: 1 | 2 } = {},
): RmsClient {
  const { folder, anonymous = false, mode = 2 } = more
  const credentials = anonymous ? {} : { user: `CONTOSO\\${user}`, password: seedPassword }
  return connect({
    url,
    ...credentials,
    machine: readyMachine(`${user}-pc-mode${mode}`),
    ...(folder === undefined ? {} : { folder }),
  })
}

/** For calls at an address that the documents do not name. */
function signedInAs(user: string): ClientContext {
  const credentials = { user: `CONTOSO\\${user}`, password: seedPassword }
  return { credentials, trustRoots: [labTrustRoot(2)], clock: systemClock, random: systemRandom }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const seedFile = `
builtIn: false
accounts:
  - { name: dave, mail: dave@contoso.test, password: Secret1! }
clusters:
  - { name: root, servers: 2, mode: 1 }
  - name: legal
    templates:
      - guid: 9a23d98e-4449-4ba5-812a-f30808f3cb16
        texts: [{ lcid: 1033, name: Figures, description: For dave }]
        grants: [{ to: dave@contoso.test, rights: [VIEW] }]
faults:
  gone: { effect: { http: 503 }, match: { node: root-2, user: dave, userAgent: nobody }, seed: 1 }
`

const forBob = { rights: [{ to: 'bob@contoso.test', rights: ['VIEW'] }] }
const content = Buffer.from('figures')

t.test(
  'SIGINT, SIGTERM: everything stops, the ports are free, the temporary folder is gone, exit code 0',
  async (t) => {
    const temporary = t.testdir({ SIGINT: {}, SIGTERM: {} })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const folder = join(temporary, signal)
      const server = await startUp([], { environment: { TMPDIR: folder } })
      t.equal(readdirSync(folder).length, 2, 'the state, and the token for other commands')
      const idle = await fetch(`${server.url}/licensing/license.asmx`)
      t.equal(idle.status, 200, 'a kept-alive connection does not keep the server')
      // The reader of the ready line goes away, as `| head -1` does.
      server.child.stdout?.destroy()
      if (signal === 'SIGINT') server.child.stderr?.destroy()
      t.same(await server.stop(signal), { code: 0, signal: null })
      t.notOk(await answers(server.url))
      t.notOk(await answers(server.ready.manage))
      t.same(readdirSync(folder), [])
    }
  },
)

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

t.test('SIGKILL while it starts: what it had started ends too, whatever it was doing', async (t) => {
  const temporary = t.testdir()
  for (const count of [1, 2, 3]) {
    const child = spawn(process.execPath, [main, 'up', '--port', '0', '--root', '2', '--no-licensing'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: 'ignore',
    })
    const children = (): readonly number[] => childrenOf(child.pid ?? 0)
    await until(() => children().length >= count, `${count} processes have begun`)
    const pids = children()
    child.kill('SIGKILL')
    await until(() => !pids.some(isAlive), `all ${pids.length} have ended`)
    t.pass(`after ${count} of 3 processes`)
  }
})

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

t.test(
  '--seed-file: clusters, accounts and templates of a file; lab export writes one that makes the same',
  async (t) => {
    const folder = t.testdir({ 'lab.yaml': seedFile, 'wrong.yaml': 'accounts:\n  - nam: dave\n' })
    const surroundings = { cwd: folder }
    const up = ['up', '--port', '0', '--seed-file']
    t.match(await run([...up, 'wrong.yaml'], surroundings), {
      code: 2,
      stderr: /^wrong\.yaml:2:5: accounts\[0\] lacks the key "name"\nwrong\.yaml:2:5: .* did you mean "name"\?\n$/,
    })
    t.match(await run([...up, 'lab.yaml', '--root', '2'], surroundings), {
      code: 2,
      stderr: /^lab\.yaml says which clusters there are, and so does --root .*: leave one of them out/,
    })
    t.match(await run([...up, 'lab.yaml', '--no-lab'], surroundings), { code: 2, stderr: /--no-lab/ })

    const flags = ['--seed-file', join(folder, 'lab.yaml'), '--data', join(folder, 'data'), '--log-level', 'silent']
    const server = await startUp(flags)
    const legal = server.ready.clusters[1]
    t.match(
      server.ready.clusters.map(({ name, kind, nodes }) => [name, kind, nodes.length]),
      [
        ['root', 'root', 2],
        ['legal', 'licensing', 1],
      ],
    )
    t.same(server.ready.lab, ['fault gone'])
    const client = { machine: readyMachine('alice-pc-mode1') }
    const dave = connect({ url: legal?.url ?? '', user: 'dave', password: 'Secret1!', ...client })
    t.same(
      (await dave.templates()).map(({ guid }) => guid),
      ['{9a23d98e-4449-4ba5-812a-f30808f3cb16}'],
      'the first request finds it: servers had it when they began to serve',
    )
    const environment = { RMS_MANAGE: server.ready.manage, RMS_TOKEN: server.ready.token ?? '' }
    const exported = await run(['lab', 'export', 'copy.yaml'], { ...surroundings, environment })
    t.match(exported, { code: 0, stdout: /^copy\.yaml is written\. .* npx rms-emulator up --seed-file copy\.yaml$/m })
    t.match(await run(['lab', 'export', 'lab.yaml'], { ...surroundings, environment }), { code: 1, stderr: /--force/ })
    const printed = await run(['lab', 'export'], { ...surroundings, environment })
    t.equal(printed.stdout, readFileSync(join(folder, 'copy.yaml'), 'utf8'))
    t.match(parse(printed.stdout), {
      builtIn: false,
      faults: { gone: { effect: { http: 503 }, match: { node: ['root-2'] }, seed: 1 } },
      accounts: [{ name: 'dave', mail: 'dave@contoso.test', password: 'Secret1!' }, { name: 'rms-service' }],
      clusters: [
        { name: 'root', servers: 2, mode: 1, templates: undefined },
        { name: 'legal', servers: 1 },
      ],
    })
    await server.stop()

    writeFileSync(join(folder, 'lab.yaml'), seedFile.replaceAll('dave@', 'david@'))
    t.match(await run([...up, 'lab.yaml', '--data', 'data'], surroundings), {
      code: 1,
      stderr: /^This installation was made from a seed file that said something else/,
    })
  },
)

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

t.test('addresses, limits and access lists', async (t) => {
  const folder = t.testdir()
  const db = join(folder, 'deep', 'own.sqlite')
  const flags = [
    '--host',
    '0.0.0.0',
    '--public-url',
    'http://rms.contoso.test:8080/_wmcs/',
    '--body-limit',
    '20000',
    '--db',
    db,
    '--log-xrml',
  ]
  const port = await freePort()
  const server = await startUp([
    ...flags,
    '--port',
    String(port),
    '--manage-port',
    '0',
    '--admit',
    'certification=legal@contoso.test',
    '--admit',
    'publish=ANONYMOUS',
    '--oauth-client',
    'com.contoso.app=com.contoso.app://authorize',
    '--oauth-client',
    'com.contoso.app=https://client.test.app?a=b',
  ])
  t.teardown(async () => void (await server.stop()))
  const own = `http://127.0.0.1:${port}`
  t.equal(server.url, 'http://rms.contoso.test:8080/_wmcs')
  const bob = await certify(signedInAs('bob'), `${own}/_wmcs/certification`, readyMachine('bob-pc-mode2'))
  t.ok(bob, '--admit: bob is in legal')
  const { clc } = await getClientLicensorCert(
    { ...signedInAs('bob'), credentials: undefined },
    `${own}/_wmcs/licensing`,
    bob,
  )
  t.equal(clc.licensingUrl, 'http://rms.contoso.test:8080/_wmcs/licensing', '--public-url stands in issued documents')
  for (const address of ['com.contoso.app://authorize', 'https://client.test.app?a=b']) {
    const query = new URLSearchParams({ response_type: 'code', client_id: 'com.contoso.app', redirect_uri: address })
    t.equal((await fetch(`${own}/adfs/oauth2/authorize?${query.toString()}`)).status, 200, '--oauth-client')
  }
  const post = (size: number): Promise<Response> =>
    fetch(`${own}/_wmcs/licensing/publish.asmx`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: 'x'.repeat(size),
    })
  t.equal((await post(20_001)).status, 413, '--body-limit')
  t.not((await post(2_000)).status, 413)
  const alice = certify(signedInAs('alice'), `${own}/_wmcs/certification`, readyMachine('alice-pc-mode2'))
  await t.rejects(alice, { status: 401 } as Partial<CallFailed> & Error, '--admit: alice is not')
  t.ok(readdirSync(join(folder, 'deep')).includes('own.sqlite'), '--db')
  t.ok(await answers(`http://127.0.0.2:${port}/healthz`), '--host')
  const config = await run(['lab', 'config', '--json', '--manage', server.ready.manage], {
    environment: { RMS_TOKEN: server.ready.token ?? '' },
  })
  const { by, settings, servers } = JSON.parse(config.stdout) as ConfigReading
  t.same([by, servers], ['up', []])
  const shown = settings.map(({ name, value, from }) => [name, value, from].join(' '))
  for (const setting of [`port ${port} --port`, 'host 0.0.0.0 --host', 'db (hidden) --db', 'profile 2016 default'])
    t.ok(shown.includes(setting), setting)
})

t.test('for people: addresses that answer, and commands that work as they are printed', async (t) => {
  const child = spawn(process.execPath, [main, 'up', '--port', '0', '--root', '1', '--no-licensing'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (text.includes('Ctrl-C')) resolve()
    })
  })
  for (const word of [
    'a lab',
    'certification',
    'licensing',
    'management token',
    'alice@contoso.test',
    seedPassword,
    'Mode 2',
    '--data DIR',
  ])
    t.match(text, word)
  t.notMatch(text, '\u001B[')
  const printed = [...text.matchAll(/ npx rms-emulator (.+)$/gm)].map(([, command = '']) => command.split(' '))
  t.same(
    printed.map(([command]) => command),
    ['demo', 'status', 'add-server', 'management-token'],
  )
  for (const command of printed) t.match(await run(command), { code: 0 }, command.join(' '))
  const token = /management token +(\S+)/.exec(text)?.[1] ?? ''
  t.match(await run(printed.at(-1) ?? []), { stdout: `${token}\n` })
  for (const [url] of text.matchAll(/https?:\/\/\S+\/docs/g)) t.equal((await fetch(url)).status, 200, url)
  child.kill('SIGINT')
  await once(child, 'close')
  t.equal(child.exitCode, 0)
})
