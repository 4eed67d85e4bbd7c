/** An exchange as a journal keeps it: pieces of octets, so that a request leaves no objects behind. */
import { deserialize, serialize } from 'node:v8'
import { realClock } from '../clock-setting.js'
import type { Given, KeptBody } from './arena.js'
import type { Ended, Exchange, StepTime } from './exchange.js'
import type { Pieces } from './ring.js'

/** An exchange and its number. */
export type Facts = readonly [sequence: number, ended: Ended]

/** What every exchange has, and what few have. */
export function writeFacts(facts: Facts): readonly [common: string, rare: Given] {
  return [commonOf(facts), rareOf(facts[1])]
}

export function readExchange([asked, answered, common, rare]: Pieces<KeptBody>): Exchange {
  const [first = '', ...lines] = common.text().split('\n')
  const { time, headers, steps, status, ...numbered } = JSON.parse(first) as Numbered
  let line = 0
  const next = (): string => lines[line++] ?? ''
  return {
    ...numbered,
    time: new Date(time),
    requestId: next(),
    clientRequestId: next() || undefined,
    listener: next(),
    operation: next(),
    request: {
      method: next(),
      url: next(),
      httpVersion: next(),
      headers: Array.from({ length: headers }, next),
      body: asked,
    },
    steps: Array.from({ length: steps }, (): StepTime => ({
      step: next(),
      milliseconds: Number(next()) / inMillisecond,
    })),
    answer: { status, headers: headersOf(lines.slice(line)), body: answered },
    ...(rare.length === 0 ? ordinary : (deserialize(rare.bytes()) as Rare)),
  }
}

/** Numbers, and what may have any character in it. */
type Numbered = Pick<Exchange, 'sequence' | 'ended' | 'milliseconds' | 'failed' | 'user' | 'addresses' | 'metadata'> & {
  readonly time: number
  readonly status: number
  /** How many lines, and how many pairs of lines, are of these. */
  readonly headers: number
  readonly steps: number
}

/** Fractions take long to write. */
const inMillisecond = 1000

/** A line of JSON, and one for each text of HTTP and of our own: there is no end of a line in them. One text, since it is written at once. */
function commonOf([sequence, exchange]: Facts): string {
  const { request, answer, steps } = exchange
  const numbered: Numbered = {
    sequence,
    time: exchange.time.getTime(),
    ended: exchange.ended,
    milliseconds: Math.round(exchange.milliseconds * inMillisecond) / inMillisecond,
    failed: exchange.failed,
    status: answer.status,
    headers: request.headers.length,
    steps: steps.length,
    user: exchange.user,
    addresses: exchange.addresses,
    metadata: exchange.metadata,
  }
  let all =
    `${JSON.stringify(numbered)}\n${exchange.requestId}\n${exchange.clientRequestId ?? ''}\n${exchange.listener}\n` +
    `${exchange.operation}\n${request.method}\n${request.url}\n${request.httpVersion}`
  for (const text of request.headers) all += `\n${text}`
  for (const { step, milliseconds } of steps) all += `\n${step}\n${Math.round(milliseconds * inMillisecond)}`
  for (const name in answer.headers) {
    const value = answer.headers[name]
    if (typeof value === 'object') for (const one of value) all += `\n${name}\n${one}`
    else if (value !== undefined) all += `\n${name}\n${value}`
  }
  return all
}

/** A name that stands there several times has several values. */
function headersOf(lines: readonly string[]): Exchange['answer']['headers'] {
  const values = new Map<string, string[]>()
  for (let line = 0; line < lines.length; line += 2) {
    const name = lines[line] ?? ''
    values.set(name, [...(values.get(name) ?? []), lines[line + 1] ?? ''])
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]))
}

type Rare = Pick<Exchange, 'clock' | 'refusals' | 'faults' | 'warnings'>

const ordinary: Rare = { clock: realClock, refusals: [], faults: [], warnings: [] }

/** With whatever stands in the facts of a refusal, dates too. */
function rareOf({ clock, refusals, faults, warnings = [] }: Ended): Given {
  const isOrdinary = clock.mode === 'real' && refusals.length === 0 && faults.length === 0 && warnings.length === 0
  return isOrdinary ? undefined : serialize({ clock, refusals, faults, warnings } satisfies Rare)
}
