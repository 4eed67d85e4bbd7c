/** One node as the balancer sees it: its state, its shared connections, its counters. */
import { buildConnector, Pool, type Client } from 'undici'
import { headerMargin } from '../http/header-limit.js'
import type { Timers } from '../effects.js'
import type { Limits, NodeEntry } from './options.js'

/** unknown: not checked yet. draining: takes no new requests; leaves or is resumed. */
export type NodeState = 'unknown' | 'ready' | 'down' | 'draining'

export interface NodeCounters {
  /** Requests sent to the node, repeated ones included. */
  requests: number
  /** Answers whose head came, by first digit of the status: index 1 to 5. */
  readonly answers: number[]
  /** Requests that the node did not answer: refused, died, timed out. */
  failures: number
  /** Of these, how many went to another node. */
  movedAway: number
  checks: number
  failedChecks: number
}

export interface BalancedNode {
  readonly id: string
  readonly url: string
  /** To be told to undici with every request: otherwise it takes the name for TLS from the Host of each, which is the client's to choose. */
  readonly serverName: string
  /** For connections to it, shared or pinned. */
  readonly connection: Client.Options
  readonly pool: Pool
  readonly counters: NodeCounters
  state: NodeState
  /** Why it is in this state, for people. */
  reason: string
  /** When it came into this state. */
  since: Date
  /** Requests that are with the node now. */
  running: number
  /** Client connections that are pinned to the node. */
  readonly pins: Set<PinnedConnection>
  /** Told when the last request and the last pinned connection are gone. */
  readonly whenIdle: Set<() => void>
  /** It has said nothing for several checks in a row, to nobody: what waits for it would wait for long. */
  isSilent: boolean
  /** Requests that wait for the head of its answer: each ends its waiting when it is called. */
  readonly waiting: Set<() => void>
  /** A request to the node failed, by the fault of whoever it may be: it is asked now. */
  suspect: () => void
  /** The node does not take connections: it is down. */
  refused: (reason: string) => void
}

/** What a node that leaves needs to know of a pinned connection. */
export interface PinnedConnection {
  /** Ends the client connection as soon as no request is running and no sign-in is half done. */
  readonly release: () => void
  readonly destroy: () => void
}

export function createNode({ id, url }: NodeEntry, limits: Limits, now: Date): BalancedNode {
  const { origin, hostname } = new URL(url)
  const connection = connectionOptions(limits)
  return {
    id,
    url,
    serverName: hostname,
    connection,
    pool: new Pool(origin, { ...connection, connections: limits.nodeConnections }),
    counters: { requests: 0, answers: [0, 0, 0, 0, 0, 0], failures: 0, movedAway: 0, checks: 0, failedChecks: 0 },
    state: 'unknown',
    reason: 'not checked yet',
    since: now,
    running: 0,
    pins: new Set(),
    whenIdle: new Set(),
    isSilent: false,
    waiting: new Set(),
    suspect: () => undefined,
    refused: () => undefined,
  }
}

function connectionOptions(limits: Limits): Client.Options {
  return {
    pipelining: 1,
    connect: connectorToOwnName(limits),
    headersTimeout: limits.answerTimeout,
    bodyTimeout: limits.answerTimeout,
    // Challenges answer tokens that came in headers: what may come in may go out.
    maxHeaderSize: limits.headerBytes + headerMargin,
    // A node's own keep-alive hint, when it is shorter, wins.
    keepAliveTimeout: 30_000,
    keepAliveTimeoutThreshold: 2000,
  }
}

/** TLS with the name of the node's own URL; with none where that is an IP address (RFC 6066, 3), which the certificate must have then. */
function connectorToOwnName({ connectTimeout: timeout }: Limits): buildConnector.connector {
  const connect = buildConnector({ timeout })
  return (options, callback) => connect({ ...options, servername: '' }, callback)
}

/** To be called whenever a request or a pinned connection of the node has ended. */
export function tellWhenIdle(node: BalancedNode): void {
  if (node.running > 0 || node.pins.size > 0) return
  for (const tell of node.whenIdle) tell()
  node.whenIdle.clear()
}

/** Resolves when nothing runs on the node any more; what still runs after the time (milliseconds) is cut. */
export async function finishRunning(node: BalancedNode, time: number, timers: Timers): Promise<void> {
  for (const pin of node.pins) pin.release()
  if (node.running === 0 && node.pins.size === 0) return
  await new Promise<void>((resolve) => {
    const deadline = timers.after(time, () => {
      for (const pin of node.pins) pin.destroy()
      void node.pool.destroy().then(resolve)
    })
    node.whenIdle.add(() => {
      deadline.stop()
      resolve()
    })
  })
}
