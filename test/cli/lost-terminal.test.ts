/** The window of an installation is closed while it runs: all of it ends, and nothing is left behind. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { until } from '../fixtures/until.js'
import { answers, main } from './command.js'

t.setTimeout(900_000)

/** Of util-linux: it runs a command on a terminal of its own. */
const hasScript = spawnSync('script', ['--version']).status === 0

t.test(
  'up ends when its terminal is gone',
  { skip: !hasScript && 'there is no `script` (util-linux) here' },
  async (t) => {
    const folder = t.testdir({ temporary: {} })
    const up = `"${process.execPath}" "${main}" up --port 0 --manage-port 0 --root 1 --no-licensing`
    // The shell hands the signal on, as one does in which people type, and tells how the command ended.
    const command = `trap 'kill -HUP $up' HUP; ${up} & up=$!; wait $up; wait $up; echo "ended with $?" > "${folder}/end"`
    const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, SHELL: '/bin/sh', TMPDIR: `${folder}/temporary` },
    })
    let screen = ''
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => void (screen += text))
    await until(() => screen.includes('Ctrl-C stops everything'), 'up is ready')
    const manage = /http:\/\/[\d.:]+(?=\/docs)/.exec(screen.slice(screen.indexOf('management')))?.[0] ?? ''
    t.ok(await answers(`${manage}/healthz`))
    terminal.kill('SIGKILL')
    await until(() => existsSync(`${folder}/end`), 'up has ended')
    t.equal(readFileSync(`${folder}/end`, 'utf8'), 'ended with 0\n')
    t.notOk(await answers(`${manage}/healthz`))
    t.same(readdirSync(`${folder}/temporary`), [])
  },
)
