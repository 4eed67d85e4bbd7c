/** `up` as a process: how it starts, what it shows, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { seedPassword } from '../../src/directory/seed.js'
import { until } from '../fixtures/until.js'
import { answers, childrenOf, isAlive, main, run, startUp } from './command.js'

t.setTimeout(900_000)

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
