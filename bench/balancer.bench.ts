/** What does the balancer cost, beside nginx and HAProxy: AcquireLicense at two nodes, the same sizes at nodes that answer at once, and what it adds to one request? */
import { doorNames, isInstalled, openDoor, type Door } from './doors.js'
import { fire, type LoadRequest } from './load.js'
import { hasOneLicense } from './issue.bench.js'
import { withDatabase } from './measure.js'
import type { Bench, Question, Row } from './question.js'
import { licenseRequest } from './requests.js'
import { makeSessions } from './sessions.js'
import { spawnNode, startProgram, type Profile } from './spawn-node.js'
import { percentile, spreadOf } from './spread.js'

export const balancer: Question = {
  name: 'balancer',
  about: 'the balancer beside nginx and HAProxy: two nodes behind each of them, one node behind none',
  takesAllCores: true,
  ask: async (bench) => {
    const missing = doorNames
      .filter((name) => !isInstalled(name))
      .map((name): Row => ({ what: `${name}: not installed` }))
    return [...(await withDatabase((database) => askLicenses(bench, database))), ...(await askStubs(bench)), ...missing]
  },
}

/** Real nodes: licensing is the work. */
async function askLicenses(bench: Bench, database: string): Promise<readonly Row[]> {
  const [mode = 2] = bench.size.modes
  const node = { database, mode, engine: 'openssl' } as const
  const first = await spawnNode({ ...node, accounts: bench.size.users })
  const nodes = [first]
  try {
    nodes.push(await spawnNode({ ...node, accounts: 0, nodeId: 'root-2' }))
    const { accounts, published } = await makeSessions(first.url, mode, { ...bench, size: { ...bench.size, pls: 1 } })
    const requests = accounts.flatMap((account) => published.map((content) => licenseRequest(account, content)))
    const target = { key: 'licenses', what: 'license', requests, isGood: hasOneLicense }
    const rows = await withDoors(
      nodes.map(({ url }) => url),
      profileOf(bench, 'licenses'),
      (doors) => compare(bench, doors, target),
    )
    return rows.map((row) => ({ ...row, mode, engine: node.engine }))
  } finally {
    await Promise.all(nodes.map((one) => one.close()))
  }
}

/** The balancer is the work. */
async function askStubs(bench: Bench): Promise<readonly Row[]> {
  const stubs = await Promise.all([1, 2].map(() => startProgram('stub-node.js', [])))
  try {
    const urls = stubs.map(({ ready }) => (ready as { readonly url: string }).url)
    const request: LoadRequest = {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'text/xml' },
      body: 'x'.repeat(27 * 1024),
    }
    const target = { requests: [request], isGood: (body: string) => body.length === 20 * 1024 }
    return await withDoors(urls, profileOf(bench, 'stub'), async (doors) => [
      ...(await compare(bench, doors, { ...target, key: 'stub', what: 'answer at once' })),
      ...(await compare({ ...bench, size: { ...bench.size, connections: 1 } }, doors, {
        ...target,
        key: 'added',
        what: 'answer at once, one connection',
      })),
    ])
  } finally {
    await Promise.all(stubs.map((one) => one.close()))
  }
}

function profileOf({ profileFolder: folder }: Bench, workload: string): Profile | undefined {
  return folder === undefined ? undefined : { folder, name: `balancer-${workload}.cpuprofile` }
}

async function withDoors<Result>(
  urls: readonly string[],
  profile: Profile | undefined,
  work: (doors: readonly Door[]) => Promise<Result>,
): Promise<Result> {
  const doors: Door[] = [
    { name: 'straight to one node', url: urls[0] ?? '', cpu: () => undefined, close: async () => undefined },
  ]
  try {
    for (const name of doorNames.filter(isInstalled)) doors.push(await openDoor(name, urls, profile))
    return await work(doors)
  } finally {
    await Promise.all(doors.map((one) => one.close()))
  }
}

interface Target {
  readonly key: string
  readonly what: string
  readonly requests: readonly LoadRequest[]
  readonly isGood: (body: string) => boolean
}

interface Shot {
  readonly rate: number
  readonly p50: number
  readonly latencies: readonly number[]
  /** Milliseconds of the door, for one request. */
  readonly cpu: number
}

/** A round takes a part of what it takes elsewhere: there are four doors and three workloads. */
const partOfRound = 3

/** The doors in turn in every round, so that other work on the machine meets all of them. */
async function compare(bench: Bench, doors: readonly Door[], target: Target): Promise<readonly Row[]> {
  const { size, progress } = bench
  const shots = new Map<Door, Shot[]>()
  for (const door of doors) {
    progress(`${target.what}, ${door.name}: warm-up`)
    const cold = await shoot(bench, door, target, size.connections * 4)
    const warm = await shoot(bench, door, target, cold.rate * size.warmUpSeconds)
    shots.set(door, [warm])
  }
  for (let round = 1; round <= size.rounds; round++) {
    for (const [door, before] of shots) {
      const { rate } = before.at(-1) ?? { rate: 1 }
      progress(`${target.what}, ${door.name}: round ${round} of ${size.rounds}, ${rate.toFixed(0)}/s`)
      before.push(await shoot(bench, door, target, (rate * size.secondsPerRound) / partOfRound))
    }
  }
  const counted = [...shots].map(([door, all]) => ({ door, rounds: all.slice(1) }))
  const roundsOf = (name: Door['name']): readonly Shot[] => counted.find(({ door }) => door.name === name)?.rounds ?? []
  const [nginx, straight] = [roundsOf('nginx'), roundsOf('straight to one node')]
  return counted.map(({ door, rounds }) => rowOf(target, door, rounds, { nginx, straight }))
}

async function shoot({ size, signal }: Bench, door: Door, { requests, isGood }: Target, amount: number): Promise<Shot> {
  const before = door.cpu() ?? NaN
  const { latencies, seconds } = await fire({
    url: door.url,
    requests,
    connections: size.connections,
    amount: Math.round(amount),
    isGood,
    signal,
  })
  return {
    rate: latencies.length / seconds,
    p50: percentile(latencies, 50),
    latencies,
    cpu: ((door.cpu() ?? NaN) - before) / latencies.length,
  }
}

function rowOf(
  { key, what }: Target,
  { name }: Door,
  rounds: readonly Shot[],
  { nginx, straight }: { readonly nginx: readonly Shot[]; readonly straight: readonly Shot[] },
): Row {
  const latencies = rounds.flatMap((round) => round.latencies)
  const hasDoor = name !== 'straight to one node'
  const hasCpu = rounds.every(({ cpu }) => Number.isFinite(cpu))
  return {
    ...(name === 'rms-emulator' ? { key } : {}),
    what: `${what}: ${name}`,
    operations: latencies.length,
    perSecond: spreadOf(rounds.map(({ rate }) => rate)),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    ...(hasCpu ? { cpu: spreadOf(rounds.map(({ cpu }) => cpu)) } : {}),
    ...(hasDoor && key !== 'added' && nginx.length > 0
      ? { ofNginx: medianOf(rounds, nginx, (own, other) => (100 * own.rate) / other.rate) }
      : {}),
    ...(hasDoor && key === 'added'
      ? { addedP50: medianOf(rounds, straight, (own, other) => own.p50 - other.p50) }
      : {}),
  }
}

/** Round by round against another door, since what else the machine does changes from round to round. */
function medianOf(
  rounds: readonly Shot[],
  others: readonly Shot[],
  figure: (own: Shot, other: Shot) => number,
): number {
  return percentile(
    rounds.flatMap((own, index) => (others[index] === undefined ? [] : figure(own, others[index]))),
    50,
  )
}
