/** The screen of `status`, and how it follows what changes. */
import t from 'tap'
import { statusScreen } from '../../src/cli/status-screen.js'
import { createRedrawn, watchChanges } from '../../src/cli/watch.js'
import { plain, type Paint } from '../../src/explain/paint.js'
import type { InstallationStatus, NodeStatus } from '../../src/installation/status.js'
import { testClock } from '../fixtures/test-clock.js'

const node = (id: string, port: number, more: Partial<NodeStatus> = {}): NodeStatus => ({
  id,
  url: `http://127.0.0.1:${port}`,
  pid: 4000 + (port % 100),
  state: 'serving',
  reason: '/readyz answered 200',
  requests: { running: 0, answered: 1250, failed: 0 },
  ...more,
})
const nothing = (): void => void t.fail('something is shown')
const balancer = { url: 'http://127.0.0.1:41001', pid: 41, state: 'serving', reason: '/status answered' } as const
const hung = { state: 'down', reason: '/readyz did not answer within 2000 ms' } as const
const gone = 'its process ended with signal SIGKILL; it is being started again'
const installation: InstallationStatus = {
  forest: 'contoso.test',
  version: '1.2.3',
  clusters: [
    {
      name: 'root',
      kind: 'root',
      url: 'http://127.0.0.1:7000/_wmcs',
      configurationVersion: 3,
      decommissioned: false,
      balancer,
      nodes: [
        node('root-1', 38211),
        node('root-2', 38212, { ...hung, requests: { running: 2, answered: 7, failed: 31 } }),
      ],
    },
    {
      name: 'legal',
      kind: 'licensing',
      url: 'http://127.0.0.1:7001/_wmcs',
      extranetUrl: 'http://127.0.0.1:7002/_wmcs',
      configurationVersion: 12,
      decommissioned: true,
      balancer: { ...balancer, state: 'down', reason: 'it did not answer within 3000 ms' },
      nodes: [],
    },
    {
      name: 'licensing',
      kind: 'licensing',
      url: 'http://127.0.0.1:7003/_wmcs',
      nodes: [
        node('licensing-1', 38213, { state: 'away', reason: gone, url: '', pid: 0, requests: undefined as never }),
        node('licensing-2', 38214, { state: 'draining', reason: 'asked to drain' }),
        node('licensing-3', 38215, { state: 'starting', reason: 'not checked yet' }),
      ],
    },
  ],
}

const at160 = `contoso.test  rms-emulator 1.2.3

root, root cluster
  clients        http://127.0.0.1:7000/_wmcs
  balancer       http://127.0.0.1:41001 (its page)
  configuration  version 3
  server       node URL                process   answered  failed  running  state
  root-1       http://127.0.0.1:38211  pid 4011      1250       0        0  serving
  root-2       http://127.0.0.1:38212  pid 4012         7      31        2  down: /readyz did not answer within 2000 ms

legal, licensing-only cluster
  clients         http://127.0.0.1:7001/_wmcs
  extranet        http://127.0.0.1:7002/_wmcs
  balancer        down: it did not answer within 3000 ms
  configuration   version 12
  decommissioned  it hands out content keys and does nothing else
  no server; one is started by
  npx rms-emulator add-server legal

licensing, licensing-only cluster
  clients        http://127.0.0.1:7003/_wmcs
  configuration  the database is away
  server       node URL                process   answered  failed  running  state
  licensing-1                                                               away: ${gone}
  licensing-2  http://127.0.0.1:38214  pid 4014      1250       0        0  draining: asked to drain
  licensing-3  http://127.0.0.1:38215  pid 4015      1250       0        0  starting: not checked yet`

t.test('as wide as it is in a pipe, and in a wide window', async (t) => {
  t.equal(statusScreen(installation, Infinity, plain), at160)
  t.equal(statusScreen(installation, 160, plain), at160)
})

t.test('in a narrow window the least important goes, the reason wraps, and nothing is wider', async (t) => {
  const at80 = statusScreen(installation, 80, plain)
  t.match(at80, '\n  server       answered  failed  running  state\n')
  t.match(at80, '\n  root-1           1250       0        0  serving\n')
  t.match(at80, '\n  root-2              7      31        2  down: /readyz did not answer within\n')
  t.match(at80, `\n${' '.repeat(42)}2000 ms\n`)
  t.match(at80, /\n\nnode URL and process: in a wider window, or with --json$/)
  for (const width of [60, 80, 100, 120, 160])
    for (const line of statusScreen(installation, width, plain).split('\n'))
      t.ok(line.length <= width, `${width}: ${line}`)
})

t.test('what is wrong is red, what waits is yellow, what serves is green', async (t) => {
  const mark = (name: string) => (text: string) => `<${name}>${text}</${name}>`
  const paint: Paint = {
    good: mark('good'),
    bad: mark('bad'),
    note: mark('note'),
    dim: plain.dim,
    strong: plain.strong,
  }
  const text = statusScreen(installation, Infinity, paint)
  for (const painted of [
    '<good>serving</good>',
    '<bad>down: /readyz did not answer within 2000 ms</bad>',
    `<bad>away: ${gone}</bad>`,
    '<note>draining: asked to drain</note>',
    '<note>starting: not checked yet</note>',
    '<bad>down: it did not answer within 3000 ms</bad>',
    '<bad>it hands out content keys and does nothing else</bad>',
    '<note>npx rms-emulator add-server legal</note>',
  ])
    t.ok(text.includes(painted), painted)
  t.equal(text.replace(/<\/?\w+>/g, ''), at160, 'colors have no width')
})

t.test('--watch looks every second, shows what is new, and ends when it is told to', async (t) => {
  for (const [always, wanted] of [
    [false, ['1', '2']],
    [true, ['1', '1', '2']],
  ] as const) {
    const clock = testClock()
    const ended = new AbortController()
    const shown: string[] = []
    let now = '1'
    const watching = watchChanges(
      async () => now,
      (seen) => shown.push(seen),
      { always, timers: clock, signal: ended.signal },
    )
    await clock.advance(1000)
    now = '2'
    await clock.advance(1000)
    t.same(shown, wanted)
    ended.abort()
    await watching
    t.same(clock.timers(), [])
  }
  const ended = new AbortController()
  const stuck = watchChanges(() => new Promise<string>(() => undefined), nothing, {
    always: false,
    timers: testClock(),
    signal: ended.signal,
  })
  ended.abort()
  await stuck
  await t.rejects(
    watchChanges(() => Promise.reject(new Error('it is gone')), nothing, {
      always: false,
      timers: testClock(),
      signal: new AbortController().signal,
    }),
    /it is gone/,
  )
})

t.test('a terminal is drawn over from its top, cut at its bottom; a pipe is added to', async (t) => {
  const written: string[] = []
  const write = (text: string): void => void written.push(text)
  const onTerminal = createRedrawn({ isTTY: true, rows: 5, write })
  onTerminal('a\nb')
  onTerminal('a\nb\nc\nd\ne\nf')
  const inPipe = createRedrawn({ write })
  inPipe('a')
  inPipe('b')
  t.same(written, [
    '\u001B[2J\u001B[Ha\u001B[K\nb\u001B[K\n\u001B[J',
    '\u001B[Ha\u001B[K\nb\u001B[K\nc\u001B[K\n… 3 more lines: in a taller window\u001B[K\n\u001B[J',
    'a\n',
    '\nb\n',
  ])
})
