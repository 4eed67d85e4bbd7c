/** How `up` ends before it has started, in a hurry, and killed; and that it disturbs nobody who shares its folder for temporary files. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { answers, childrenOf, isAlive, main, outcome, run, startUp } from './command.js'
import { until } from '../fixtures/until.js'

t.setTimeout(900_000)

t.test('a signal while it starts: it is never ready, its exit code says why, and nothing is left behind', async (t) => {
  const temporary = t.testdir()
  const cases = [
    ['SIGTERM', 143, 1],
    ['SIGINT', 130, 2],
  ] as const
  for (const [signal, code, count] of cases) {
    const child = spawn(process.execPath, [main, 'up', '--json', '--port', '0', '--root', '1', '--no-licensing'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = outcome(child)
    const children = (): readonly number[] => childrenOf(child.pid ?? 0)
    await until(() => children().length >= count, `${count} processes have begun`)
    const pids = children()
    child.kill(signal)
    t.match(await ended, { code, signal: null, stdout: '', stderr: /"Stopping, before everything has started/ })
    t.notOk(pids.some(isAlive), `${signal} after ${count} of 2 processes`)
    t.same(readdirSync(temporary), [])
  }
})

t.test('several that share a folder for temporary files: each has its own, whoever ends, and however', async (t) => {
  const temporary = t.testdir({ 'rms-emulator-of-somebody': { 'a-file': '' } })
  const environment = { TMPDIR: temporary }
  const first = await startUp([], { environment })
  const { port } = new URL(first.ready.manage)
  const sameElsewhere = ['--manage-host', '127.0.0.2', '--manage-port', port]
  const second = await startUp(sameElsewhere, { environment })
  const status = (manage: string) => run(['status', '--json', '--manage', manage], { environment })
  for (const { ready } of [first, second])
    t.equal((await status(ready.manage)).code, 0, `the token is found by the whole address ${ready.manage}`)
  t.equal((await status(first.ready.manage.replace('127.0.0.1', 'localhost'))).code, 0, 'localhost')

  const before = readdirSync(temporary).length
  await second.stop('SIGKILL')
  t.equal(readdirSync(temporary).length, before, 'nobody was there to remove what the killed one had')
  const third = await startUp(sameElsewhere, { environment })
  t.equal(readdirSync(temporary).length, before, 'the next one did: two folders more, two less')
  await third.stop()
  t.equal((await status(first.ready.manage)).code, 0, 'the first one has its token')

  // As a container with the same addresses would, which shares the folder.
  const elsewhere = join(temporary, 'rms-emulator-elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  const place = { network: 'net:[1]', host: '127.0.0.1', port: Number(port) }
  writeFileSync(join(elsewhere, 'management.json'), JSON.stringify({ token: 'of another network', place }))
  t.equal((await status(first.ready.manage)).code, 0, 'beside one in another network')

  await t.test('Ctrl-C says what it does, and a second one ends everything at once', async (t) => {
    const pids = childrenOf(first.child.pid ?? 0)
    t.equal(pids.length, 2)
    // A request that does not end keeps the balancer.
    const socket = connect(first.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    const head = [
      'POST /_wmcs/licensing/license.asmx HTTP/1.1',
      'Host: rms',
      'Content-Type: text/xml',
      'Content-Length: 9',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n<`)
    await until(() => answers(`${first.url}/licensing/license.asmx`), 'it serves')
    first.child.kill('SIGINT')
    await until(() => first.stderr().includes('"Stopping: servers finish'), 'it says that it stops')
    t.same(await first.stop('SIGINT'), { code: 130, signal: null })
    t.match(first.stderr(), /SIGINT again: everything ends at once/)
    await until(() => !pids.some(isAlive), 'all that it started has ended')
    t.same(readdirSync(temporary).toSorted(), ['rms-emulator-elsewhere', 'rms-emulator-of-somebody'])
  })
})

t.test('npx or npm start that is killed takes along what it started', async (t) => {
  const temporary = t.testdir()
  const args = [main, 'up', '--json', '--port', '0', '--root', '1', '--no-licensing']
  const start = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(args)}, { stdio: 'inherit' })`
  const npx = spawn(process.execPath, ['-e', start], {
    env: { ...process.env, TMPDIR: temporary, npm_execpath: '/npm/bin/npm-cli.js' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // It ends when its output does, which is that of `up`.
  const ended = outcome(npx)
  let said = ''
  npx.stdout.on('data', (text: string) => (said += text))
  await until(() => said.includes('"ready"'), 'it serves')
  npx.kill('SIGKILL')
  t.match(await ended, { signal: 'SIGKILL', stderr: /Stopping: servers finish what they are doing/ })
  t.same(readdirSync(temporary), [])
})
