/** What a balancer is told at its start: clusters with listeners and nodes, limits, and the status port. */
import type { Logger } from 'pino'
import type { Clock, Random, Timers } from '../effects.js'
import { defaultHeaderLimit } from '../http/header-limit.js'
import type { TrustedProxies } from '../http/trusted-proxies.js'

export interface NodeEntry {
  /** As the node calls itself; unique in its cluster. */
  readonly id: string
  /** Where the node listens: http://host:port or https://host:port, without a path. */
  readonly url: string
}

export interface ListenerOptions {
  /** Told to the nodes as X-Balancer-Listener, so that intranet and extranet can be told apart. */
  readonly name: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
}

export interface ClusterOptions {
  readonly name: string
  readonly listeners: readonly ListenerOptions[]
  readonly nodes: readonly NodeEntry[]
  /** What answers requests below `/f/`, in place of the nodes: http://host:port, without a path. */
  readonly scopes?: string | undefined
}

export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** Bytes, counts, and times in milliseconds. */
export interface Limits {
  /** Request line and headers together; more is answered 431. */
  readonly headerBytes: number
  /** Client connections of one listener; those above are closed. */
  readonly connections: number
  /** Shared connections to one node; further requests wait for one. */
  readonly nodeConnections: number
  /** Of a request body; a larger one is answered 413. */
  readonly bodyBytes: number
  /** A request body up to this size is kept until the answer's head is there, so that it can be sent again. */
  readonly keptBody: number
  /** All kept bodies together; above it bodies are forwarded once, without keeping. */
  readonly keptBodies: number
  /** For the headers of a request to arrive. */
  readonly headersTimeout: number
  /** For a whole request to arrive. */
  readonly requestTimeout: number
  /** For a client connection without a request. */
  readonly idleTimeout: number
  /** To open a connection to a node. */
  readonly connectTimeout: number
  /** For the head of an answer, and then between two pieces of it. */
  readonly answerTimeout: number
  /** Between two checks of a node whose state is known. */
  readonly checkInterval: number
  /** Between two checks of a node that is new, or has just failed. */
  readonly quickCheckInterval: number
  readonly checkTimeout: number
  /** For running requests to finish when a node leaves or the balancer stops; then they are cut. */
  readonly drainTimeout: number
}

export const defaultLimits: Limits = {
  headerBytes: defaultHeaderLimit,
  connections: 4096,
  nodeConnections: 256,
  bodyBytes: 64 * 1024 * 1024,
  keptBody: 4 * 1024 * 1024,
  keptBodies: 256 * 1024 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  idleTimeout: 65_000,
  connectTimeout: 2000,
  answerTimeout: 60_000,
  checkInterval: 1000,
  quickCheckInterval: 100,
  checkTimeout: 2000,
  drainTimeout: 30_000,
}

export interface StatusOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Asked for by everything that changes something; a new one is made when it is left out. */
  readonly token?: string | undefined
}

export interface BalancerOptions {
  readonly clusters: readonly ClusterOptions[]
  /** 127.0.0.1 and any free port when left out. */
  readonly status?: StatusOptions
  /** Shown to the nodes with the names of listener and connection, as X-Balancer-Key: those that know it believe these. */
  readonly listenerKey?: string | undefined
  /** Proxies whose word on scheme, host and port of a request is passed on to the nodes; nobody's when left out. */
  readonly trustedProxies?: TrustedProxies | undefined
  readonly limits?: Partial<Limits>
  /** Certificate and key in PEM: all listeners serve https. */
  readonly tls?: TlsPair | undefined
  readonly log?: Logger
  readonly clock?: Clock
  readonly timers?: Timers
  readonly random?: Random
}
