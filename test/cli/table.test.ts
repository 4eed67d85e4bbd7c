/** Tables fit where they are shown. */
import t from 'tap'
import { tableText } from '../../src/cli/table.js'
import { upScreen } from '../../src/cli/up-screen.js'
import { plain } from '../../src/explain/paint.js'

const rows = [
  ['cluster', 'state', 'node URL'],
  ['root', 'serving', 'http://127.0.0.1:38211'],
  ['licensing', 'away', 'http://127.0.0.1:40001'],
]

t.test('columns line up where there is room', async (t) => {
  t.same(tableText(rows, { hasHeader: true }).split('\n'), [
    'cluster    state    node URL',
    'root       serving  http://127.0.0.1:38211',
    'licensing  away     http://127.0.0.1:40001',
  ])
})

t.test('the last column wraps under itself, between words', async (t) => {
  t.same(
    tableText([['accounts', 'alice@contoso.test, bob@contoso.test, carol@contoso.test']], { width: 50 }).split('\n'),
    ['accounts  alice@contoso.test, bob@contoso.test,', '          carol@contoso.test'],
  )
})

t.test('where nothing is left for it, each row is a block', async (t) => {
  t.same(tableText(rows, { hasHeader: true, width: 36 }).split('\n'), [
    'root',
    '  state     serving',
    '  node URL  http://127.0.0.1:38211',
    'licensing',
    '  state     away',
    '  node URL  http://127.0.0.1:40001',
  ])
})

t.test('in a block no cell keeps the room that it had in its column', async (t) => {
  const padded = [
    ['server   ', 'running', 'state'],
    ['root-1   ', '      2', 'down: /var/lib/rms/rms.sqlite is away'],
  ]
  t.same(tableText(padded, { hasHeader: true, width: 40 }).split('\n'), [
    'root-1',
    '  running  2',
    '  state    down: /var/lib/rms/rms.sqlite',
    '           is away',
  ])
})

t.test('the screen of up: no line but a command is wider than the terminal', async (t) => {
  const nodes = [1, 2, 3].map((id) => ({
    id: `licensing-${id}`,
    url: 'http://127.0.0.1:40001',
    pid: 1,
    state: 'serving' as const,
  }))
  const url = 'http://127.0.0.1:7001/_wmcs'
  const balancer = { url: 'http://127.0.0.1:40007', pid: 2 }
  const clusters = [{ name: 'licensing', kind: 'licensing' as const, url, extranetUrl: url, balancer, nodes }]
  const manage = 'http://127.0.0.1:7080'
  const ready = { event: 'ready' as const, manage, forest: 'contoso.test', clusters, token: 'PUq-j-bYZb3WOSj1USIPzmvs' }
  const installation = { ready, url, mode: 2 as const, manage, data: undefined, ca: 'PEM' }
  const emulated = { operationsPerSecond: 5, serviceDistribution: 'fixed' as const, queueLimit: 1000 }
  const accounts = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test', 'mallory@contoso.test']
  const screen = {
    installation,
    accounts,
    password: 'Passw0rd!',
    emulated,
    usualManage: manage,
    hasDemo: true,
    bringsCertificate: false,
  }
  for (const width of [60, 72, 80, 100, 160]) {
    for (const line of upScreen(screen, width, plain).split('\n'))
      if (!line.includes('npx')) t.ok(line.length <= width, `${width}: ${line}`)
  }
  t.match(upScreen(screen, 100, plain), /its balancer +http:\/\/127\.0\.0\.1:40007\n/)
  const set = { ...installation, ready: { ...installation.ready, lab: ['clock offset P1D'] } }
  t.match(upScreen({ ...screen, installation: set }, 100, plain), /\nlab +clock offset P1D\n/)
  t.match(
    upScreen({ ...screen, usualManage: 'http://127.0.0.1:1', installation: set }, 100, plain),
    `\nEnd lab:  npx rms-emulator lab clear --manage ${manage}\n`,
  )
  t.notMatch(upScreen(screen, 100, plain), /\nlab +clock|End lab/)
  const commands = (usualManage: string): string => upScreen({ ...screen, usualManage }, 80, plain)
  t.notMatch(commands(manage), '--manage')
  t.match(commands(manage), /Next: +npx rms-emulator demo --server http:\/\/127\.0\.0\.1:7001\/_wmcs --ca /)
  const brought = upScreen({ ...screen, bringsCertificate: true }, 100, plain)
  t.match(brought, /lab CA +http:\S+ \(who asks a server itself must trust it\)/)
  t.notMatch(brought, '--ca', 'what clients see is not of the lab CA')
  const others = upScreen({ ...screen, hasDemo: false }, 100, plain)
  t.match(others, /Next: +npx rms-emulator status\n/)
  t.notMatch(others, 'demo', 'its people are not there')
  t.match(commands('http://127.0.0.1:1'), /add-server root --manage http:\/\/127\.0\.0\.1:7080\n/)
})
