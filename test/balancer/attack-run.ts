/** Every way of attacking at once, beside good requests at a fixed rate, on an installation of three nodes: what did the others notice? */
import { setTimeout as pause } from 'node:timers/promises'
import { startUp, type RunningUp } from '../cli/command.js'
import { createPrng } from '../hostile/prng.js'
import { licenseRequests, startOpenLoop } from '../installation/open-loop.js'
import { attacks, type AttackName, type Target } from './attackers.js'

export interface AttackOptions {
  readonly isTls: boolean
  /** For so long, and until every attacker has attacked so often. */
  readonly seconds: number
  readonly leastAttacks: number
  /** Good requests per second. */
  readonly rate: number
  readonly seed: number
  readonly onProgress: (text: string) => void
}

export interface AttackResult {
  readonly scheme: 'http' | 'https'
  readonly seconds: number
  readonly good: number
  readonly failed: number
  /** What was wrong with them, the first ones. */
  readonly failures: readonly string[]
  /** How often the balancer took a node out. */
  readonly markedDown: number
  /** What it said then, the first ones. */
  readonly reasons: readonly string[]
  readonly attacks: Readonly<Record<string, number>>
}

export function isUnnoticed({ good, failed, markedDown }: AttackResult): boolean {
  return good > 0 && failed === 0 && markedDown === 0
}

export async function runAttacks(options: AttackOptions): Promise<AttackResult> {
  const { isTls, rate } = options
  const flags = [
    '--root',
    '3',
    '--no-licensing',
    '--log-level',
    'warn',
    '--manage-port',
    '0',
    ...(isTls ? ['--tls'] : []),
  ]
  const up = await startUp(flags)
  try {
    const ca = isTls ? await (await fetch(`${up.ready.manage}/ca.pem`)).text() : undefined
    const requests = await licenseRequests(up.url, ca)
    const [one] = requests
    const { origin } = new URL(up.url)
    const target: Target = { url: origin, path: one?.path ?? '', body: String(one?.body) }
    // Before that nodes were not ready yet.
    const from = up.stderr().length
    const began = performance.now()
    const loop = startOpenLoop(up.url, requests, rate, ca)
    const counts = await attackAll(target, options)
    await loop.stop()
    const failures = loop.answers.flatMap((answer) => answer?.failure ?? [])
    const reasons = markedDown(up, from)
    return {
      scheme: isTls ? 'https' : 'http',
      seconds: Math.round((performance.now() - began) / 1000),
      good: loop.answers.length,
      failed: failures.length,
      failures: failures.slice(0, 10),
      markedDown: reasons.length,
      reasons: reasons.slice(0, 10),
      attacks: counts,
    }
  } finally {
    await up.stop()
  }
}

async function attackAll(target: Target, { seconds, leastAttacks, seed, onProgress }: AttackOptions) {
  const counts: Record<string, number> = {}
  const until = performance.now() + seconds * 1000
  const over = new AbortController()
  const attackIn = async (name: AttackName, index: number): Promise<void> => {
    const prng = createPrng(seed, index)
    let count = 0
    while (!over.signal.aborted && (count < leastAttacks || performance.now() < until)) {
      await attacks[name](target, prng)
      counts[name] = ++count
      if (count % 100 === 0) onProgress(`${name}: ${count}`)
      await pause(prng.below(40))
    }
  }
  try {
    await Promise.all((Object.keys(attacks) as AttackName[]).map(attackIn))
    return counts
  } finally {
    over.abort()
  }
}

function markedDown(up: RunningUp, from: number): readonly string[] {
  return up
    .stderr()
    .slice(from)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { readonly msg?: string; readonly reason?: string })
    .filter(({ msg = '' }) => /^node \S+ is down$/.test(msg))
    .map(({ msg, reason }) => `${msg}: ${reason}`)
}
