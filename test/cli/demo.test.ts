/** The demo with a server of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { jsonLines, main, outcome, run } from './command.js'

const temporary = t.testdir({ one: {}, two: {}, tls: {}, broken: {} })

t.test('both modes end with 0 and leave nothing behind', async (t) => {
  const [second, first] = await Promise.all([
    run(['demo'], { environment: { TMPDIR: `${temporary}/two` } }),
    run(['demo', '--crypto-mode', '1', '--json'], { environment: { TMPDIR: `${temporary}/one` } }),
  ])
  t.equal(second.code, 0, second.stderr)
  t.match(second.stdout, /^ok +\d+ ms {2}start a server of our own$/m)
  t.match(second.stdout, /mallory tries: refused: .*NoRightsForRequestedPrincipalException/)
  t.match(second.stdout, /Every byte came back, and mallory was refused every time\.\n$/)
  t.match(second.stderr, /^Protecting a text of our own, \d+ bytes, sha256 [0-9a-f]{64}$/m)
  t.notMatch(second.stdout + second.stderr, '\u001B[', 'no colors in a pipe')
  t.equal(first.code, 0, first.stderr)
  t.match(jsonLines(first).at(-1), { event: 'done', ok: true })
  t.same([readdirSync(`${temporary}/one`), readdirSync(`${temporary}/two`)], [[], []])
})

t.test('over REST it ends with 0 too: challenge, token, file, and across to SOAP', async (t) => {
  const told = await run(['demo', '--rest', '--json'])
  t.equal(told.code, 0, told.stderr)
  t.match(jsonLines(told).at(-1), { event: 'done', ok: true })
  t.match(told.stdout, /"bob opens it over SOAP","ok":true/)
  t.match(told.stdout, /"mallory tries over REST","ok":true[^}]*AccessDenied/)
})

t.test('over REST and https', async (t) => {
  const told = await run(['demo', '--rest', '--tls', '--json'])
  t.equal(told.code, 0, told.stderr)
  t.match(jsonLines(told).at(-1), { event: 'done', ok: true })
})

t.test('the same over https, signed in by NTLM', async (t) => {
  const demo = await run(['demo', '--tls', '--sign-in', 'ntlm', '--json'], {
    environment: { TMPDIR: `${temporary}/tls` },
  })
  t.equal(demo.code, 0, demo.stderr + demo.stdout)
  t.match(jsonLines(demo).at(-1), { event: 'done', ok: true })
  t.same(readdirSync(`${temporary}/tls`), [])
})

t.test('cut short, it stops its server, removes its folder and does not claim success', async (t) => {
  const child = spawn(process.execPath, [main, 'demo', '--json'], {
    env: { ...process.env, TMPDIR: `${temporary}/broken` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = outcome(child)
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  t.match(await ended, { code: 130, signal: null })
  t.same(readdirSync(`${temporary}/broken`), [])
})
