/** What is cut short: each way in which an installation comes into being, grows or is changed. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lockDatabase } from '../../src/installation/database-lock.js'
import { provisionLicensing, provisionRoot } from '../../src/cluster/provision.js'
import { openStore } from '../../src/cluster/store/open.js'
import { systemClock, systemRandom, systemTimers } from '../../src/effects.js'
import { startNode as startNodeHere } from '../../src/node/start.js'
import { startChild, type Child } from '../../src/installation/child.js'
import { run, startUp, type Outcome, type RunningUp } from '../cli/command.js'
import { hangs } from '../fixtures/until.js'
import type { Prng } from '../hostile/prng.js'
import { keyPassword, requireLicense, type Found } from './kill-checks.js'
import type { MarkedProcesses, Victim } from './kill-processes.js'

export interface Stage {
  readonly location: string
  /** Of this run alone. */
  readonly folder: string
  readonly processes: MarkedProcesses
  readonly ports: Readonly<Record<'root' | 'legal', number>>
  readonly prng: Prng
  /** Whether all that is done after the kill is done by processes, too; in this one it takes less time. */
  readonly thorough: boolean
}

export interface Scenario {
  readonly name: string
  /** What the database holds before. */
  readonly prepared: 'nothing' | 'a root'
  readonly victims: readonly Victim[]
  /** Brings the stage to where the work begins. */
  begin(stage: Stage): Promise<Work>
}

export interface Work {
  /** What is killed. Resolves however it ends. @throws Error when it ends in a way that no kill explains */
  go(): Promise<void>
  /** Does the work again on what was found, and has it serve. @throws Error when it does not */
  again(found: Found): Promise<void>
  /** Of work that is more than can be seen in the tables: how far it came. @throws Error when that cannot be */
  phase?(found: Found): string
}

const kinds: readonly Scenario[] = [
  {
    name: 'provision root',
    prepared: 'nothing',
    victims: ['all'],
    begin: async (stage) => provisioning(stage, 'root', []),
  },
  {
    name: 'provision licensing',
    prepared: 'a root',
    victims: ['all'],
    begin: async (stage) => provisioning(stage, 'legal', []),
  },
  { name: 'node joins', prepared: 'a root', victims: ['all'], begin: joining },
  { name: 'SubEnroll', prepared: 'a root', victims: ['all', 'provision', 'node'], begin: subEnrolling },
  { name: 'template', prepared: 'a root', victims: ['all', 'first'], begin: (stage) => writing(stage, templates) },
  {
    name: 'configuration',
    prepared: 'a root',
    victims: ['all', 'first'],
    begin: (stage) => writing(stage, configurations),
  },
  {
    name: 'up',
    prepared: 'nothing',
    victims: ['all', 'first', 'child'],
    begin: async (stage) => starting(stage, 'legal'),
  },
  {
    name: 'up, elsewhere',
    prepared: 'a root',
    victims: ['all', 'first', 'child'],
    begin: async (stage) => starting(stage, 'legal'),
  },
  { name: 'add-cluster', prepared: 'a root', victims: ['all', 'first', 'child'], begin: addingCluster },
  { name: 'add-server', prepared: 'a root', victims: ['all', 'first', 'child'], begin: addingServer },
]

/** In turns; those that take little time come more often. */
export const scenarios: readonly Scenario[] = [0, 1, 2, 3, 4, 0, 1, 5, 6, 0, 2, 3, 7, 1, 8, 9].flatMap(
  (kind) => kinds[kind] ?? [],
)

export function provisionArguments(
  { location, ports }: Pick<Stage, 'location' | 'ports'>,
  cluster: 'root' | 'legal',
): readonly string[] {
  const kind = cluster === 'root' ? 'root' : 'licensing'
  return [
    'provision',
    kind,
    '--cluster',
    cluster,
    '--db',
    location,
    '--public-url',
    `http://127.0.0.1:${ports[cluster]}`,
    '--json',
  ]
}

function provisioning(stage: Stage, cluster: 'root' | 'legal', more: readonly string[]): Work {
  return {
    go: async () => requireExplained(await provision(stage, cluster, more)),
    again: async (found) => {
      requireAgain(
        await (stage.thorough ? provision(stage, cluster, more) : provisionHere(stage, cluster)),
        found.clusters.has(cluster),
      )
      await serve(stage, cluster === 'root' ? ['root'] : ['root', 'legal'])
    },
  }
}

function provision(stage: Stage, cluster: 'root' | 'legal', more: readonly string[] = []): Promise<Outcome> {
  return run([...provisionArguments(stage, cluster), ...more], { environment: stage.processes.environment })
}

/** What the command does, in this process. */
async function provisionHere(
  { location, ports }: Stage,
  cluster: 'root' | 'legal',
): Promise<Pick<Outcome, 'code' | 'stderr'>> {
  const wanted = { name: cluster, baseUrl: `http://127.0.0.1:${ports[cluster]}/_wmcs`, keyPassword }
  const effects = { clock: systemClock, random: systemRandom }
  const store = await openStore(location)
  try {
    await (cluster === 'root'
      ? provisionRoot(store, { ...wanted, mode: 2 }, effects)
      : provisionLicensing(store, wanted, effects))
    return { code: 0, stderr: '' }
  } catch (error) {
    return { code: 1, stderr: String(error) }
  } finally {
    await store.close()
  }
}

async function joining(stage: Stage): Promise<Work> {
  return {
    go: async () => void (await startNode(stage, 'root').catch(requireKilled)),
    again: () => serve(stage, ['root']),
  }
}

async function subEnrolling(stage: Stage): Promise<Work> {
  await startNode(stage, 'root')
  return {
    ...provisioning(stage, 'legal', ['--enrollment', 'root']),
    again: async (found) => {
      const root = await startAnyNode(stage, 'root')
      const outcome = await provision(stage, 'legal', ['--enrollment', 'root'])
      await root.stop()
      requireAgain(outcome, found.clusters.has('legal'))
      await serve(stage, ['root', 'legal'])
    },
  }
}

interface Writes {
  readonly count: number
  /** The nth write, from 1 on. */
  readonly write: (call: Call, index: number) => Promise<void>
  /** What stands in the database after n writes. */
  readonly stored: (found: Found) => { readonly version: number | undefined; readonly value: number | undefined }
  readonly expected: (writes: number) => number
}

type Call = (method: string, path: string, body?: object) => Promise<Readonly<Record<string, unknown>>>

const configurations: Writes = {
  count: 40,
  write: async (call, index) =>
    void (await call('PATCH', '/clusters/root/configuration', { racValidityTimeSeconds: 1000 + index })),
  stored: ({ clusters }) => ({
    version: clusters.get('root')?.version,
    value: clusters.get('root')?.racValidityTimeSeconds,
  }),
  expected: (writes) => 1000 + writes,
}

/** One is made, then archived, and so on. */
const templates: Writes = {
  count: 12,
  write: async (call, index) => {
    const field = {
      texts: [{ lcid: 1033, name: `Number ${index}`, description: 'Of a test' }],
      grants: [{ to: 'staff@contoso.test', rights: ['VIEW'] }],
    }
    if (index % 2 === 1) await call('POST', '/clusters/root/templates', field)
    else {
      const { templates: stored } = (await call('GET', '/clusters/root/templates?state=published')) as {
        templates: readonly { guid: string; texts: readonly { name: string }[] }[]
      }
      const last = stored.find(({ texts }) => texts[0]?.name === `Number ${index - 1}`)
      await call('POST', `/clusters/root/templates/${last?.guid.slice(1, -1)}/archive`)
    }
  },
  stored: ({ clusters }) => ({ version: clusters.get('root')?.version, value: clusters.get('root')?.templates }),
  expected: (writes) => 3 + Math.ceil(writes / 2),
}

async function writing(stage: Stage, { count, write, stored, expected }: Writes): Promise<Work> {
  const lab = await startInstallation(stage)
  const call = caller(lab)
  await call('PATCH', '/clusters/root/configuration', { racValidityTimeSeconds: 1000 })
  const before = Number((await call('GET', '/clusters/root/configuration'))['configurationVersion'])
  let acknowledged = 0
  return {
    go: async () => {
      for (let index = 1; index <= count; index++) {
        const isKilled = await write(call, index).then(() => false, requireCut)
        if (isKilled) return
        acknowledged = index
      }
    },
    phase: (found) => {
      const { version, value } = stored(found)
      const writes = (version ?? 0) - before
      if (writes < acknowledged || writes > acknowledged + 1)
        throw new Error(`${acknowledged} writes were acknowledged, ${writes} are stored`)
      if (value !== expected(writes))
        throw new Error(`After ${writes} writes there is ${value} in place of ${expected(writes)}`)
      if (acknowledged === count) return 'after the last write'
      return writes > acknowledged ? 'written, not acknowledged' : 'not written'
    },
    again: () => (stage.thorough ? serveInstallation(stage, ['root']) : serve(stage, ['root'], true)),
  }
}

function starting(stage: Stage, licensing: string): Work {
  const more = ['--licensing', `${licensing}=1`]
  return {
    go: async () => void (await startInstallation(stage, more).catch(requireClearEnd)),
    again: () => serveInstallation(stage, ['root', licensing], more),
  }
}

async function addingCluster(stage: Stage): Promise<Work> {
  const lab = await startInstallation(stage)
  const body = { name: 'legal', nodes: 1, enrollment: stage.prng.pick(['self', 'root']) }
  return {
    go: async () => void (await caller(lab)('POST', '/clusters', body).catch(requireCutOrRefused)),
    again: (found) =>
      serveInstallation(stage, ['root', 'legal'], [], async (call) => {
        const answer = await call('POST', '/clusters', body).catch(requireCutOrRefused)
        const isRefused = answer === true
        if (isRefused !== found.clusters.has('legal'))
          throw new Error(
            `add-cluster is ${isRefused ? '' : 'not '}refused, and the cluster was ${isRefused ? 'not ' : ''}there`,
          )
      }),
  }
}

async function addingServer(stage: Stage): Promise<Work> {
  const lab = await startInstallation(stage)
  return {
    go: async () => void (await caller(lab)('POST', '/clusters/root/servers').catch(requireCutOrRefused)),
    again: () =>
      serveInstallation(stage, ['root'], [], async (call) => void (await call('POST', '/clusters/root/servers'))),
  }
}

function startNode({ location, folder, processes, ports }: Stage, cluster: 'root' | 'legal'): Promise<Child> {
  const args = [
    'node',
    '--json',
    '--cluster',
    cluster,
    '--id',
    `${cluster}-1`,
    '--db',
    location,
    '--port',
    String(ports[cluster]),
    '--data',
    folder,
    '--log-level',
    'warn',
  ]
  return startChild({ args, secrets: processes.environment, readyWithin: hangs, timers: systemTimers })
}

/** As a process, or in this one, where it takes less time. */
async function startAnyNode(
  stage: Stage,
  cluster: 'root' | 'legal',
  isElsewhere = false,
): Promise<{ stop(): Promise<void> }> {
  if (stage.thorough) return startNode(stage, cluster)
  const { location: database, folder, ports } = stage
  const node = await startNodeHere({
    database,
    cluster,
    nodeId: `${cluster}-1`,
    keyPassword,
    provision: isElsewhere,
    port: ports[cluster],
    publicUrl: `http://127.0.0.1:${ports[cluster]}`,
    spoolFolder: join(folder, 'spool'),
  })
  return { stop: () => node.close() }
}

async function startInstallation(
  { location, folder, processes }: Stage,
  more: readonly string[] = ['--no-licensing'],
): Promise<RunningUp> {
  const args = ['--root', '1', '--db', location, '--data', folder, '--log-level', 'warn', ...more]
  return startUp(args, { environment: { ...processes.environment, TMPDIR: folder } })
}

/** Nodes join and license; they leave nothing. @param isElsewhere the root was at another address */
async function serve(stage: Stage, clusters: readonly ('root' | 'legal')[], isElsewhere = false): Promise<void> {
  const nodes = await Promise.all(clusters.map((cluster) => startAnyNode(stage, cluster, isElsewhere)))
  for (const cluster of clusters) await requireLicense(`http://127.0.0.1:${stage.ports[cluster]}`)
  await requireMembers(
    stage,
    clusters.map((cluster) => `${cluster}-1`),
  )
  for (const node of nodes) await node.stop()
  await requireNothingLeft(stage)
}

async function serveInstallation(
  stage: Stage,
  clusters: readonly string[],
  more?: readonly string[],
  change?: (call: Call) => Promise<void>,
): Promise<void> {
  const lab = await startInstallation(stage, more === undefined || more.length === 0 ? undefined : more)
  const call = caller(lab)
  await change?.(call)
  const status = (await call('GET', '/status')) as {
    clusters: readonly { name: string; url: string; nodes: readonly { id: string }[] }[]
  }
  const names = status.clusters.map(({ name }) => name)
  if (names.join(' ') !== clusters.join(' ')) throw new Error(`The clusters are ${names.join(', ')}`)
  for (const { url } of status.clusters) await requireLicense(url)
  await requireMembers(
    stage,
    status.clusters.flatMap(({ nodes }) => nodes.map(({ id }) => id)),
  )
  const { code } = await lab.stop()
  if (code !== 0) throw new Error(`up ends with ${code}: ${lab.stderr().slice(-500)}`)
  await requireNothingLeft(stage)
}

async function requireMembers({ location }: Stage, ids: readonly string[]): Promise<void> {
  const store = await openStore(location, { create: false })
  const members = (await store.members.list()).map(({ nodeId }) => nodeId)
  await store.close()
  if (members.toSorted().join(' ') !== ids.toSorted().join(' '))
    throw new Error(`The members are ${members.join(', ') || 'none'}, ${ids.join(', ')} run`)
}

async function requireNothingLeft(stage: Stage): Promise<void> {
  await stage.processes.gone()
  await requireMembers(stage, [])
  const unlock = await lockDatabase(stage.location)
  await unlock()
  const spool = join(stage.folder, 'spool')
  const spooled = readdirSync(stage.folder).includes('spool')
    ? readdirSync(spool).filter((name) => name !== 'lock')
    : []
  if (spooled.length > 0) throw new Error(`The spool still holds ${spooled.join(', ')}`)
}

/** Calls of the management API. */
function caller({ ready }: RunningUp): Call {
  return async (method, path, body) => {
    const headers = {
      authorization: `Bearer ${ready.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const response = await fetch(`${ready.manage}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Refused(response.status, `${method} ${path} is answered ${response.status}: ${text}`)
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  }
}

class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The connection was cut by the kill; anything else is wrong. */
function requireCut(error: unknown): true {
  if (error instanceof TypeError) return true
  throw error
}

/** With a reason for people, too. */
function requireCutOrRefused(error: unknown): true {
  if (
    error instanceof Refused &&
    [409, 503].includes(error.status) &&
    !error.message.includes('log of the management process')
  )
    return true
  return requireCut(error)
}

function requireKilled(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes('signal SIGKILL')) throw error
}

/** `up` was killed, or says what happened to its children. */
function requireClearEnd(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith('up ended with null: ')) return
  if (!/^up ended with 1: [^]*\S/.test(text) || /\n\s+at /.test(text))
    throw new Error(`up does not end as it should: ${text}`)
}

function requireExplained({ code, stderr }: Outcome): void {
  if (code === null || code === 0) return
  if (code !== 1 || stderr.trim() === '' || /\n\s+at /.test(stderr))
    throw new Error(`It ends with ${code}, and does not say what to do: ${stderr}`)
}

function requireAgain({ code, stderr }: Pick<Outcome, 'code' | 'stderr'>, isThere: boolean): void {
  if (!isThere && code !== 0) throw new Error(`A second try ends with ${code}: ${stderr}`)
  if (isThere && (code !== 1 || !/already/.test(stderr)))
    throw new Error(`The cluster is there, and a second try ends with ${code}: ${stderr}`)
}
