/** `load` and `size` as people run them: against an installation of a capacity, with the files they leave, stopped early, and looked at. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import type { LoadResult } from '../../src/load/result.js'
import { until } from '../fixtures/until.js'
import { jsonLines, main, outcome, run, startUp } from './command.js'

t.setTimeout(900_000)

const folder = t.testdir()
const lab = await startUp(
  [
    '--root',
    '2',
    '--no-licensing',
    '--capacity',
    '10',
    '--queue-limit',
    '2',
    '--crypto-mode',
    '1',
    '--log-level',
    'warn',
  ],
  { environment: { TMPDIR: folder } },
)
t.teardown(async () => void (await lab.stop()))

const out = join(folder, 'runs')
const few = ['--server', lab.url, '--contents', '3', '--out', out]

t.test(
  'load beyond the capacity is answered as far as it goes, refused above it, shared by the servers, and counted whole',
  async (t) => {
    const asked = await run([
      'load',
      ...few,
      '--rate',
      '60',
      '--duration',
      '2',
      '--arrivals',
      'even',
      '--mix',
      'license=8',
      '--mix',
      'certify=1',
      '--mix',
      'publish=1',
      '--mix',
      'clc=1',
      '--mix',
      'templates=1',
      '--mix',
      'locate=1',
      '--json',
    ])
    t.equal(asked.stderr, '')
    t.equal(asked.code, 0)
    const [result] = jsonLines(asked) as [
      LoadResult & { event: string; files: { page: string; json: string; csv: string } },
    ]
    t.equal(result.event, 'done')
    t.equal(result.offered, 120)
    t.equal(result.operations.length, 6)
    t.ok(result.answered > 0 && result.answered < 120, `${result.answered} answered`)
    t.equal(result.answered + result.refusals.reduce((sum, { count }) => sum + count, 0), 120)
    t.match(result.refusals[0]?.reason, /^503 the queue is full/)
    t.same(
      result.nodes.map(({ id }) => id),
      ['root-1', 'root-2'],
    )
    t.equal(readFileSync(result.files.csv, 'utf8').trim().split('\r\n').length, 121)
    t.equal((JSON.parse(readFileSync(result.files.json, 'utf8')) as LoadResult).offered, 120)
    t.match(readFileSync(result.files.page, 'utf8'), /^<!DOCTYPE html>[^]*120 requests were answered[^]*root-2/)
  },
)

t.test('the next run is compared with it, in text', async (t) => {
  const asked = await run([
    'load',
    ...few,
    '--accounts',
    '5',
    '--manage',
    lab.ready.manage,
    '--token',
    lab.ready.token ?? '',
    '--rate',
    '5',
    '--duration',
    '2',
    '--arrivals',
    'even',
    '--shape',
    'ramp',
  ])
  t.equal(asked.code, 0)
  t.match(asked.stdout, /^All 5 requests were answered, half of them within /)
  t.match(asked.stdout, /last run +this run/)
  t.notMatch(asked.stdout, /[+-]\d[\d,.]* %/, 'no change is told between loads that were different')
  t.match(
    asked.stdout,
    /The runs were not the same: shape: constant then, ramp now; rate: 60\/s then, 5\/s now.*accounts: 3 then, 5 now/,
  )
  t.match(asked.stdout, /\nReport: .*report\.html\n$/)
  t.notMatch(asked.stdout, '\u001B[')
})

t.test('Ctrl-C ends the load and prints what was measured', async (t) => {
  const child = spawn(process.execPath, [main, 'load', ...few, '--rate', '8', '--duration', '600', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = outcome(child)
  const served = async (): Promise<number> => {
    const texts = await Promise.all(
      (lab.ready.clusters[0]?.nodes ?? []).map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    )
    return texts.reduce(
      (sum, text) => sum + Number(/^rms_requests_total{operation="AcquireLicense"[^}]*} (\d+)/m.exec(text)?.[1] ?? 0),
      0,
    )
  }
  const before = await served()
  // More than the servers have room for: some of the answers have come.
  await until(async () => (await served()) >= before + 12 || child.exitCode !== null, 'licenses under load')
  child.kill('SIGINT')
  const { code, stdout } = await ended
  t.equal(code, 0)
  const result = JSON.parse(stdout) as LoadResult
  t.ok(result.isStopped && result.answered >= 4, `${result.answered} answered`)
  t.ok(result.seconds < 300)
})

t.test(
  'the page can be read in a browser',
  { skip: browser() === undefined && 'no chromium here: apt-get install chromium' },
  async (t) => {
    const artifacts = resolve('build/artifacts')
    mkdirSync(artifacts, { recursive: true })
    const [first = ''] = readdirSync(out).toSorted((one, other) => one.localeCompare(other))
    const page = join(artifacts, 'load-report.html')
    copyFileSync(join(out, first, 'report.html'), page)
    const picture = join(artifacts, 'load-report.png')
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ]
    const chromium = spawn(
      browser() ?? '',
      [
        ...flags,
        `--user-data-dir=${join(folder, 'browser')}`,
        `--screenshot=${picture}`,
        '--window-size=1040,2900',
        pathToFileURL(page).href,
      ],
      { stdio: 'ignore' },
    )
    await once(chromium, 'close')
    const png = readFileSync(picture)
    t.equal(png.subarray(1, 4).toString('latin1'), 'PNG')
    t.equal(png.readUInt32BE(16), 1040)
    t.ok(statSync(picture).size > 50_000, 'there is something on it')
    t.comment(`look at ${picture}`)
  },
)

function browser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = names.find((name) =>
    (process.env['PATH'] ?? '')
      .split(delimiter)
      .some((place) => statSync(join(place, name), { throwIfNoEntry: false }) !== undefined),
  )
  return found !== undefined && spawnSync(found, ['--version'], { stdio: 'ignore' }).status === 0 ? found : undefined
}
