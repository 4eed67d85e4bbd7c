/** `node build/test/hostile/run.js --requests 100000 --seed 1`: attacks a node and tells how it took them. Ends with 1 when anything is wrong. */
import { parseArgs } from 'node:util'
import { runCampaign, type CampaignResult, type Violation } from './campaign.js'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    connections: { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
  },
})

const number = (name: 'requests' | 'seed' | 'from' | 'connections'): number => {
  const value = Number(values[name])
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} ${values[name]} is not a whole number`)
  return value
}

const line = ({ index, kind, operation, why }: Violation): string =>
  `${index < 0 ? '' : `--from ${index} --requests 1: `}${kind}, ${operation}: ${why}`

const began = performance.now()
const result = await runCampaign({
  requests: number('requests'),
  seed: number('seed'),
  from: number('from'),
  connections: Math.max(1, number('connections')),
  onProgress: (done, violations) => {
    const seconds = (performance.now() - began) / 1000
    process.stderr.write(`\r${done} sent in ${seconds.toFixed(0)} s, ${violations} wrong  `)
  },
  onViolation: (violation) => process.stderr.write(`\n${line(violation)}\n`),
})
process.stderr.write('\n')
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result))
process.exitCode = result.violationCount === 0 && result.memory.withinBounds ? 0 : 1

function table({
  kinds,
  memory,
  violations,
  violationCount,
  requests,
  seed,
  seconds,
  controls,
}: CampaignResult): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(22) : String(cell).padStart(9))).join('')
  const lines = [
    row(['attack', 'served', 'fault', '4xx', 'closed', 'max ms']),
    ...Object.entries(kinds).map(([kind, { outcomes, slowest }]) =>
      row([kind, outcomes.served, outcomes.fault, outcomes['4xx'], outcomes.closed, slowest]),
    ),
    '',
    `${requests} attacks with seed ${seed} in ${seconds} s, ${controls} unchanged requests between and after them`,
    `memory after warm-up: heap ${mib(memory.warm.heap)}, RSS ${mib(memory.warm.rss)}; at the end: heap ${mib(memory.end.heap)}, RSS ${mib(memory.end.rss)}${memory.withinBounds ? '' : ' (TOO MUCH)'}`,
    `wrong: ${violationCount}`,
    ...violations.map((violation) => `  ${line(violation)}`),
  ]
  return `${lines.join('\n')}\n`
}
