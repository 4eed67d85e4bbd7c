/** Sends prepared requests over a bounded number of connections. */
import { Agent } from 'undici'
import { judgeAnswer, judgeError, unfinished } from './answer.js'
import type { PreparedRequest } from './prepare.js'

export interface Answer {
  /** `good`, or why not. */
  readonly outcome: string
  /** Who answered: X-Served-By; undefined when nobody said. */
  readonly node: string | undefined
}

export interface Sender {
  /** Never throws. */
  send(request: PreparedRequest): Promise<Answer>
  /** Gives up what has no answer yet. */
  close(): Promise<void>
}

/** An answer above that many bytes is cut off: nothing that is asked for here is as long. */
const longestAnswer = 16 * 1024 * 1024

export interface SenderOptions {
  readonly connections: number
  readonly timeoutMilliseconds: number
  /** Certificates in PEM that those of the servers may lead to. */
  readonly ca?: string | undefined
}

export function createSender({ connections, timeoutMilliseconds, ca }: SenderOptions): Sender {
  const timeout = { headersTimeout: timeoutMilliseconds, bodyTimeout: timeoutMilliseconds }
  const connect = { timeout: timeoutMilliseconds, ...(ca === undefined ? {} : { ca }) }
  const agent = new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    maxResponseSize: longestAnswer,
    connect,
    ...timeout,
  })
  let isClosed = false
  return {
    send: async ({ operation, origin, path, headers, body }) => {
      try {
        const answer = await agent.request({ origin, path, method: 'POST', headers: { ...headers }, body })
        const text = await answer.body.text()
        return {
          outcome: judgeAnswer(operation, answer.statusCode, text),
          node: servedBy(answer.headers['x-served-by']),
        }
      } catch (error) {
        return { outcome: isClosed ? unfinished : judgeError(error), node: undefined }
      }
    },
    close: async () => {
      isClosed = true
      await agent.destroy()
    },
  }
}

function servedBy(value: string | string[] | undefined): string | undefined {
  const name = Array.isArray(value) ? value[0] : value
  return name?.slice(0, 100).replaceAll(/[^\w.:-]/g, '')
}
