/** A node list that somebody else keeps: asked again and again, so that nodes that come and go are known within a check. */
import type { Logger } from 'pino'
import { pause, type Timers } from '../effects.js'
import { NodeListError, parseNodesAnswer } from './node-list.js'
import type { NodeEntry } from './options.js'

export interface NodeSource {
  /** Answers `{ "nodes": [{ "id", "url" }] }`. */
  readonly url: string
  /** Brought as Authorization: Bearer. */
  readonly token: string | undefined
  /** Milliseconds between two questions. */
  readonly interval: number
}

/** Bytes; a list of the longest has less. */
const largestAnswer = 1024 * 1024
/** Milliseconds. */
const longestQuestion = 5000

/**
 * Asks at once, then after every interval. While there is no answer, or a wrong one, the list stays as it was.
 * @param take is given every list that differs from the one before
 * @returns ends it
 */
export function followNodes(
  { url, token, interval }: NodeSource,
  take: (nodes: readonly NodeEntry[]) => void,
  { log, timers }: { readonly log: Logger; readonly timers: Timers },
): () => void {
  const ended = new AbortController()
  let last = ''
  let failure = ''

  const ask = async (): Promise<void> => {
    try {
      const nodes = parseNodesAnswer(await answerOf(url, token, ended.signal, timers))
      if (failure !== '') log.info({ url }, 'the node list is there again')
      failure = ''
      const list = JSON.stringify(nodes)
      if (list === last) return
      last = list
      log.info({ nodes: nodes.map(({ id }) => id) }, 'the node list has changed')
      take(nodes)
    } catch (error) {
      const why = reasonOf(error)
      // Said once, not at every question.
      if (!ended.signal.aborted && why !== failure)
        log.warn({ url, why }, 'the node list cannot be had: it stays as it was')
      failure = why
    }
  }

  void (async () => {
    while (!ended.signal.aborted) {
      await ask()
      await pause(timers, interval, ended.signal)
    }
  })()
  return () => ended.abort()
}

async function answerOf(url: string, token: string | undefined, ended: AbortSignal, timers: Timers): Promise<string> {
  const late = new AbortController()
  const deadline = timers.after(longestQuestion, () =>
    late.abort(new NodeListError(`it was not answered within ${longestQuestion / 1000} s`)),
  )
  try {
    return await fetchText(url, token, AbortSignal.any([ended, late.signal]))
  } finally {
    deadline.stop()
  }
}

async function fetchText(url: string, token: string | undefined, signal: AbortSignal): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, {
    headers,
    redirect: 'error',
    signal,
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new NodeListError(
      `HTTP ${response.status}${response.status === 401 ? ': give the management token, --token-file FILE' : ''}`,
    )
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > largestAnswer) throw new NodeListError(`the answer has more than ${largestAnswer} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
