/** The controls of the lab from the command line and from a program: the same as over HTTP. */
import { setMaxListeners } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import { statusScreen } from '../../src/cli/status-screen.js'
import { plain } from '../../src/explain/paint.js'
import { startInstallation, type Installation, type InstallationStatus } from '../../src/index.js'
import { run, type Outcome } from './command.js'

setMaxListeners(0)
const log = pino({ level: 'silent' })
const installation = await startInstallation({ mode: 1, token: 'secret', log })
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

t.test('without a lab all of it is refused', async (t) => {
  const without = await startInstallation({ mode: 1, token: 'secret', log, lab: false })
  t.teardown(() => without.close())
  for (const args of [[], ['clock'], ['clock', 'real'], ['clear'], ['state-hash']])
    t.match(await lab(args, without), { code: 1, stderr: /started with --no-lab/ }, args.join(' '))
  await t.rejects(without.lab.clock.advance('P1D'), { message: /no controls of a lab/ })
  await t.rejects(without.lab.clear(), { message: /no controls of a lab/ })
})
