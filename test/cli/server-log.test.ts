/** The log of a server process: lines for people on a terminal, JSON in a pipe and in a file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hasColors } from '../../src/cli/colors.js'
import { openServerLog } from '../../src/cli/server-log.js'
import { createStartingLine, startingText } from '../../src/cli/starting-line.js'
import { systemClock, systemTimers } from '../../src/effects.js'

function screen(isTTY: boolean): {
  readonly isTTY: boolean
  readonly columns: number
  write(text: string): void
  text: string
} {
  return {
    isTTY,
    columns: 80,
    text: '',
    write(more) {
      this.text += more
    },
  }
}

/** As a server logs it, in a process of its own. */
function line(facts: object): string {
  return JSON.stringify({ level: 30, time: 0, server: 'root-1', ...facts })
}
const served = line({ operation: 'Certify', user: 'CONTOSO\\alice', ms: 3, msg: 'served' })
const plain = (text: string): string => text.replace(/\u001B\[[\d;]*m/g, '')

t.test('on a terminal: a line for each request and for what happens to servers, and nothing else', async (t) => {
  const shown = screen(true)
  const { log, relay, begin } = await openServerLog({ logLevel: undefined, logFile: undefined }, shown)
  relay(line({ level: 40, node: 'root-1', msg: 'node root-1 is down', reason: 'no answer yet' }))
  const upgraded = 'the database was upgraded from schema version 3 to 4; as it was it is in /lab/rms.sqlite.schema-3'
  log.info({ news: true }, upgraded)
  log.warn({ cluster: 'legal', news: true }, 'it was at http://127.0.0.1:7003/_wmcs')
  t.equal(shown.text, '', 'nothing while somebody else has the screen')
  begin()
  t.match(
    plain(shown.text).replaceAll(/\s+/g, ' '),
    new RegExp(`^\\S+ ${upgraded} \\S+ legal it was at http://127\\.0\\.0\\.1:7003/_wmcs $`),
    'it is said when it is free',
  )
  const events: readonly (readonly [string, RegExp | ''])[] = [
    [served, /^\d\d:\d\d:\d\d root-1 +Certify +alice +served +3\.0 ms\n$/],
    [line({ msg: 'configuration reloaded', configurationVersion: 7 }), ''],
    [line({ node: 'root-2', reason: '/readyz answered 200', msg: 'node root-2 is ready' }), /^\S+ root-2 is ready\n$/],
    [
      line({ level: 40, node: 'root-2', reason: 'it hangs', msg: 'node root-2 is down' }),
      /^\S+ root-2 is down: it hangs\n$/,
    ],
    [
      line({ node: 'root-2', reason: 'asked to drain', msg: 'node root-2 drains' }),
      /^\S+ root-2 drains: asked to drain\n$/,
    ],
    [line({ node: 'root-2', msg: 'node root-2 has left' }), /^\S+ root-2 has left\n$/],
    [line({ server: undefined, msg: 'set in the lab: fault gone' }), /^\S+ set in the lab: fault gone\n$/],
    [line({ msg: 'the database is back' }), /^\S+ root-1 the database is back\n$/],
    ['Segmentation fault', /^\S+ Segmentation fault\n$/],
    [
      line({ path: '/\u001b[2J\u0007', status: 404, why: 'there is no such path', msg: 'refused' }),
      /^\S+ root-1 +\/·\[2J· +refused 404\b/,
    ],
  ]
  for (const [logged, expected] of events) {
    shown.text = ''
    relay(logged)
    if (expected === '') t.equal(shown.text, '', logged)
    else t.match(plain(shown.text), expected, logged)
  }
  shown.text = ''
  log.warn({ process: 'root-2', how: 'signal SIGKILL' }, 'a process died')
  t.match(plain(shown.text), /^\S+ root-2 died: signal SIGKILL\n$/)
})

t.test('in a pipe: lines of JSON as they come', async (t) => {
  const shown = screen(false)
  const { log, relay } = await openServerLog({ logLevel: undefined, logFile: undefined }, shown)
  relay(served)
  relay('no JSON at all')
  log.info({ clusters: 2 }, 'all clusters serve')
  const [first, second, third] = shown.text.split('\n')
  t.equal(first, served)
  t.equal(second, 'no JSON at all')
  t.match(JSON.parse(third ?? ''), { level: 30, clusters: 2, msg: 'all clusters serve' })
})

t.test('--log-file takes the whole log, and the terminal has its lines all the same', async (t) => {
  const file = join(t.testdir({}), 'up.log')
  const shown = screen(true)
  const { log, relay, begin } = await openServerLog({ logLevel: 'debug', logFile: file }, shown)
  begin()
  relay(served)
  log.debug('a detail')
  t.match(readFileSync(file, 'utf8'), /"msg":"served"\}\n.*"msg":"a detail"/s)
  t.match(plain(shown.text), /^\S+ root-1 +Certify [^\n]*\n$/)
  await t.rejects(openServerLog({ logLevel: undefined, logFile: '/nowhere/up.log' }, shown), {
    name: 'Failure',
    message: '--log-file /nowhere/up.log cannot be written: there is no such file or folder',
  })
})

t.test('a log file on a full disk ends nothing: it is said once on the screen, and what is lost is lost', async (t) => {
  const told = '--log-file /dev/full cannot be written: the disk is full. Lines of the log are lost until it can'
  for (const isTTY of [true, false]) {
    const shown = screen(isTTY)
    const { log, relay } = await openServerLog({ logLevel: undefined, logFile: '/dev/full' }, shown)
    log.info('a line')
    relay(served)
    t.equal(plain(shown.text).replace(/\s+/g, ' ').split(told).length, 2, isTTY ? 'on a terminal' : 'in a pipe')
    if (!isTTY) t.match(JSON.parse(shown.text), { level: 50, msg: told })
  }
})

t.test('colors: NO_COLOR, then FORCE_COLOR, then whether it is a terminal', async (t) => {
  const terminal = { isTTY: true }
  const cases: readonly (readonly [{ readonly isTTY?: boolean }, Record<string, string>, boolean])[] = [
    [terminal, {}, true],
    [{}, {}, false],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { NO_COLOR: '' }, true],
    [{}, { FORCE_COLOR: '1' }, true],
    [terminal, { FORCE_COLOR: '0' }, false],
    [terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ]
  for (const [stream, environment, expected] of cases)
    t.equal(hasColors(stream, environment), expected, JSON.stringify({ stream, environment }))
})

t.test('while it starts: one line says what is waited for, and is no wider than the terminal', async (t) => {
  const parts = [
    { name: 'balancer of root', isReady: true },
    { name: 'keys of root', isReady: false },
    { name: 'root-1', isReady: false },
  ]
  const text = startingText(parts, { tick: 0, seconds: 3.9, width: 80 })
  t.match(text, /^\S Starting 1 of 3 ready, waiting for keys of root, root-1 {2}3 s$/)
  const more = [...parts, { name: 'balancer of licensing', isReady: false }]
  t.match(
    startingText(more, { tick: 13, seconds: 3.9, width: 80 }),
    /^\S Starting 1 of 4 ready, waiting for keys of root, root-1 and 1 more {2}3 s$/,
    'names are whole',
  )
  t.match(startingText(parts, { tick: 13, seconds: 3.9, width: 40 }), /^\S Starting 1 of 3 ready {2}3 s$/)
  const written: string[] = []
  const ofNoWidth = { isTTY: true, columns: 0, write: (shown: string) => written.push(shown) }
  createStartingLine(ofNoWidth, systemClock, systemTimers).end()
  t.match(written[0], /Starting/, 'a terminal that does not tell its width is taken for a usual one')
})
