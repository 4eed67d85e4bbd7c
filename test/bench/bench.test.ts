import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { certify } from '../../bench/certify.bench.js'
import { issue } from '../../bench/issue.bench.js'
import { lab } from '../../bench/lab.bench.js'
import { fire, type Load } from '../../bench/load.js'
import { selfTimes } from '../../bench/profile.js'
import { parse } from '../../bench/parse.bench.js'
import { publish } from '../../bench/publish.bench.js'
import { quick, type Bench, type Row } from '../../bench/question.js'
import { markdown, textReport, thisMachine } from '../../bench/report.js'
import { sign } from '../../bench/sign.bench.js'
import { percentile, spreadOf } from '../../bench/spread.js'

const tiny: Bench = {
  size: {
    ...quick,
    modes: [1],
    engines: ['openssl', 'forge'],
    users: 2,
    pls: 2,
    rounds: 2,
    secondsPerRound: 0.05,
    warmUpSeconds: 0.05,
  },
  progress: () => undefined,
  signal: new AbortController().signal,
}

const rates = (rows: readonly Row[]): readonly number[] =>
  rows.flatMap(({ perSecond, cpu }) => [perSecond?.lowest, perSecond?.median, cpu?.median].map((figure) => figure ?? 0))

t.test('every question answers with rates, and the report shows each row', async (t) => {
  const rows = [...(await sign.ask(tiny)), ...(await issue.ask(tiny))]
  t.same(
    rows.map(({ what, engine }) => `${what}, ${engine}`),
    [
      'raw sign, RSA-1024, openssl',
      'raw decrypt, RSA-1024, openssl',
      'license, one PL, 2 users, openssl',
      'license, 2 PLs in turn, 2 users, openssl',
      'license, one PL, 2 users, forge',
      'license, 2 PLs in turn, 2 users, forge',
    ],
  )
  t.ok(
    rates(rows).every((rate) => rate > 0),
    'no rate is zero',
  )
  t.ok(
    rows
      .slice(2)
      .every(({ share, rss, p50, p99 }) =>
        [share, rss, p50, p99].every((figure) => figure !== undefined && figure > 0),
      ),
  )

  const answers = [{ name: 'issue', about: issue.about, rows }]
  t.match(textReport({ answers }), /^use licenses [^]*\nlicense, 2 PLs in turn, 2 users +1 +forge +[1-9][^]*\ngoals\n/)
  const date = '2026-01-02T03:04:05.000Z'
  const report = {
    command: 'npm run bench',
    date,
    machine: thisMachine(),
    connections: 2,
    rounds: 2,
    pinning: null,
    loadAfter: 1,
    answers,
  }
  t.match(markdown(report), /not pinned[^]*\| license, one PL, 2 users \| 1 \| openssl \| [1-9]/)
  t.match(markdown(report), /; median of 2 rounds;/)
  const short = { name: 'lab', about: lab.about, rounds: lab.roundsOf?.(tiny.size), rows }
  t.match(markdown({ ...report, answers: [...answers, short] }), /; median of 2 rounds \(lab: 16\);/)
})

t.test('parsing, publishing and certification answer with rates, too', async (t) => {
  const one = { ...tiny, size: { ...tiny.size, engines: ['openssl'] as const } }
  const rows = [...(await parse.ask(one)), ...(await publish.ask(one)), ...(await certify.ask(one))]
  t.same(
    rows.map(({ what }) => what.replace(/ of \d+ KiB/, '')),
    [
      'message, complete parser',
      'message, plain reader',
      'message, its documents known',
      'publish online',
      'CLC, with a new key pair',
      'certify, 2 users',
    ],
  )
  t.ok(
    rates(rows).every((rate) => rate > 0),
    'no rate is zero',
  )
})

t.test('a run that is stopped ends with the reason, and leaves no node', async (t) => {
  const stop = new AbortController()
  const progress = (text: string): void => {
    if (text.includes('warm-up')) stop.abort(new Error('enough'))
  }
  await t.rejects(issue.ask({ ...tiny, progress, signal: stop.signal }), { message: 'enough' })
})

t.test('load with a bad answer gives no figure', async (t) => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/broken' ? 500 : 200
    request.resume().once('end', () => response.end('good'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const load = (path: string, wanted: string): Load => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [{ method: 'POST', path, headers: {}, body: 'x' }],
    connections: 2,
    amount: 10,
    isGood: (body) => body === wanted,
    signal: new AbortController().signal,
  })
  t.equal((await fire(load('/', 'good'))).latencies.length, 10)
  await t.rejects(fire(load('/', 'better')), { message: /without what was asked for.*good/ })
  await t.rejects(fire(load('/broken', 'good')), { message: /not 200/ })
})

t.test('the command lists its questions and refuses others', async (t) => {
  const run = async (...args: readonly string[]): Promise<{ code: unknown; output: string }> => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('../../bench/run.js', import.meta.url)), ...args])
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = (await once(child, 'close')) as readonly unknown[]
    return { code, output }
  }
  t.match(await run('--help'), { code: 0, output: /sign .*\n.*parse .*\n.*issue .*\n(?:.*\n)*.*installation / })
  t.match(await run('isue'), { code: 1, output: /no question "isue".*sign, parse, issue, .*installation/ })
})

t.test('median and spread', async (t) => {
  t.same(spreadOf([3, 1, 2]), { median: 2, lowest: 1, highest: 3 })
  t.equal(percentile([1, 2, 3, 4], 50), 2.5)
  t.equal(percentile([7], 99), 7)
  t.throws(() => percentile([], 50), RangeError)
})

t.test('a CPU profile is summed up by area and by function, without idle time', async (t) => {
  const frame = (id: number, functionName: string, url: string) => ({
    id,
    callFrame: { functionName, url, lineNumber: 4 },
  })
  const text = JSON.stringify({
    nodes: [
      frame(1, '(idle)', ''),
      frame(2, 'write', 'file:///x/node_modules/saxes/saxes.js'),
      frame(3, 'next', 'file:///x/node_modules/saxes/saxes.js'),
      frame(4, '', 'file:///x/build/src/xml/read.js'),
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [1000, 20, 30, 50],
  })
  t.same(selfTimes(text, 'area'), [
    { name: 'saxes', percent: 50 },
    { name: 'src/xml', percent: 50 },
  ])
  t.equal(selfTimes(text, 'function')[0]?.name, '(anonymous)  src/xml read.js:5')
})
