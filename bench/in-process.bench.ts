/** What does `startInstallation` take in a process that tests run in: the first time, the second time, and each further time? */
import type { CryptoMode } from '../src/crypto/modes.js'
import type { Bench, Question, Row } from './question.js'
import { startProgram } from './spawn-node.js'
import { spreadOf } from './spread.js'
import type { StartKind, StartTime, StartTimes } from './start-process.js'

const engine = 'openssl'

const kinds: readonly (readonly [StartKind, string])[] = [
  ['memory', 'in memory'],
  ['seed', 'in memory, with a seed'],
  ['file', 'in a folder'],
  ['nodes', 'in memory, three nodes'],
]

export const inProcess: Question = {
  name: 'in-process',
  about: 'installations started and closed in one process: the first, the second, and those after it',
  takesAllCores: true,
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes) rows.push(...(await askMode(bench, mode)))
    return rows
  },
}

async function askMode(bench: Bench, mode: CryptoMode): Promise<readonly Row[]> {
  const rows: Row[] = []
  const keyPairs: StartTime[] = []
  for (const [kind, where] of kinds.slice(0, bench.size.inProcess.kinds)) {
    const runs: StartTimes[] = []
    for (let round = 1; round <= bench.size.rounds; round++) {
      bench.progress(`starts ${where}, mode ${mode}: process ${round} of ${bench.size.rounds}`)
      bench.signal.throwIfAborted()
      runs.push(await timesOf(mode, kind, bench.size.inProcess.starts))
    }
    keyPairs.push(...runs.map(({ keyPair }) => keyPair))
    const rowOf = (which: string, times: readonly StartTime[]): Row => row(`${which} start ${where}`, mode, times)
    rows.push(
      rowOf(
        'first',
        runs.flatMap(({ starts }) => starts.slice(0, 1)),
      ),
      rowOf(
        'second',
        runs.flatMap(({ starts }) => starts.slice(1, 2)),
      ),
      rowOf(
        'further',
        runs.flatMap(({ starts }) => starts.slice(2)),
      ),
    )
  }
  return [...rows, row('a key pair of a cluster', mode, keyPairs)]
}

async function timesOf(mode: CryptoMode, kind: StartKind, count: number): Promise<StartTimes> {
  const { ready, close } = await startProgram('start-process.js', [String(mode), kind, String(count)])
  await close()
  return ready as StartTimes
}

function row(what: string, mode: CryptoMode, times: readonly StartTime[]): Row {
  return {
    what,
    mode,
    engine,
    seconds: spreadOf(times.map(({ seconds }) => seconds)),
    cpu: spreadOf(times.map(({ cpu }) => cpu)),
  }
}
