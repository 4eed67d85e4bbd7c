/**
 * `node build/test/installation/kills.js --times 200 --seed 1`: kills an installation again and again while it is made or changed, and tells whether it
 * was whole at the next start. Ends with 1 when it was not.
 */
import { parseArgs } from 'node:util'
import { runCampaign, type RunResult } from './kill-campaign.js'
import type { DatabaseName } from './kill-databases.js'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    database: { type: 'string', default: 'sqlite' },
    json: { type: 'boolean', default: false },
  },
})

function number(name: 'times' | 'seed' | 'from'): number {
  const value = Number(values[name])
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} ${values[name]} is not a whole number`)
  return value
}

function databaseName(name: string): DatabaseName {
  if (name !== 'sqlite' && name !== 'postgres')
    throw new RangeError(`--database ${name} is neither sqlite nor postgres`)
  return name
}

const [times, seed, database] = [number('times'), number('seed'), databaseName(values.database)]
const began = performance.now()
const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0)
let wrong = 0
// The summary of what was done comes all the same.
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
const results = await runCampaign({
  database,
  times,
  seed,
  from: number('from'),
  signal: interrupted.signal,
  onRun: (result, done) => {
    if (result.problem !== undefined) {
      wrong++
      process.stderr.write(`\n${failure(result)}\n`)
    }
    process.stderr.write(
      `\r${done} of ${times} in ${seconds()} s, ${wrong} wrong: ${result.work}, ${result.phase}`.padEnd(100),
    )
  },
})
process.stderr.write('\n')
process.stdout.write(
  values.json
    ? `${JSON.stringify({ database, seed, seconds: Number(seconds()), wrong, results })}\n`
    : summary(results),
)
process.exitCode = wrong === 0 ? 0 : 1

function failure({ index, work, victim, way, killedAt, phase, problem, left }: RunResult): string {
  const again = `--database ${database} --seed ${seed} --from ${index} --times 1`
  return `${again}: ${work}; ${victim} killed by ${way} after ${killedAt} ms; ${phase}\n${problem}\nleft: ${left}`
}

function summary(all: readonly RunResult[]): string {
  const rows = new Map<string, { times: number; wrong: number; earliest: number; latest: number }>()
  for (const { work, phase, killedAt, problem } of all) {
    const key = `${work.padEnd(20)}${phase}`
    const row = rows.get(key) ?? { times: 0, wrong: 0, earliest: Infinity, latest: 0 }
    rows.set(key, {
      times: row.times + 1,
      wrong: row.wrong + (problem === undefined ? 0 : 1),
      earliest: Math.min(row.earliest, killedAt),
      latest: Math.max(row.latest, killedAt),
    })
  }
  const line = (key: string, cells: readonly (string | number)[]): string =>
    `${key.padEnd(50)}${cells.map((cell) => String(cell).padStart(10)).join('')}`
  const table = [...rows]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, row]) => line(key, [row.times, row.wrong, row.earliest, row.latest]))
  const victims = [...new Set(all.map(({ victim }) => victim))].map(
    (victim) => `${victim} ${all.filter((result) => result.victim === victim).length}`,
  )
  return [
    line(`${'work'.padEnd(20)}there after the kill`, ['kills', 'wrong', 'from ms', 'to ms']),
    ...table,
    '',
    `${all.length} kills on ${database} with seed ${seed} in ${seconds()} s; killed: ${victims.join(', ')}; by time ${all.filter(({ way }) => way === 'time').length}, after a transaction ${all.filter(({ way }) => way === 'transaction').length}`,
    `wrong: ${wrong}`,
    ...all.filter(({ problem }) => problem !== undefined).map(failure),
    '',
  ].join('\n')
}
