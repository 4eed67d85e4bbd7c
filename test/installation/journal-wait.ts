/**
 * `node build/test/installation/journal-wait.js --times 100 --rate 50`: how long after an exchange `POST /lab/journal/wait` answers, on four nodes that
 * are processes, beside licenses at a fixed rate. Ends with 1 when one took more than 50 ms.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { LoadRequest } from '../../bench/load.js'
import { startUp } from '../cli/command.js'
import { licenseRequests, startOpenLoop } from './open-loop.js'

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '50' }, times: { type: 'string', default: '100' } },
})
const longest = 50

const up = await startUp(['--root', '4', '--no-licensing', '--log-level', 'error', '--manage-port', '0'])
const took: number[] = []
try {
  const requests = await licenseRequests(up.url)
  // Management makes its routes when it is asked first: until then no wait is there.
  await (await fetch(`${up.ready.manage}/lab`, { headers: { authorization: `Bearer ${up.ready.token}` } })).text()
  const loop = startOpenLoop(up.url, requests, Number(values.rate))
  for (let count = 0; count < Number(values.times); count++) {
    const request = requests[count % requests.length]
    if (request !== undefined) took.push(await once(request))
  }
  await loop.stop()
} finally {
  await up.stop()
}
took.sort((a, b) => a - b)
const at = (part: number): string => (took[Math.ceil(took.length * part) - 1] ?? 0).toFixed(1)
process.stdout.write(
  `${took.length} waits: half within ${at(0.5)} ms of the answer, 95 of 100 within ${at(0.95)} ms, all within ${at(1)} ms\n`,
)
process.exitCode = (took.at(-1) ?? Infinity) <= longest ? 0 : 1

/** @returns milliseconds from the answer of the exchange until the wait for it answered */
async function once(request: LoadRequest): Promise<number> {
  const requestId = randomUUID()
  const waiting = waitFor(requestId)
  // The wait has to be there before the event: whoever waits for what has happened is answered at once.
  await pause(100)
  const response = await fetch(`${new URL(up.url).origin}${request.path}`, {
    ...request,
    headers: { ...request.headers, 'x-request-id': requestId },
  })
  await response.text()
  const answered = performance.now()
  return Math.max(0, (await waiting) - answered)
}

/** @returns when it answered */
async function waitFor(requestId: string): Promise<number> {
  const response = await fetch(`${up.ready.manage}/lab/journal/wait`, {
    method: 'POST',
    headers: { authorization: `Bearer ${up.ready.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ match: { requestId }, timeout: 'PT1M' }),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`wait: ${response.status} ${text}`)
  return performance.now()
}
