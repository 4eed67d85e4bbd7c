/** What does an installation of processes take: to start, in memory while it licenses, and until a server that was added issues its first license? */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { CryptoMode } from '../src/crypto/modes.js'
import { systemClock } from '../src/effects.js'
import { childrenOf, jsonLines, run, startUp, type RunningUp } from '../test/cli/command.js'
import { licenseRequests } from '../test/installation/open-loop.js'
import { fire, type LoadRequest } from './load.js'
import type { Bench, Question, Row } from './question.js'
import { hasOneLicense } from './issue.bench.js'
import { spreadOf } from './spread.js'

const mode: CryptoMode = 2
const engine = 'openssl'
const topology = ['--root', '2', '--licensing', 'licensing=2']

export const installation: Question = {
  name: 'installation',
  about: 'an installation of processes: its start, memory under load, and the time until a new server licenses',
  takesAllCores: true,
  async ask(bench) {
    const starts: Start[] = []
    for (let round = 1; round < bench.size.rounds; round++) {
      bench.progress(`start ${round} of ${bench.size.rounds}`)
      const start = await startAgain(bench.signal)
      starts.push(start)
      await start.up.stop()
    }
    const last = await startAgain(bench.signal)
    try {
      return [startRow([...starts, last]), ...(await askRunning(bench, last.up))]
    } finally {
      await last.up.stop()
    }
  },
}

interface Start {
  readonly up: RunningUp
  readonly seconds: number
  /** Milliseconds of all its processes together; undefined where /proc is not there. */
  readonly cpu: number | undefined
}

async function startAgain(signal: AbortSignal): Promise<Start> {
  signal.throwIfAborted()
  const began = systemClock.monotonic()
  const up = await startUp([...topology, '--log-level', 'silent'])
  const seconds = (systemClock.monotonic() - began) / 1000
  const pid = up.child.pid ?? 0
  const used = [pid, ...childrenOf(pid)].map(cpuOf)
  return {
    up,
    seconds,
    cpu: used.includes(undefined) ? undefined : used.reduce<number>((sum, one) => sum + (one ?? 0), 0),
  }
}

function startRow(starts: readonly Start[]): Row {
  const cpu = starts.flatMap((start) => start.cpu ?? [])
  return {
    what: 'start: 2 root and 2 licensing nodes',
    mode,
    engine,
    seconds: spreadOf(starts.map(({ seconds }) => seconds)),
    ...(cpu.length === 0 ? {} : { cpu: spreadOf(cpu) }),
  }
}

async function askRunning(bench: Bench, up: RunningUp): Promise<readonly Row[]> {
  const requests = await licenseRequests(up.url)
  const perSecond = await load(bench, up, requests)
  const nodes = (up.ready.clusters[0]?.nodes ?? []).map(({ pid }) => memoryOf(pid))
  const balancers = childrenOf(up.child.pid ?? 0)
    .filter(isBalancer)
    .map(memoryOf)
  const added: number[] = []
  for (let round = 1; round <= bench.size.rounds; round++) {
    bench.progress(`server ${round} of ${bench.size.rounds} is added`)
    bench.signal.throwIfAborted()
    added.push(await addServer(up, requests))
  }
  return [
    {
      what: 'node under load',
      mode,
      engine,
      perSecond: spreadOf(perSecond.map((rate) => rate / nodes.length)),
      rss: Math.max(...nodes),
    },
    { what: 'balancer under load', mode, engine, perSecond: spreadOf(perSecond), rss: Math.max(...balancers) },
    { what: 'up, with management', mode, engine, rss: memoryOf(up.child.pid ?? 0) },
    { what: 'add-server until its first license', mode, engine, seconds: spreadOf(added) },
  ]
}

/** Through the balancer. @returns licenses per second, for each round */
async function load(
  { size, progress, signal }: Bench,
  up: RunningUp,
  requests: readonly LoadRequest[],
): Promise<readonly number[]> {
  const url = new URL(up.url).origin
  const shoot = async (amount: number): Promise<number> => {
    const { latencies, seconds } = await fire({
      url,
      requests,
      connections: size.connections,
      amount,
      isGood: hasOneLicense,
      signal,
    })
    return latencies.length / seconds
  }
  progress('licenses through the balancer: warm-up')
  let rate = await shoot(size.connections * 4)
  rate = await shoot(Math.round(rate * size.warmUpSeconds))
  const rates: number[] = []
  for (let round = 1; round <= size.rounds; round++) {
    progress(`licenses through the balancer: round ${round} of ${size.rounds}, ${rate.toFixed(0)} licenses/s`)
    rate = await shoot(Math.round(rate * size.secondsPerRound))
    rates.push(rate)
  }
  return rates
}

/** From the command until a license has come from the new node. @returns seconds */
async function addServer(up: RunningUp, [request]: readonly LoadRequest[]): Promise<number> {
  const began = systemClock.monotonic()
  const told = await run(['add-server', 'root', '--json', '--manage', up.ready.manage, '--token', up.ready.token ?? ''])
  const [event] = jsonLines(told) as readonly { readonly id: string; readonly url: string }[]
  if (event === undefined || request === undefined) throw new Error(`No server was added: ${told.stderr}`)
  const answer = await fetch(`${event.url}${request.path}`, request)
  if (!hasOneLicense(await answer.text()))
    throw new Error(`The new server answers ${answer.status} instead of a license`)
  return (systemClock.monotonic() - began) / 1000
}

/** MiB. */
function memoryOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
}

/** Milliseconds, in steps of ten: the unit of /proc is a hundredth of a second on Linux. */
function cpuOf(pid: number): number | undefined {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return undefined
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function isBalancer(pid: number): boolean {
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
    .split(' ')
    .includes('balancer')
}
