/** A request's body on its way to a node: kept, within limits, so that it can be sent again when the node dies. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Bodies up to this size are gathered and sent in one piece, which is fastest; the rest of larger ones follows as it comes. */
const gathered = 64 * 1024
/** A client is stopped while this much of its body waits for the node. */
const waiting = 256 * 1024

/** Why a body ends in the middle. */
export const clientGone = new Error('the client went away')

/** What all kept bodies take together, in bytes. */
export interface KeptBytes {
  used: number
}

export interface BodyLimits {
  readonly bodyBytes: number
  readonly keptBody: number
  readonly keptBodies: number
}

export interface RequestBody {
  /** Whether another node could be sent all of it. */
  repeatable(): boolean
  /** All of it, or a stream that begins at its first byte and follows the client. At most one stream is in use; only once when not repeatable. */
  take(): Buffer | Readable | null
  /** The answer's head is there: nothing has to be kept any more. */
  forget(): void
  /** To be called at the end. What has not come yet is read and thrown away, so that the connection stays in step. */
  discard(): void
}

export interface BodyEvents {
  /** Called once: when the body is there, or enough of it to send the first piece. */
  readonly begin: (body: RequestBody) => void
  /** Called once, perhaps after `begin`: there is more of it than is taken. The rest is read and thrown away. */
  readonly tooLarge: () => void
}

export function receiveBody(
  request: IncomingMessage,
  limits: BodyLimits,
  kept: KeptBytes,
  { begin, tooLarge }: BodyEvents,
): void {
  let chunks: Buffer[] = []
  /** Index in `chunks` of what the stream gives next. */
  let position = 0
  let size = 0
  let unread = 0
  let counted = 0
  let keeps = Number(request.headers['content-length'] ?? 0) <= limits.keptBody
  let sentOnce = false
  let ended = false
  let discarded = false
  let begun = false
  let reader: Readable | undefined

  function release(): void {
    kept.used -= counted
    counted = 0
  }

  function stopKeeping(): void {
    if (!keeps) return
    keeps = false
    release()
    chunks = chunks.slice(position)
    position = 0
  }

  /** Gives the stream what there is until it has enough. */
  function feed(): void {
    if (reader !== undefined) fill(reader)
    if (unread < waiting && request.isPaused()) request.resume()
  }

  function fill(into: Readable): void {
    while (position < chunks.length) {
      const chunk = chunks[position] as Buffer
      if (keeps) position++
      else chunks.shift()
      unread -= chunk.length
      if (!into.push(chunk)) break
    }
    if (ended && position === chunks.length) into.push(null)
  }

  function stream(): Readable {
    reader?.destroy()
    position = 0
    unread = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const mine = new Readable({
      highWaterMark: gathered,
      read: () => {
        if (reader === mine) feed()
      },
      destroy: (error, done) => {
        if (reader === mine) reader = undefined
        done(error)
      },
    })
    reader = mine
    return mine
  }

  const body: RequestBody = {
    repeatable: () => keeps || !sentOnce,
    take: () => {
      sentOnce = true
      if (!ended || !keeps) return stream()
      return chunks.length > 1 ? Buffer.concat(chunks, size) : (chunks[0] ?? null)
    },
    forget: () => {
      stopKeeping()
      if (reader === undefined) chunks = []
    },
    discard: () => {
      discarded = true
      release()
      keeps = false
      chunks = []
      position = 0
      reader?.destroy()
      request.resume()
    },
  }

  function beginOnce(): void {
    if (begun) return
    begun = true
    begin(body)
  }

  request.on('data', (chunk: Buffer) => {
    if (discarded) return
    size += chunk.length
    if (size > limits.bodyBytes) {
      begun = true
      body.discard()
      tooLarge()
      return
    }
    unread += chunk.length
    chunks.push(chunk)
    if (keeps) {
      counted += chunk.length
      kept.used += chunk.length
      if (size > limits.keptBody || kept.used > limits.keptBodies) stopKeeping()
    }
    feed()
    if (unread > waiting) request.pause()
    if (size > gathered) beginOnce()
  })
  request.on('end', () => {
    ended = true
    feed()
    beginOnce()
  })
  // A client that goes away in the middle: the request is aborted by whoever forwards it.
  request.on('close', () => {
    if (ended) return
    reader?.destroy(clientGone)
    release()
  })
}
