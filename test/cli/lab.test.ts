/** The controls of the lab from the command line and from a program: the same as over HTTP. */
import { spawn, spawnSync } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { statusScreen } from '../../src/cli/status-screen.js'
import { plain } from '../../src/explain/paint.js'
import { startInstallation, type Installation, type InstallationStatus } from '../../src/index.js'
import { until } from '../fixtures/until.js'
import { main, outcome, run, type Outcome } from './command.js'

t.setTimeout(900_000)
setMaxListeners(0)
const log = pino({ level: 'silent' })
const installation = await startInstallation({ mode: 1, token: 'secret', log, scopes: 1 })
t.teardown(() => installation.close())

/** An answer within two seconds is asked for, and this machine may be busy: then the same is asked again, which changes nothing. */
async function lab(args: readonly string[], { manage }: Pick<Installation, 'manage'> = installation): Promise<Outcome> {
  const environment = { RMS_MANAGE: manage, RMS_TOKEN: 'secret' }
  const outcome = await run(['lab', ...args], { environment })
  return outcome.stderr.includes('did not answer within 2 s') ? lab(args, { manage }) : outcome
}
const json = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> =>
  JSON.parse((await lab([...args, '--json'])).stdout) as Readonly<Record<string, unknown>>
const status = async (): Promise<InstallationStatus> =>
  (await (
    await fetch(`${installation.manage}/status`, { headers: { authorization: 'Bearer secret' } })
  ).json()) as InstallationStatus

t.test('the clock is set, read and let go, in words and as JSON', async (t) => {
  t.match(await lab([]), {
    code: 0,
    stdout: /^Nothing is set: all is as in a product\.\nThe clock of the forest is real: 20/,
  })
  t.match(await lab(['clock', 'frozen', '2030-01-01T00:00:00Z']), {
    code: 0,
    stdout: 'The clock of the forest stands at 2030-01-01T00:00:00Z (at 1 server)\n',
  })
  t.match(await lab(['clock', 'advance', '-PT5M']), {
    stdout: /^The clock of the forest stands at 2029-12-31T23:55:00Z /,
  })
  t.match(await json('clock'), { mode: 'frozen', at: '2029-12-31T23:55:00Z', now: '2029-12-31T23:55:00Z' })
  t.match(await json(), { active: ['clock frozen at 2029-12-31T23:55:00Z'] })
  t.match(await json('clock', 'offset', '-P1D'), {
    event: 'clock',
    mode: 'offset',
    by: '-P1D',
    nodes: [{ node: 'root-1', reached: true }],
  })
  t.match(await lab(['clock', 'step', '2030-01-01T00:00:00Z', 'PT1S']), {
    stdout: /goes PT1S further with each request/,
  })
  const found = await status()
  t.same(found.lab, ['clock steps from 2030-01-01T00:00:00Z by PT1S'])
  t.match(statusScreen(found, 80, plain), '\n\nlab: clock steps from 2030-01-01T00:00:00Z by PT1S\n\n')
  t.match(await lab(['clear']), { code: 0, stdout: 'Ended: clock steps from 2030-01-01T00:00:00Z by PT1S.\n' })
  t.equal((await status()).lab, undefined)
})

t.test('the state is one word, the same from the command line and from a program', async (t) => {
  const hash = await installation.lab.stateHash()
  t.match(hash, /^[0-9a-f]{64}$/)
  t.match(await lab(['state-hash']), { code: 0, stdout: `${hash}\n` })
  t.same(await json('state-hash'), { hash })
})

t.test('a reset and snapshots: by commands, in files, and from a program', async (t) => {
  const hash = await installation.lab.stateHash()
  await installation.lab.clock.put({ mode: 'frozen', at: '2030-01-01T00:00:00Z' })
  t.match(await lab(['snapshot']), {
    code: 0,
    stdout: /^name .*\nstart +20\d\d-.*\nOne of now is kept by npx rms-emulator lab snapshot take NAME/,
  })
  t.match(await lab(['snapshot', 'take', 'later']), { code: 0, stdout: /later is kept.*lab snapshot restore later/ })
  t.match(await lab(['snapshot', 'list']), { code: 0, stdout: /later +20\d\d-/ })
  const { journal } = installation.lab
  await (await fetch(`${new URL(installation.url).origin}/my/v2/templates`)).text()
  t.not((await journal.list()).entries.length, 0)
  t.match(await json('reset'), { event: 'reset', nodes: [{ node: 'root-1', reached: true }] })
  t.equal(await installation.lab.stateHash(), hash)
  t.same((await journal.list()).entries, [], 'the journal begins anew')
  const file = join(t.testdir(), 'later.json')
  const secret = ['--password', 'of the file']
  t.match(await lab(['snapshot', 'export', 'later', file]), { code: 2, stderr: /needs a password/ })
  t.match(await lab(['snapshot', 'export', 'later', file, ...secret]), { code: 0, stdout: /later is in .*later\.json/ })
  t.match(await lab(['snapshot', 'export', 'later', file, ...secret]), {
    code: 1,
    stderr: /is there already: write over it with --force, or give another name\n/,
  })
  t.match(await lab(['snapshot', 'remove', 'later']), { code: 0, stdout: 'later is gone.\n' })
  t.match(await lab(['snapshot', 'restore', 'later']), { code: 1, stderr: /There is no snapshot "later"/ })
  t.match(await lab(['snapshot', 'import', 'later', file, '--password', 'wrong']), { code: 2, stderr: /not that of/ })
  writeFileSync(`${file}.password`, 'of the file\n')
  const imported = ['snapshot', 'import', 'again', file, '--password-file', `${file}.password`]
  t.match(await lab(imported), { code: 0, stdout: /is kept as again/ })
  t.match(await lab(['snapshot', 'import', 'again', `${file}.password`, ...secret]), {
    code: 2,
    stderr: /no file of a/,
  })
  t.match(await lab(['snapshot', 'import', file, ...secret]), {
    code: 0,
    stdout: /is kept as later\..*restore later\n/,
  })
  t.match(await lab(['snapshot', 'import', `${file}.password`, ...secret]), { code: 2, stderr: /no file of a/ })
  await lab(['snapshot', 'remove', 'later'])
  t.match(await lab(['snapshot', 'restore', 'again']), { code: 0, stdout: /^Everything is as in again at 1 server/ })
  t.match(await installation.lab.clock.read(), { mode: 'frozen' })
  const { snapshots } = installation.lab
  t.match(await snapshots.list(), [{ name: 'start' }, { name: 'again' }])
  const written = await snapshots.export('again', 'another')
  await snapshots.remove('again')
  t.match(await snapshots.import('third', written, 'another'), { name: 'third', hash: written.hash })
  await t.rejects(snapshots.import('third', {} as never, 'another'), { message: /no file of a snapshot/ })
  await t.rejects(snapshots.restore('fourth'), { message: /There is no snapshot "fourth": there is start, third/ })
  t.match(await installation.lab.reset(), { nodes: [{ node: 'root-1', reached: true }] })
  t.equal(await installation.lab.stateHash(), hash)
  t.match((await snapshots.take('third')).hash, hash)
  t.match(await snapshots.restore('third'), { nodes: [{ reached: true }] })
  await snapshots.remove('third')
})

t.test('lab export writes a file that only its owner may read, also over another', async (t) => {
  const file = join(t.testdir({ 'old.yaml': 'old' }), 'lab.yaml')
  t.match(await lab(['export', file]), { code: 0 })
  t.equal(statSync(file).mode & 0o777, 0o600)
  const old = join(file, '..', 'old.yaml')
  chmodSync(old, 0o644)
  t.match(await lab(['export', old]), { code: 1, stderr: /with --force, or give another name\n/ })
  t.match(await lab(['export', old, '--force']), { code: 0 })
  t.equal(statSync(old).mode & 0o777, 0o600)
  t.equal(readFileSync(old, 'utf8'), readFileSync(file, 'utf8'))
})

/** Of util-linux: it runs a command on a terminal of its own. */
const hasScript = spawnSync('script', ['--version']).status === 0
const withoutScript = { skip: !hasScript && 'there is no `script` (util-linux) here' }

t.test('a password that nobody sees is typed twice, and whoever leaves is told', withoutScript, async (t) => {
  const folder = t.testdir()
  await installation.lab.snapshots.take('typed')
  const questions = ['Password of the file: ', 'The same password again: ']
  /** Types each answer when it is asked for. */
  const typed = async (command: string, answers: readonly string[]) => {
    const child = spawn('script', ['-qfec', `"${process.execPath}" "${main}" lab snapshot ${command}`, '/dev/null'], {
      env: { ...process.env, SHELL: '/bin/sh', RMS_MANAGE: installation.manage, RMS_TOKEN: 'secret' },
    })
    let screen = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (screen += text))
    const ended = outcome(child)
    for (const [index, answer] of answers.entries()) {
      const question = questions[index] ?? ''
      await until(() => screen.includes(question) || child.exitCode !== null, question)
      child.stdin.write(answer)
    }
    const { code, stdout } = await ended
    return { code, stdout }
  }
  const exported = (name: string, answers: readonly string[]) => typed(`export typed "${folder}/${name}"`, answers)
  t.match(await exported('other', ['one\r', 'two\r']), { code: 2, stdout: /The two passwords are not the same/ })
  t.match(await exported('empty', ['\r']), { code: 2, stdout: /The password is empty/ })
  for (const end of ['\u0003', '\u0004'])
    t.match(await exported('left', ['one\r', end]), { code: 2, stdout: /No password was given: nothing was done/ })
  t.match(await exported('same', ['one\r', 'one\r']), { code: 0, stdout: /typed is in / })
  t.same(readdirSync(folder), ['same'])
  const imported = await typed(`import typed "${folder}/same"`, ['one\r'])
  t.match(imported, { code: 0, stdout: /is kept as typed/ }, 'once for a file that is there')
  await installation.lab.snapshots.remove('typed')
})

t.test('what cannot be is exit code 2, and says what would be right', async (t) => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['clock', 'offset', '5m'], /Did you mean "PT5M"/],
    [['clock', 'ofset', 'PT5M'], /did you mean "offset"/],
    [['clock', 'real', 'PT5M'], /lab clock real takes nothing behind it: "PT5M" is too much/],
    [['clock', 'step', '2030-01-01T00:00:00Z'], /"by" of the clock is missing/],
    [['clock', 'advance', '366d'], /Did you mean "P366D"/],
    [['clock', 'advance', 'PT1S', 'PT1S'], /takes one duration/],
    [['clock', '--jso'], /unknown option '--jso'/],
    [['clocks'], /did you mean "clock"/],
    [['snapshot', 'restor'], /did you mean "restore"/],
  ]
  for (const [args, text] of refused) t.match(await lab(args), { code: 2, stderr: text }, args.join(' '))
  t.same(await installation.lab.read().then(({ active }) => active), [])
})

t.test('a program does the same without HTTP', async (t) => {
  const { clock } = installation.lab
  const settled = async <Result>(change: () => Promise<Result>): Promise<Result> =>
    change().catch((error: Error) => {
      if (error.name === 'Problem' && error.message.includes('within 2 s')) return settled(change)
      throw error
    })
  const put = await settled(() => clock.put({ mode: 'frozen', at: '2030-01-01T00:00:00Z' }))
  t.match(put, { now: '2030-01-01T00:00:00Z', nodes: [{ node: 'root-1', reached: true }] })
  t.equal((await settled(() => clock.advance('P1Y'))).mode, 'frozen')
  t.match((await clock.read()).now, /^203[12]-01-01T00:00:00Z$/)
  t.equal((await fetch(`${new URL(installation.url).origin}/healthz`)).headers.get('date')?.slice(8, 11), 'Jan')
  await t.rejects(clock.advance('a year'), { name: 'LabInputError' })
  await t.rejects(clock.put({ mode: 'offset' } as never), { message: /"by" of the clock is missing/ })
  t.match(await settled(() => installation.lab.clear()), { nodes: [{ reached: true }] })
  t.same((await installation.lab.read()).active, [])
})

t.test('servers are paused, made slow and wrong, and whole again, in words and as JSON', async (t) => {
  t.match(await lab(['server']), { code: 0, stdout: /^server +cluster +what is set\nroot-1 +root +as in a product\n$/ })
  t.match(await lab(['server', 'skew', 'root-1', '-PT10M']), { code: 0, stdout: 'root-1: clock off by -PT10M.\n' })
  t.match(await lab(['server', 'slow', 'root-1', 'PT0.001S']), {
    stdout: 'root-1: clock off by -PT10M, slow by PT0.001S.\n',
  })
  t.match(await lab(['server', 'skew', 'root-1', '--end']), { stdout: 'root-1: slow by PT0.001S.\n' })
  t.match(await json('server', 'pause', 'root-1'), {
    event: 'server',
    node: 'root-1',
    paused: true,
    slow: 'PT0.001S',
    nodes: [{ node: 'root-1', reached: true }],
  })
  t.same((await status()).lab, ['server root-1: paused, slow by PT0.001S'])
  t.match((await status()).clusters[0]?.nodes[0], { state: 'down', reason: 'it is paused' })
  t.match(await lab(['server', 'resume', 'root-1']), { stdout: 'root-1: slow by PT0.001S.\n' })
  for (const name of ['stale', 'wrong-key-password', 'directory-away']) await lab(['server', name, 'root-1'])
  t.match(await lab(['server', 'unseen', 'root-1']), {
    stdout: 'root-1: slow by PT0.001S, stale configuration, wrong key password, directory away, unseen by balancers.\n',
  })
  t.match(await lab(['server', 'stale', 'root-1', '--end']), { stdout: /PT0.001S, wrong key password, directory away/ })
  t.match(await lab(['server', 'clear', 'root-1']), { stdout: 'root-1 is as in a product.\n' })
  t.match(await lab(['installation', 'log-queue-full']), { code: 0, stdout: 'For all servers: log queue full.\n' })
  t.match(await json('installation'), { logQueueFull: true })
  t.match(await lab(['installation', 'database-away']), { stdout: 'For all servers: database away, log queue full.\n' })
  t.match(await lab(['installation', 'log-queue-full', '--end']), { stdout: 'For all servers: database away.\n' })
  t.match(await lab(['installation', 'clear']), { stdout: /^Nothing is set for all servers/ })
  const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['server', 'paus', 'root-1'], 2, /did you mean "pause"/],
    [['server', 'pause', 'root-11'], 1, /did you mean root-1\?/],
    [['server', 'skew', 'root-1'], 2, /How much\?/],
    [['server', 'skew', 'root-1', '--jso'], 2, /unknown option '--jso'/],
    [['server', 'skew', 'root-1', '5m'], 2, /Did you mean "PT5M"/],
    [['installation', 'database'], 2, /did you mean "database-away"/],
    [['servers'], 2, /did you mean "server"/],
  ]
  for (const [args, code, text] of refused) t.match(await lab(args), { code, stderr: text }, args.join(' '))
  t.same((await installation.lab.read()).active, [])
})

t.test('a program does the same to servers', async (t) => {
  const { servers, installation: all } = installation.lab
  t.match(await servers.pause('root-1'), { node: 'root-1', paused: true })
  t.match(await servers.change('root-1', { slow: 'PT0.001S' }), { paused: true, slow: 'PT0.001S' })
  t.same(await servers.list(), [{ node: 'root-1', cluster: 'root', paused: true, slow: 'PT0.001S' }])
  t.notOk('paused' in (await servers.resume('root-1')))
  t.notOk('slow' in (await servers.put('root-1', { stale: true })))
  t.notOk('stale' in (await servers.remove('root-1')))
  await servers.put('root-1', { slow: 'PT0.001S' })
  t.equal((await fetch(`${installation.url}/licensing/license.asmx?wsdl`)).headers.get('x-lab'), 'server=slow')
  t.match(await installation.lab.journal.list({}, { limit: 1 }), { entries: [{ faults: ['server=slow'] }] })
  await servers.remove('root-1')
  t.match(await all.put({ databaseAway: true }), { databaseAway: true })
  t.same(await all.change({ databaseAway: false, logQueueFull: true }).then(() => all.read()), { logQueueFull: true })
  t.notOk('logQueueFull' in (await all.remove()))
  await t.rejects(servers.pause('root-2'), { message: /did you mean root-1/ })
  await t.rejects(servers.put('root-1', { pausd: true } as never), { name: 'LabInputError' })
})

t.test('healthcheck says in one line and by its exit code whether the installation is ready', async (t) => {
  const environment = { RMS_MANAGE: installation.manage }
  const check = (...args: readonly string[]): Promise<Outcome> => run(['healthcheck', ...args], { environment })
  t.match(await check(), { code: 0, stdout: `ready: ${installation.manage}/readyz: root by root-1\n`, stderr: '' })
  const origin = new URL(installation.url).origin
  t.match(await check('--url', `${origin}/_wmcs`), { code: 0, stdout: `ready: ${origin}/readyz: root-1\n` })
  await installation.lab.servers.put('root-1', { unseen: true })
  t.match(await check(), {
    code: 1,
    stdout: /^not ready: \S+: root has no server that is ready \(root-1: down, It is set/,
  })
  t.match(await check('--url', origin), { code: 1, stdout: /^not ready: .* balancers do not see this server/ })
  t.match(JSON.parse((await check('--json')).stdout), {
    event: 'healthcheck',
    ready: false,
    answer: { status: 'unable' },
  })
  t.equal((await fetch(`${installation.manage}/readyz`)).status, 503)
  await installation.lab.clear()
  t.match(await check('--json'), { code: 0, stdout: /"ready":true/ })
  t.match(await check('--url', 'http://127.0.0.1:1'), { code: 1, stdout: /^not ready: .*ECONNREFUSED/ })
  t.match(await check('--url', installation.manage.replace('http://', '')), { code: 2, stderr: /must be a URL/ })
})

t.test('what was set for servers ends with the installation, its clock and faults do not', async (t) => {
  const data = t.testdir({})
  const before = await startInstallation({ mode: 1, data, log })
  await before.lab.servers.pause('root-1')
  await before.lab.installation.put({ databaseAway: true })
  await before.lab.faults.put('busy', { effect: { http: 503 } })
  await before.close()
  await t.rejects(startInstallation({ data, log, keyPassword: 'another one' }), { name: 'WrongKeyPassword' })
  const after = await startInstallation({ data, log })
  t.teardown(() => after.close())
  t.same((await after.lab.read()).active, ['fault busy'])
  t.equal((await fetch(`${after.manage}/readyz`)).status, 200)
})

t.test('scopes are made, shown and removed, and commands are about one', async (t) => {
  const site = installation.url.replace(/\/_wmcs$/, '')
  t.match(await lab(['scopes']), { code: 0, stdout: /^There is none yet, and there may be 1: / })
  t.match(await json('scopes', 'put', 'suite-a'), { event: 'scope', name: 'suite-a', url: `${site}/f/suite-a/_wmcs` })
  t.match(await lab(['scopes']), { stdout: `suite-a  ${site}/f/suite-a/_wmcs` })
  t.match(statusScreen(await status(), 120, plain), `\n\nscopes: suite-a; up to 1, at ${site}/f/`)
  t.match(await lab(['faults', 'put', 'gone', 'template-deleted', '--scope', 'suite-a']), { code: 0 })
  t.match(await json('--scope', 'suite-a'), { active: ['fault gone'] })
  t.match(await lab(['--manage', `${installation.manage}/f/suite-a`]), { stdout: /^- fault gone/ })
  t.match(await json(), { active: [] }, 'the installation has nothing of it')
  t.match(await run(['healthcheck', '--manage', installation.manage, '--scope', 'suite-a']), { code: 0 })
  t.match(await lab(['scopes', 'put', 'suite b']), { code: 2, stderr: /such as "suite-b"/ })
  t.match(await lab(['scopes', 'put', 'suite-b']), { code: 1, stderr: /There is 1 scope already \(suite-a\)/ })
  t.match(await lab(['scopes', 'remove', 'suite-b']), { code: 1, stderr: /did you mean "suite-a"\?/ })
  t.match(await lab(['scopes', 'remov', 'suite-a']), { code: 2, stderr: /did you mean "remove"\?/ })
  t.match(await lab(['scopes', 'remove', 'suite-a']), { code: 0, stdout: 'suite-a is gone.\n' })
  t.match(await lab(['scopes', 'clear']), { code: 0, stdout: 'There was none.\n' })
  t.match(await run(['healthcheck', '--manage', installation.manage, '--scope', 'suite-a']), { code: 1 })
})

t.test('the settings that it was started with, and where each is from', async (t) => {
  t.match(await lab(['config']), {
    code: 0,
    stdout: /^setting +value +from\n[^]*^token +\(hidden\) +option$[^]*^mode +1 +option$[^]*^scopes +1 +option$/m,
    stderr: '',
  })
  const found = await installation.lab.config()
  t.same(await json('config'), found)
  t.match(found, { by: 'startInstallation', servers: [], gaps: [] })
  t.notMatch(JSON.stringify(found), /"secret"/)
  const inScope = await run(['lab', 'config', '--json'], {
    environment: { RMS_MANAGE: `${installation.manage}/f/settings`, RMS_TOKEN: 'secret' },
  })
  t.same(JSON.parse(inScope.stdout), found, 'a scope has those of its installation')
  await installation.lab.scopes.clear()
})

t.test('without a lab all of it is refused', async (t) => {
  const without = await startInstallation({ mode: 1, token: 'secret', log, lab: false })
  t.teardown(() => without.close())
  for (const args of [
    [],
    ['clock'],
    ['clock', 'real'],
    ['clear'],
    ['state-hash'],
    ['reset'],
    ['snapshot'],
    ['server', 'pause', 'root-1'],
    ['installation'],
    ['scopes'],
    ['config'],
    ['documents'],
    ['documents', '--clear'],
  ])
    t.match(await lab(args, without), { code: 1, stderr: /started with --no-lab/ }, args.join(' '))
  await t.rejects(without.lab.clock.advance('P1D'), { message: /no controls of a lab/ })
  await t.rejects(without.lab.servers.pause('root-1'), { message: /no controls of a lab/ })
  await t.rejects(without.lab.installation.put({ databaseAway: true }), { message: /no controls of a lab/ })
  await t.rejects(without.lab.clear(), { message: /no controls of a lab/ })
  await t.rejects(without.lab.config(), { message: /no controls of a lab/ })
})
