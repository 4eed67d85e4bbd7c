/** How many use licenses a second does one node issue (AcquireLicense, [MS-RMPR] 3.4.4.1), and what does one cost? */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/signer.js'
import { fire, type LoadRequest, type Round } from './load.js'
import type { Bench, Question, RateRow, Row } from './question.js'
import { licenseRequest, makeSessions, type Sessions } from './sessions.js'
import { measureRaw } from './sign.bench.js'
import { spawnNode, type NodeArguments, type SpawnedNode } from './spawn-node.js'
import { percentile, spreadOf } from './spread.js'

export const issue: Question = {
  name: 'issue',
  about: 'use licenses of one node: one publishing license for many users, and many publishing licenses',
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes) {
      const folder = await mkdtemp(join(tmpdir(), 'rms-emulator-bench-'))
      try {
        rows.push(...(await askMode(bench, mode, join(folder, 'rms.db'))))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    return rows
  },
}

/** The engines serve the same database one after the other, so that both answer the same requests. */
async function askMode(bench: Bench, mode: CryptoMode, database: string): Promise<readonly Row[]> {
  const { size, nodeCore: core } = bench
  const sessions = await withNode({ database, mode, engine: 'openssl', accounts: size.users, core }, ({ url }) => makeSessions(url, mode, bench))
  const rawSign = (await measureRaw(bench, mode, 'sign')).cpu.median
  const rows: Row[] = []
  for (const engine of size.engines) {
    const profile = bench.profileFolder === undefined ? undefined : { folder: bench.profileFolder, name: `issue-mode${mode}-${engine}.cpuprofile` }
    const measured = await withNode({ database, mode, engine, accounts: 0, core, profile }, (node) => askNode(bench, node, { mode, engine, sessions }))
    rows.push(...measured.map((row) => ({ ...row, share: (100 * rawSign) / row.cpu.median })))
  }
  return rows
}

async function withNode<T>(given: NodeArguments, work: (node: SpawnedNode) => Promise<T>): Promise<T> {
  const node = await spawnNode(given)
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}

interface Cell {
  readonly mode: CryptoMode
  readonly engine: EngineName
  readonly sessions: Sessions
}

async function askNode(bench: Bench, node: SpawnedNode, cell: Cell): Promise<readonly RateRow[]> {
  const { accounts, published } = cell.sessions
  const onePl = accounts.flatMap((account) => published.slice(0, 1).map((content) => licenseRequest(account, content)))
  const manyPls = published.flatMap((content, index) => {
    const account = accounts[index % accounts.length]
    return account === undefined ? [] : [licenseRequest(account, content)]
  })
  return [
    await measure(bench, node, cell, `license, one PL, ${accounts.length} users`, onePl),
    await measure(bench, node, cell, `license, ${published.length} PLs, ${accounts.length} users`, manyPls),
  ]
}

async function measure(bench: Bench, node: SpawnedNode, { mode, engine }: Cell, what: string, requests: readonly LoadRequest[]): Promise<RateRow> {
  const { size, progress, signal } = bench
  const shoot = (amount: number): Promise<Round> =>
    fire({ url: node.url, requests, connections: size.connections, amount, isGood: hasOneLicense, signal })
  const title = `Mode ${mode}, ${engine}: ${what}`
  progress(`${title}: warm-up`)
  let rate = rateOf(await shoot(size.connections))
  // A cold node is slow: only time tells whether it has warmed up, not the number that its first rate foretells
  for (let warm = 0; warm < size.warmUpSeconds; ) {
    const shot = await shoot(Math.round((rate * size.warmUpSeconds) / 2))
    warm += shot.seconds
    rate = rateOf(shot)
  }
  const rounds: (Round & { readonly cpu: number })[] = []
  for (let round = 1; round <= size.rounds; round++) {
    progress(`${title}: round ${round} of ${size.rounds}, ${rate.toFixed(0)} licenses/s`)
    const before = await node.usage()
    const shot = await shoot(Math.round(rate * size.secondsPerRound))
    const after = await node.usage()
    rounds.push({ ...shot, cpu: after.cpu - before.cpu })
    rate = rateOf(shot)
  }
  const latencies = rounds.flatMap((round) => round.latencies)
  return {
    what,
    mode,
    engine,
    operations: latencies.length,
    perSecond: spreadOf(rounds.map(rateOf)),
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    cpu: spreadOf(rounds.map((round) => round.cpu / round.latencies.length)),
    rss: (await node.usage()).rss / 1024 / 1024,
  }
}

function rateOf({ latencies, seconds }: Round): number {
  return latencies.length / seconds
}

const licenseMark = 'purpose="Content-License"'

export function hasOneLicense(body: string): boolean {
  const at = body.indexOf(licenseMark)
  return at >= 0 && !body.includes(licenseMark, at + 1)
}
