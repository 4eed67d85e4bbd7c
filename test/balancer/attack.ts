/**
 * `node build/test/balancer/attack.js --minutes 2 --rate 50 --seed 1 [--scheme http|https] [--json]`: eight attackers, each in its own way, beside
 * good requests, on three nodes, first by http, then by https. Ends with 1 when a good request failed or a node was marked down.
 */
import { parseArgs } from 'node:util'
import { isUnnoticed, runAttacks, type AttackResult } from './attack-run.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    scheme: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const positive = (name: 'minutes' | 'rate' | 'seed'): number => {
  const value = Number(values[name])
  if (!(value > 0 && value < 1e6)) throw new RangeError(`--${name} ${values[name]} is not a number above 0`)
  return value
}
const schemes = values.scheme === undefined ? ['http', 'https'] : [values.scheme]
if (!schemes.every((scheme) => ['http', 'https'].includes(scheme)))
  throw new RangeError(`--scheme ${values.scheme} is neither http nor https`)

let isGood = true
for (const scheme of schemes) {
  const result = await runAttacks({
    isTls: scheme === 'https',
    seconds: positive('minutes') * 60,
    leastAttacks: 1,
    rate: positive('rate'),
    seed: positive('seed'),
    onProgress: (text) => process.stderr.write(`${scheme}, ${text}\n`),
  })
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : summary(result))
  isGood &&= isUnnoticed(result)
}
process.exitCode = isGood ? 0 : 1

function summary({ scheme, seconds, good, failed, failures, markedDown, reasons, attacks }: AttackResult): string {
  const made = Object.entries(attacks)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
  const lines = [
    `${scheme}, seed ${values.seed}, ${seconds} s: ${made}`,
    `good requests: ${good}; failed: ${failed}`,
    ...failures.map((failure) => `  ${failure}`),
    `nodes marked down: ${markedDown}`,
    ...reasons.map((reason) => `  ${reason}`),
  ]
  return `${lines.join('\n')}\n`
}
