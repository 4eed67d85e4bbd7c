/**
 * `node build/test/installation/clock-at-rate.js --rate 50 --seconds 10`: the lab's clock goes a year and a day on and back again while licenses are asked
 * for at a fixed rate, on three nodes that are processes. Ends with 1 when an answer is another than its phase allows.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startUp } from '../cli/command.js'
import { licenseRequests, startOpenLoop, type Answer } from './open-loop.js'

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '50' }, seconds: { type: 'string', default: '10' } },
})

const expired = 'InvalidPersonaCertTimeException'
const phases = ['as it is', 'going', 'a year later', 'returning', 'back'] as const
/** What an answer may be whose request was sent in a phase and answered in the same one. */
const allowed: readonly (readonly string[])[] = [
  ['license'],
  ['license', expired],
  [expired],
  ['license', expired],
  ['license'],
]

const up = await startUp(['--root', '3', '--no-licensing', '--log-level', 'error', '--manage-port', '0'])
let isGood = true
try {
  const loop = startOpenLoop(up.url, await licenseRequests(up.url), Number(values.rate))
  /** Milliseconds since the loop began, at which each phase began. */
  const began: number[] = []
  const start = performance.now()
  const enter = (): void => void began.push(performance.now() - start)
  const stay = (): Promise<void> => pause(Number(values.seconds) * 1000)
  enter()
  await stay()
  enter()
  const advanced = await lab('POST', '/lab/clock/advance', { by: 'P366D' })
  enter()
  await stay()
  enter()
  await lab('DELETE', '/lab')
  enter()
  await stay()
  await loop.stop()
  process.stdout.write(`The call answered after ${Math.round(advanced)} ms.\n`)
  for (const [at, phase] of phases.entries())
    report(phase, at, within(loop.answers, began[at] ?? 0, began[at + 1] ?? Infinity))
} finally {
  await up.stop()
}
process.exitCode = isGood ? 0 : 1

/** @returns milliseconds until its answer came */
async function lab(method: string, path: string, body?: object): Promise<number> {
  const sent = performance.now()
  const response = await fetch(`${up.ready.manage}${path}`, {
    method,
    headers: { authorization: `Bearer ${up.ready.token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  await response.text()
  return performance.now() - sent
}

function within(answers: readonly (Answer | undefined)[], from: number, to: number): readonly Answer[] {
  return answers.filter((answer) => answer !== undefined).filter(({ sent, took }) => sent >= from && sent + took < to)
}

function report(phase: string, at: number, answers: readonly Answer[]): void {
  const counts = new Map<string, number>()
  for (const { node, failure } of answers) {
    const outcome = failure === undefined ? 'license' : failure.includes(expired) ? expired : failure
    isGood &&= allowed[at]?.includes(outcome) === true
    const key = `${node} ${outcome}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const lines = [...counts].map(([key, count]) => `  ${key}: ${count}\n`).toSorted((a, b) => a.localeCompare(b))
  process.stdout.write(`${phase}: ${answers.length} requests\n${lines.join('')}`)
}
