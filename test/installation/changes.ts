/**
 * `node build/test/installation/changes.js --minutes 10 --rate 50 --seed 1 [--database postgres] [--pages] [--json]`: changes the nodes of an
 * installation under load and tells what the clients noticed; with `--pages`, requests for a page let the changes follow each other faster. Ends
 * with 1 when anything was wrong.
 */
import { parseArgs } from 'node:util'
import { withPostgres } from '../cluster/postgres.js'
import { isGood, runChanges, type ChangesResult, type Spell } from './changes-run.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string', default: 'sqlite' },
    pages: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const positive = (name: 'minutes' | 'rate' | 'seed'): number => {
  const value = Number(values[name])
  if (!(value > 0 && value < 1e6)) throw new RangeError(`--${name} ${values[name]} is not a number above 0`)
  return value
}
if (!['sqlite', 'postgres'].includes(values.database))
  throw new RangeError(`--database ${values.database} is neither sqlite nor postgres`)

const result = await (values.database === 'postgres' ? withPostgres(run) : run())
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : summary(result))
process.exitCode = isGood(result) ? 0 : 1

function run(database?: string): Promise<ChangesResult> {
  return runChanges({
    seconds: positive('minutes') * 60,
    rate: positive('rate'),
    seed: positive('seed'),
    database,
    withPages: values.pages,
    kills: 5,
    onProgress: (text) => process.stderr.write(`${text}\n`),
  })
}

function summary(result: ChangesResult): string {
  const {
    seconds,
    rate,
    seed,
    requests,
    licenses,
    changes,
    failed,
    failures,
    missing,
    twice,
    spells,
    uneven,
    latency,
    warnings,
  } = result
  const spread = (spell: Spell): string =>
    Object.entries(spell.counts)
      .map(([id, count]) => `${id} ${count}`)
      .join(', ')
  const lines = [
    `${values.database}, seed ${seed}: ${requests} requests in ${seconds} s (${rate} per second), ${licenses} licenses`,
    `changes: ${Object.entries(changes)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
    `failed requests: ${failed}`,
    ...failures.map((failure) => `  ${failure}`),
    `licenses missing from the request log: ${missing.length}; in it twice: ${twice.length}`,
    `most uneven of ${spells.length} times between changes: ${Math.max(...spells.map(({ unevenness }) => unevenness)).toFixed(2)} %; above 1 %: ${uneven.length}`,
    ...uneven.map((spell) => `  after ${spell.after}: ${spread(spell)}`),
    `warnings: ${Object.entries(warnings)
      .map(([message, count]) => `${count} × ${message}`)
      .join('; ')}`,
    `milliseconds: p50 ${latency.p50.toFixed(0)}, p99 ${latency.p99.toFixed(0)}, highest ${latency.highest.toFixed(0)}`,
  ]
  return `${lines.join('\n')}\n`
}
