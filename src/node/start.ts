/** Starts one node: listens, provisions when there is no cluster yet, joins, and keeps its state fresh until it is stopped. */
import type { FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'
import { createRequestLog } from '../cluster/request-log.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { provisionRoot } from '../cluster/provision.js'
import { loadServerState, refreshServerState, type ServerState } from '../cluster/server-state.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { openStore, type Store } from '../cluster/store/open.js'
import { modes, type CryptoMode } from '../crypto/modes.js'
import { createSigner, type EngineName } from '../crypto/signer.js'
import { surfaceDigest } from '../crypto/signed-octets.js'
import { systemClock, systemRandom, type Clock, type Random } from '../effects.js'
import { labEnrollmentService } from '../xrml/lab-hierarchy.js'
import { buildApp } from './app.js'
import { createContext, type NodeContext } from './context.js'
import { createMetrics } from './metrics.js'

export interface NodeOptions {
  /** Path of an SQLite file, or ':memory:'. */
  readonly database: string
  readonly cluster: string
  readonly keyPassword: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Public URL of the cluster without /_wmcs, where it differs from the node's own. */
  readonly publicUrl?: string | undefined
  readonly mode: CryptoMode
  readonly engine: EngineName
  readonly bodyLimit: number
  readonly requestTimeoutMilliseconds: number
  readonly includeXrmlInLog: boolean
  /** Settings of the cluster that are to be as given from this start on. */
  readonly settings?: Partial<ServerConfiguration>
  readonly nodeId?: string
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

export interface RunningNode {
  readonly nodeId: string
  /** Where this node listens, without a path. */
  readonly url: string
  readonly cluster: string
  readonly kind: ClusterKind
  /** Public base URL of the cluster, with /_wmcs. */
  readonly baseUrl: string
  readonly context: NodeContext
  /** Takes no more requests, finishes those it has, and closes the database. */
  close(): Promise<void>
}

export const defaultNodeOptions = {
  database: ':memory:',
  cluster: 'root',
  keyPassword: 'lab-key-password',
  host: '127.0.0.1',
  port: 0,
  mode: 2,
  engine: 'openssl',
  bodyLimit: 4 * 1024 * 1024,
  requestTimeoutMilliseconds: 30_000,
  includeXrmlInLog: false,
} as const satisfies NodeOptions

/**
 * Starts a root node. What is not told is as in `defaultNodeOptions`.
 * @throws when the port is taken, the database is of another version, or the key password is wrong; nothing is left behind then
 */
export async function startNode(given: Partial<NodeOptions> = {}): Promise<RunningNode> {
  const options: NodeOptions = { ...defaultNodeOptions, ...given }
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const nodeId = options.nodeId ?? `${options.cluster}-1`
  const store = await openStore(options.database)
  const log = options.log ?? pino({ level: 'silent' })
  const logging = { clock, includeReceivedXrml: options.includeXrmlInLog, includeIssuedXrml: options.includeXrmlInLog }
  const requestLog = createRequestLog(store.requestLog, logging)
  const context = createContext({ nodeId, keepsXrml: options.includeXrmlInLog, log, clock, random, store, requestLog, metrics: createMetrics(nodeId) })
  let app: FastifyInstance | undefined
  let refresh: NodeJS.Timeout | undefined
  let joined = false
  const close = async (): Promise<void> => {
    clearInterval(refresh)
    await app?.close()
    await requestLog.close()
    // A start that failed must not take the row of a node that runs under the same name.
    if (joined) await store.members.leave(nodeId).catch(() => undefined)
    await store.close()
  }
  try {
    await requireEqualEngines(options.mode)
    const kind = (await store.clusters.find(options.cluster))?.kind ?? 'root'
    app = await buildApp(context, { kind, bodyLimit: options.bodyLimit, requestTimeout: options.requestTimeoutMilliseconds })
    const url = await app.listen({ host: options.host, port: options.port })
    const baseUrl = `${(options.publicUrl ?? url).replace(/\/+$/, '')}/_wmcs`
    const state = await joinCluster(store, options, baseUrl, { clock, random })
    context.setState(state)
    const now = clock.now().toISOString()
    joined = true
    await store.members.join({ nodeId, cluster: state.name, url, pid: process.pid, started: now, lastSeen: now })
    refresh = setInterval(() => void refreshState(context), state.configuration.configurationRefreshIntervalSeconds * 1000)
    refresh.unref()
    return { nodeId, url, cluster: state.name, kind: state.kind, baseUrl: state.configuration.baseUrl, context, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function joinCluster(store: Store, options: NodeOptions, baseUrl: string, effects: { clock: Clock; random: Random }): Promise<ServerState> {
  const { cluster, keyPassword, mode, engine, settings } = options
  if ((await store.clusters.find(cluster)) === undefined) {
    await provisionRoot(store, { name: cluster, baseUrl, mode, keyPassword, settings }, effects)
  } else {
    // A wrong password must change nothing.
    await loadServerState(store, cluster, keyPassword, engine)
    await adjustConfiguration(store, cluster, { ...settings, baseUrl })
  }
  return loadServerState(store, cluster, keyPassword, engine)
}

/** A cluster that comes back at another address, or with other settings: content published before keeps its old URLs. */
async function adjustConfiguration(store: Store, cluster: string, settings: Partial<ServerConfiguration>): Promise<void> {
  const stored = (await store.clusters.find(cluster))?.configuration
  if (stored === undefined) return
  // There is no way back from decommissioning ([MS-RMSI] product note 6).
  const wanted = { ...stored, ...settings, serverDecommissioned: stored.serverDecommissioned || settings.serverDecommissioned === true }
  if (JSON.stringify(wanted) !== JSON.stringify(stored)) await store.clusters.saveConfiguration(cluster, wanted)
}

/** A database that is away does not end the node: it goes on with what it has, and says so. */
async function refreshState(context: NodeContext): Promise<void> {
  try {
    const state = await refreshServerState(context.store, context.state())
    if (state === context.state()) return
    context.setState(state)
    context.log.info({ configurationVersion: state.configuration.configurationVersion }, 'configuration reloaded')
  } catch (error) {
    context.log.warn({ err: error }, 'the configuration could not be refreshed')
  }
}

/** Both engines must give the same bytes: checked once at start, with a key of the lab. */
async function requireEqualEngines(mode: CryptoMode): Promise<void> {
  const { key } = labEnrollmentService(mode)
  const { hash } = modes[mode]
  const digest = surfaceDigest('<BODY />', hash)
  const [openssl, forge] = await Promise.all([createSigner('openssl', key).sign(digest, hash), createSigner('forge', key).sign(digest, hash)])
  if (!openssl.equals(forge)) throw new Error('The signing engines openssl and forge disagree: this platform cannot be used')
}
