/** One question to /readyz, in the time that a supervisor has. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { answerWithin } from '../effects.js'
import { systemCode } from './failure.js'

export interface ReadinessAnswer {
  readonly isReady: boolean
  /** For people; '' where there is nothing to say. */
  readonly why: string
  /** What it said, where that is JSON. */
  readonly answer?: unknown
}

/** Milliseconds. */
const longestWait = 5000

/** Never rejects: who does not answer is not ready. */
export async function callReadiness(url: string): Promise<ReadinessAnswer> {
  const signal = answerWithin(longestWait)
  try {
    const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http')
    const [response] = (await once(get(url, { signal }), 'response')) as [IncomingMessage]
    const answer = parsed(await readText(response))
    const { statusCode } = response
    const isReady = statusCode === 200 && answer?.status === 'ready'
    return { isReady, why: wordsOf(answer) || `it answers HTTP ${statusCode}`, answer }
  } catch (error) {
    const late = signal.aborted ? `it did not answer within ${longestWait / 1000} s` : undefined
    return { isReady: false, why: late ?? (systemCode(error) || (error as Error).message) }
  }
}

/** As servers and management say it. */
interface Words {
  readonly status?: unknown
  readonly node?: unknown
  readonly reason?: unknown
  readonly clusters?: readonly { readonly name: string; readonly ready: readonly string[] }[]
}

function wordsOf({ node, reason, clusters }: Words = {}): string {
  if (typeof reason === 'string') return reason
  if (clusters !== undefined) return clusters.map(({ name, ready }) => `${name} by ${ready.join(', ')}`).join('; ')
  return typeof node === 'string' ? node : ''
}

function parsed(text: string): Words | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
