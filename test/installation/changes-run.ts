/**
 * An installation whose nodes die, come, drain, are replaced and whose balancer reads its list again, one after the other in a seeded order,
 * while licenses are asked for at a fixed rate. Between two changes at least so many requests run that their spread over the nodes can be judged.
 */
import { readFileSync } from 'node:fs'
import { percentile } from '../../bench/spread.js'
import type { RequestLogRecord } from '../../src/cluster/request-log.js'
import type { ClusterStatus, InstallationStatus, NodeStatus } from '../../src/index.js'
import { childrenOf, startUp, type RunningUp } from '../cli/command.js'
import { hangs, until } from '../fixtures/until.js'
import { createPrng, type Prng } from '../hostile/prng.js'
import { licenseRequests, startOpenLoop, type Answer, type OpenLoop } from './open-loop.js'
import { answerWithin } from '../../src/effects.js'

export interface ChangesOptions {
  /** Ends after the change that is under way then; every kind of change has its turn at least once. */
  readonly seconds: number
  /** Licenses per second. */
  readonly rate: number
  readonly seed: number
  /** As for `up`; a file in a temporary folder when left out. */
  readonly database?: string | undefined
  /** Whether pages fill up what is missing to the number of requests between two changes; otherwise licenses alone do, which takes longer. */
  readonly withPages: boolean
  /** Between two changes: a thousand unless told, which is what the spread over the nodes can be judged by. */
  readonly leastRequests?: number
  /** Nodes that a kill takes, one after the other: only some of them have requests at the moment. */
  readonly kills: number
  readonly onProgress: (text: string) => void
}

/** What ran between two changes. */
export interface Spell {
  readonly after: string
  readonly requests: number
  readonly counts: Readonly<Record<string, number>>
  /** Largest distance of a node's count from its equal part, in percent of that. */
  readonly unevenness: number
}

export interface ChangesResult {
  readonly seed: number
  readonly rate: number
  readonly seconds: number
  readonly requests: number
  readonly licenses: number
  readonly changes: Readonly<Record<string, number>>
  readonly failures: readonly string[]
  readonly failed: number
  /** GUIDs of licenses that a client has and the log has not, or more than once. */
  readonly missing: readonly string[]
  readonly twice: readonly string[]
  readonly spells: readonly Spell[]
  readonly uneven: readonly Spell[]
  /** How often the processes warned, by message: that a node died is one of them. */
  readonly warnings: Readonly<Record<string, number>>
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly highest: number }
}

export function isGood({ failed, missing, twice, uneven }: ChangesResult): boolean {
  return failed + missing.length + twice.length + uneven.length === 0
}

const enoughToJudge = 1000
const mostUneven = 1
/** Licenses between two changes, at least. */
const leastLicenses = 20
const kinds = ['kill', 'add', 'drain', 'replace', 'reload'] as const
type Kind = (typeof kinds)[number]

interface Lab {
  readonly up: RunningUp
  readonly loop: OpenLoop
  readonly prng: Prng
  readonly kills: number
  readonly withPages: boolean
  readonly leastRequests: number
}

export async function runChanges({
  seconds,
  rate,
  seed,
  database,
  withPages,
  leastRequests = enoughToJudge,
  kills,
  onProgress,
}: ChangesOptions): Promise<ChangesResult> {
  const up = await startUp([
    '--root',
    '3',
    '--no-licensing',
    '--log-level',
    'warn',
    ...(database === undefined ? [] : ['--db', database]),
  ])
  try {
    const requests = await licenseRequests(up.url)
    const began = performance.now()
    const loop = startOpenLoop(up.url, requests, rate)
    const lab: Lab = { up, loop, prng: createPrng(seed, 0), kills, withPages, leastRequests }
    const changes: Record<Kind, number> = { kill: 0, add: 0, drain: 0, replace: 0, reload: 0 }
    const spells: Spell[] = []
    let shown = 0
    const elapsed = (): number => (performance.now() - began) / 1000
    const changeAll = async (): Promise<void> => {
      for (const kind of inAnyOrder(lab.prng)) {
        const told = await change(lab, kind)
        changes[kind]++
        spells.push(await spell(lab, told))
        const failures = failuresOf(loop.answers)
        onProgress(`${elapsed().toFixed(0)} s, ${loop.answers.length} requests, ${failures.length} failed: ${told}`)
        for (const failure of failures.slice(shown, shown + 3)) onProgress(`  ${failure}`)
        shown = failures.length
      }
    }
    try {
      spells.push(await spell(lab, 'start'))
      do await changeAll()
      while (elapsed() < seconds)
    } finally {
      await loop.stop()
    }
    return {
      seed,
      rate,
      seconds: Math.round(elapsed()),
      changes,
      ...(await judge(up, loop.answers)),
      spells,
      uneven: spells.filter(({ unevenness }) => unevenness > mostUneven),
      warnings: warningsOf(up),
    }
  } finally {
    await up.stop()
  }
}

function inAnyOrder(prng: Prng): readonly Kind[] {
  return kinds
    .map((kind) => ({ kind, at: prng.next() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ kind }) => kind)
}

/** @returns what was done, for people */
async function change({ up, loop, prng, kills }: Lab, kind: Kind): Promise<string> {
  const { nodes } = await rootOf(up)
  const node = prng.pick(nodes)
  switch (kind) {
    case 'kill':
      for (let count = 0; count < kills; count++) await kill(up, prng.pick((await rootOf(up)).nodes))
      return `${kills} killed, and back`
    case 'add':
      return `${await add(up)} added`
    case 'drain':
      await manage(up, 'POST', `/servers/${node.id}/drain`)
      await more(loop)
      await manage(up, 'DELETE', `/servers/${node.id}`)
      return `${node.id} drained, then removed`
    case 'replace': {
      const added = await add(up)
      await manage(up, 'DELETE', `/servers/${node.id}`)
      return `${node.id} replaced by ${added}`
    }
    case 'reload':
      process.kill(balancerOf(up.child.pid ?? 0), 'SIGHUP')
      return 'node list read again'
  }
}

async function kill(up: RunningUp, node: NodeStatus): Promise<void> {
  process.kill(node.pid, 'SIGKILL')
  await until(
    async () =>
      (await rootOf(up)).nodes.some(({ id, pid, state }) => id === node.id && state === 'serving' && pid !== node.pid),
    `${node.id} is back`,
  )
}

async function add(up: RunningUp): Promise<string> {
  return ((await manage(up, 'POST', '/clusters/root/servers')) as { readonly id: string }).id
}

/** Lets some more licenses be asked for, and answered. */
async function more({ answers }: OpenLoop): Promise<void> {
  const count = (): number => answers.filter((answer) => answer?.license !== undefined).length
  const before = count()
  await until(() => count() >= before + leastLicenses, `${leastLicenses} more licenses`)
}

/** From when the set of nodes is as it is now, until there are enough requests. */
async function spell({ up, loop, withPages, leastRequests }: Lab, after: string): Promise<Spell> {
  const { nodes } = await rootOf(up)
  const ids = nodes.map(({ id }) => id)
  const changed = loop.answers.length
  const seen = (): ReadonlySet<string> => new Set(loop.answers.slice(changed).map((answer) => answer?.node ?? ''))
  await until(() => ids.every((id) => seen().has(id)), `${ids.join(', ')} all answer after: ${after}`)
  const from = loop.answers.length
  if (withPages) await loop.addPages(leastRequests)
  await more(loop)
  await until(() => loop.answers.length >= from + leastRequests, `${leastRequests} requests after: ${after}`, 300_000)
  const to = loop.answers.length
  await until(() => !loop.answers.slice(from, to).includes(undefined), `the last answers after: ${after}`)
  const counts: Record<string, number> = Object.fromEntries(ids.map((id) => [id, 0]))
  for (const answer of loop.answers.slice(from, to)) counts[answer?.node ?? ''] = (counts[answer?.node ?? ''] ?? 0) + 1
  const equal = (to - from) / ids.length
  const unevenness = Math.max(...Object.values(counts).map((count) => (100 * Math.abs(count - equal)) / equal))
  return { after, requests: to - from, counts, unevenness }
}

/** Every license that came to a client has one record. */
async function judge(
  up: RunningUp,
  all: readonly (Answer | undefined)[],
): Promise<Pick<ChangesResult, 'requests' | 'licenses' | 'failures' | 'failed' | 'missing' | 'twice' | 'latency'>> {
  const answers = all.flatMap((answer) => answer ?? [])
  const licenses = answers.flatMap(({ license }) => license ?? [])
  const records = new Map<string, number>()
  for (const guid of await loggedLicenses(up)) records.set(guid, (records.get(guid) ?? 0) + 1)
  const failures = failuresOf(answers)
  const took = answers.map((answer) => answer.took)
  return {
    requests: answers.length,
    licenses: licenses.length,
    failures: failures.slice(0, 20),
    failed: failures.length,
    missing: licenses.filter((guid) => !records.has(guid)),
    twice: licenses.filter((guid) => (records.get(guid) ?? 0) > 1),
    latency: { p50: percentile(took, 50), p99: percentile(took, 99), highest: Math.max(...took) },
  }
}

function failuresOf(answers: readonly (Answer | undefined)[]): readonly string[] {
  return answers.flatMap((answer) =>
    answer?.failure === undefined
      ? []
      : `after ${(answer.sent / 1000).toFixed(1)} s, ${answer.took.toFixed(0)} ms: ${answer.failure}`,
  )
}

function warningsOf(up: RunningUp): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const line of up
    .stderr()
    .split('\n')
    .filter((one) => one.startsWith('{'))) {
    const message = String((JSON.parse(line) as { readonly msg?: string }).msg).replace(/[\w.-]+-\d+/, '…')
    counts[message] = (counts[message] ?? 0) + 1
  }
  return counts
}

async function loggedLicenses(up: RunningUp): Promise<readonly string[]> {
  const page = 1000
  const found: string[] = []
  for (let offset = 0; ; offset += page) {
    const path = `/requests?operation=AcquireLicense&result=Succeeded&limit=${page}&offset=${offset}`
    const { requests } = (await manage(up, 'GET', path)) as { readonly requests: readonly RequestLogRecord[] }
    for (const { metadata } of requests)
      found.push(...((JSON.parse(metadata) as { readonly issued?: readonly string[] }).issued ?? []))
    if (requests.length < page) return found
  }
}

async function rootOf(up: RunningUp): Promise<ClusterStatus> {
  const [root] = ((await manage(up, 'GET', '/status')) as InstallationStatus).clusters
  if (root === undefined) throw new Error('There is no cluster')
  return root
}

async function manage({ ready }: RunningUp, method: string, path: string): Promise<unknown> {
  const response = await fetch(`${ready.manage}${path}`, {
    method,
    headers: { authorization: `Bearer ${ready.token}` },
    signal: answerWithin(hangs),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** The child of this process that is a balancer, as /proc knows it. */
function balancerOf(parent: number): number {
  const found = childrenOf(parent).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('balancer'),
  )
  if (found === undefined) throw new Error('up has no balancer')
  return found
}
