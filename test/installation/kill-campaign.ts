/**
 * Kills at random points, from a seed. Each run begins with a database of its own, lets work go on for a while, kills, looks whether what is
 * there is whole, and does the work again. Half of the kills come at a random fraction of the time that the work takes undisturbed, half of
 * them just after a random one of its transactions was seen.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openStore } from '../../src/cluster/store/open.js'
import { run } from '../cli/command.js'
import { createPrng, type Prng } from '../hostile/prng.js'
import { requireWhole } from './kill-checks.js'
import { killsDatabase, type DatabaseName, type KillsDatabase, type Watcher } from './kill-databases.js'
import { markedProcesses, type Victim } from './kill-processes.js'
import { provisionArguments, scenarios, type Scenario, type Stage, type Work } from './kill-scenarios.js'

export interface CampaignOptions {
  readonly database: DatabaseName
  readonly times: number
  readonly seed: number
  /** Number of the first run: one that failed can be had again alone. */
  readonly from?: number | undefined
  readonly onRun?: (result: RunResult, done: number) => void
  /** Ends it after the run of the moment. */
  readonly signal?: AbortSignal
}

export interface RunResult {
  readonly index: number
  readonly work: string
  readonly victim: Victim
  readonly way: 'time' | 'transaction'
  /** Milliseconds after the beginning of the work. */
  readonly killedAt: number
  /** What there was after the kill. */
  readonly phase: string
  /** What was wrong. */
  readonly problem?: string
  /** Where database and files were left when something was wrong. */
  readonly left?: string
}

interface Measure {
  readonly milliseconds: number
  /** How many transactions were seen from outside. */
  readonly transactions: number
}

interface Site {
  readonly database: KillsDatabase
  readonly folder: string
  readonly ports: Stage['ports']
  readonly prepared: string
}

const jitter = 15
/** Milliseconds for one run with all its checks. */
const longestRun = 300_000

export async function runCampaign({
  database: name,
  times,
  seed,
  from = 0,
  onRun,
  signal,
}: CampaignOptions): Promise<readonly RunResult[]> {
  const endings: (() => unknown)[] = []
  const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-kills-'))
  const results: RunResult[] = []
  try {
    const database = await killsDatabase(name, folder, {
      teardown: (ending) => void endings.push(ending as () => unknown),
    })
    const site = await prepare(database, folder)
    const measures = new Map<string, Measure>()
    for (let index = from; index < from + times; index++) {
      if (signal?.aborted === true) break
      const scenario = scenarios[index % scenarios.length] as Scenario
      const measure = measures.get(scenario.name) ?? (await undisturbed(site, scenario, seed))
      measures.set(scenario.name, measure)
      const result = await disturbed(site, scenario, measure, { seed, index })
      results.push(result)
      onRun?.(result, results.length)
    }
    return results
  } finally {
    for (const ending of endings.toReversed()) await ending()
    if (results.every(({ left }) => left === undefined)) rmSync(folder, { recursive: true, force: true })
  }
}

/** A root, to which licensing-only clusters may be sub-enrolled. */
async function prepare(database: KillsDatabase, folder: string): Promise<Site> {
  const [root, legal] = [await freePort(), await freePort()]
  const ports = { root, legal }
  const location = await database.fresh()
  const { code, stderr } = await run(provisionArguments({ location, ports }, 'root'))
  if (code !== 0) throw new Error(`The root to begin with cannot be provisioned: ${stderr}`)
  const store = await openStore(location, { create: false })
  const configuration = (await store.clusters.find('root'))?.configuration
  if (configuration === undefined) throw new Error('There is no root to begin with')
  const admittedGroups = {
    ...configuration.admittedGroups,
    '/certification/subenrollservice.asmx': ['CONTOSO\\rms-service'],
  }
  await store.clusters.saveConfiguration('root', { ...configuration, admittedGroups })
  await store.close()
  return { database, folder, ports, prepared: location }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function stageOf(
  { database, folder, ports, prepared }: Site,
  scenario: Scenario,
  mark: string,
  prng: Prng,
): Promise<Stage> {
  const place = join(folder, mark)
  mkdirSync(place)
  const location = scenario.prepared === 'nothing' ? await database.fresh() : await database.copyOf(prepared)
  return {
    location,
    folder: place,
    processes: markedProcesses(`${process.pid}-${mark}`),
    ports,
    prng,
    thorough: prng.below(4) === 0,
  }
}

/** Without a kill before its end: how long it takes. */
async function undisturbed(site: Site, scenario: Scenario, seed: number): Promise<Measure> {
  const stage = await stageOf(site, scenario, `measure-${scenario.name.replaceAll(/\W+/g, '-')}`, createPrng(seed, -1))
  try {
    const work = await scenario.begin(stage)
    const watcher = site.database.watch(stage.location)
    const began = performance.now()
    const going = settled(work.go())
    const transactions = await follow(watcher, going.isSettled, Infinity)
    const milliseconds = performance.now() - began
    await watcher.close()
    await going.end
    while (stage.processes.kill('all') > 0) await pause(1)
    await stage.processes.gone()
    await tidy(site, stage)
    return { milliseconds, transactions }
  } finally {
    stage.processes.kill('all')
  }
}

async function disturbed(
  site: Site,
  scenario: Scenario,
  measure: Measure,
  { seed, index }: { seed: number; index: number },
): Promise<RunResult> {
  const prng = createPrng(seed, index)
  const victim = prng.pick(scenario.victims)
  const way = measure.transactions > 0 && prng.below(2) === 1 ? ('transaction' as const) : ('time' as const)
  const [fraction, transaction, delay, child] = [
    prng.next(),
    1 + prng.below(Math.max(1, measure.transactions)),
    prng.next() * jitter,
    prng.next(),
  ]
  const stage = await stageOf(site, scenario, `run-${index}`, prng)
  const told = { index, work: scenario.name, victim, way }
  let killedAt = 0
  let phase = 'not looked at'
  const attempt = async (): Promise<void> => {
    const work = await scenario.begin(stage)
    const began = performance.now()
    const going = settled(work.go())
    if (way === 'time') await Promise.race([pause(fraction * measure.milliseconds), going.end])
    else await untilTransaction(site.database.watch(stage.location), going.isSettled, transaction, delay)
    killedAt = Math.round(performance.now() - began)
    stage.processes.kill(victim, child)
    if (victim === 'first') await stage.processes.gone()
    await going.end
    phase = await afterwards(site, stage, work, victim)
  }
  try {
    await within(attempt(), longestRun)
    await tidy(site, stage)
    return { ...told, killedAt, phase }
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { ...told, killedAt, phase, problem, left: `${stage.folder}, ${stage.location}` }
  } finally {
    stage.processes.kill('all')
  }
}

/** Everything that is left is killed; then it is looked at, and the work is done again. @returns the phase */
async function afterwards(
  { database }: Site,
  { location, processes }: Stage,
  work: Work,
  victim: Victim,
): Promise<string> {
  while (processes.kill('all') > 0) await pause(1)
  await processes.gone()
  const found = await requireWhole(database, location)
  const phase = work.phase?.(found) ?? found.phase
  await work.again(found)
  const whole = await requireWhole(database, location)
  if (whole.members > 0) throw new Error(`After the end of all there are ${whole.members} members (${victim})`)
  return phase
}

async function tidy({ database }: Site, { location, folder }: Stage): Promise<void> {
  await database.drop(location)
  rmSync(folder, { recursive: true, force: true })
}

async function untilTransaction(
  watcher: Watcher,
  isSettled: () => boolean,
  transaction: number,
  delay: number,
): Promise<void> {
  await follow(watcher, isSettled, transaction)
  await watcher.close()
  await pause(delay)
}

/** @returns how many changes were seen: `most`, or all until the work ended */
async function follow(watcher: Watcher, isSettled: () => boolean, most: number): Promise<number> {
  let last = await watcher.progress()
  let seen = 0
  while (seen < most && !isSettled()) {
    await pause(1)
    const progress = await watcher.progress()
    if (progress !== last) seen++
    last = progress
  }
  return seen
}

/** Its failure is kept until it is asked for. */
function settled(work: Promise<void>): { readonly isSettled: () => boolean; readonly end: Promise<void> } {
  let ended = false
  const end = work.finally(() => {
    ended = true
  })
  end.catch(() => undefined)
  return { isSettled: () => ended, end }
}

async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const ended = new AbortController()
  const tooLate = pause(milliseconds, undefined, { signal: ended.signal }).then(() =>
    Promise.reject(new Error(`It is not over after ${milliseconds / 1000} s`)),
  )
  tooLate.catch(() => undefined)
  try {
    await Promise.race([work, tooLate])
  } finally {
    ended.abort()
  }
}
