/** One round of load: a fixed number of prepared requests over a fixed number of connections, by autocannon. */
import autocannon from 'autocannon'
import { systemClock } from '../src/effects.js'

export interface LoadRequest {
  readonly method: 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Round {
  readonly seconds: number
  /** Milliseconds, one for each request. */
  readonly latencies: readonly number[]
}

export interface Load {
  readonly url: string
  /** Sent in turn, each connection beginning at another one. */
  readonly requests: readonly LoadRequest[]
  readonly connections: number
  readonly amount: number
  /** Whether an answer is a good one. */
  readonly isGood: (body: string) => boolean
  readonly signal: AbortSignal
}

/**
 * autocannon's own figures are in whole milliseconds and end with a sampling interval; ours are taken from its events.
 * @throws when one answer was not 200 or not good, or a connection failed
 */
export async function fire({ url, requests, connections, amount, isGood, signal }: Load): Promise<Round> {
  signal.throwIfAborted()
  const latencies: number[] = []
  let firstBad: string | undefined
  let begin = systemClock.monotonic()
  let end = begin
  let started = 0
  const all = Math.max(amount, connections)
  // Each connection prepares its requests before the first is sent, those that it does not come to as well.
  const each = Math.min(requests.length, Math.ceil(all / connections))
  const options: autocannon.Options = {
    url,
    connections,
    amount: all,
    timeout: 60,
    sampleInt: 20,
    bailout: 1,
    setupClient: (client) => {
      const first = Math.floor((started++ * requests.length) / connections)
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)].slice(0, each))
      begin = systemClock.monotonic()
    },
    verifyBody: (body: unknown) => {
      const good = isGood(String(body))
      if (!good) firstBad ??= String(body)
      return good
    },
  }
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(options, (error, finished) => (error ? reject(error) : resolve(finished)))
    instance.on('response', (_client, _status, _bytes, milliseconds) => {
      end = systemClock.monotonic()
      // The time of a connection's first request runs from before the others were prepared.
      latencies.push(Math.min(milliseconds, end - begin))
    })
    const stop = (): void => instance.stop()
    signal.addEventListener('abort', stop, { once: true })
    instance.on('done', () => signal.removeEventListener('abort', stop))
  })
  signal.throwIfAborted()
  const { errors, non2xx, mismatches } = result
  if (errors + non2xx + mismatches > 0 || latencies.length === 0) {
    const counted = `${errors} failed connections, ${non2xx} answers that are not 200, ${mismatches} answers without what was asked for`
    throw new Error(
      `The load on ${url} is of no use: ${counted}${firstBad === undefined ? '' : `. The first bad answer: ${firstBad.slice(0, 1500)}`}`,
    )
  }
  return { seconds: (end - begin) / 1000, latencies }
}
