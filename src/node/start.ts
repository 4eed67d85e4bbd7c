/** Starts one node: listens, provisions when there is no cluster yet, joins, and keeps its state fresh until it is stopped. */
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'
import { createRequestLog, type RequestLogEvent } from '../cluster/request-log.js'
import type { StartedWith } from '../config/started-with.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import { requireEqualEngines } from '../cluster/equal-engines.js'
import { saltInMemory } from '../cluster/memory-salt.js'
import { provisionRoot } from '../cluster/provision.js'
import { loadServerState, type ServerState } from '../cluster/server-state.js'
import { drawsOf, type Draws } from '../cluster/draws.js'
import { fillableLog } from '../cluster/fillable-log.js'
import { createSpool, type Spool } from '../cluster/spool.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { isInMemory, openStore, upgradedText, type Store } from '../cluster/store/open.js'
import { storeWithOutages } from '../cluster/store/outage.js'
import type { CryptoMode } from '../crypto/modes.js'
import type { TlsIdentity } from '../crypto/lab-ca.js'
import type { EngineName } from '../crypto/engine.js'
import type { KeyPool } from '../crypto/key-pool.js'
import type { RsaPrivateKey } from '../crypto/keys.js'
import type { SigningPlace } from '../crypto/signer.js'
import { startSigningThreads } from '../crypto/signing-threads.js'
import { systemClock, systemRandom, systemTimers, type Clock, type Random, type Timers } from '../effects.js'
import { nobodyTrusted, type TrustedProxies } from '../http/trusted-proxies.js'
import { schemeNames, type Scheme } from '../identity/schemes.js'
import type { LabControl } from '../lab/exchange.js'
import { createNodeLab } from '../lab/node-lab.js'
import { serverControl } from '../lab/servers/server-control.js'
import type { NtlmLevel } from '../ntlm/server.js'
import { usualProfile, type Profile } from '../soap/profile.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'
import { buildApp } from './app.js'
import type { PassOn } from './http-server.js'
import type { RequestLogBound } from '../cluster/bound-request-log.js'
import { createContext, type NodeContext } from './context.js'
import { keepFresh, refreshLab } from './keep-fresh.js'
import { startKeeping, type JournalOptions } from './journal.js'
import { placed, type NodePlace } from './place.js'
import { reportEvent } from './report-event.js'
import { pruneRequestLog } from './prune-request-log.js'
import { createMetrics } from './metrics.js'
import { nodeFaults } from './node-faults.js'

export interface NodeOptions {
  /** As for `openStore`: path of an SQLite file, ':memory:', or a PostgreSQL URL. */
  readonly database: string
  /** The database, where it is open already: others of this process use it too, and it stays open when the node is closed. */
  readonly store?: Store | undefined
  /** Whether a PostgreSQL database of an earlier program is upgraded. */
  readonly migrate: boolean
  readonly cluster: string
  readonly keyPassword: string
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Public URL of the cluster without /_wmcs, where it differs from the node's own. */
  readonly publicUrl?: string | undefined
  /** Where balancers on other machines reach this node, without a path; where it listens when left out. */
  readonly ownUrl?: string | undefined
  /** Where this node asks the root cluster, without /_wmcs; at its public URL when left out. */
  readonly rootUrl?: string | undefined
  readonly mode: CryptoMode
  readonly engine: EngineName
  /** Threads for private keys, beside the event loop, up to 16; with 0 it computes with them itself. */
  readonly signerThreads: number
  readonly bodyLimit: number
  /** Bytes of request line and headers; 64 KiB when left out. A node takes a little more, for what a balancer adds. */
  readonly headerLimit?: number | undefined
  readonly requestTimeoutMilliseconds: number
  readonly includeXrmlInLog: boolean
  readonly requestLogBound: RequestLogBound
  /** Secret that the balancer shows, to be believed by which listener a request came. */
  readonly listenerKey?: string | undefined
  /** Proxies that are believed in how a client asked. */
  readonly trustedProxies: TrustedProxies
  /** Whether the root cluster is made when it is not there, and takes the node's URL and settings; otherwise the node joins what there is. */
  readonly provision: boolean
  /** Folder where request-log records wait while the database is away; without one, requests fail then. */
  readonly spoolFolder?: string | undefined
  /** Bytes of all records that wait. */
  readonly spoolLimit: number
  /** Certificate and key in PEM: the node serves https. */
  readonly tls?: TlsIdentity | undefined
  /** Ways to sign in that the node offers. */
  readonly schemes: readonly Scheme[]
  /** Weakest NTLM response that it takes. */
  readonly ntlmLevel: NtlmLevel
  /** How close to Windows it keeps. */
  readonly profile: Profile
  /** The server that this node behaves like, whatever its cluster does. */
  readonly emulatedServer?: EmulatedServer | undefined
  /** Settings of the cluster that are to be as given from this start on. */
  readonly settings?: Partial<ServerConfiguration>
  readonly nodeId?: string
  /** Whether it takes part in the lab of the installation: its clock, its faults. */
  readonly lab: boolean
  /** Controls of the lab that see the exchanges of this node. */
  readonly labControls: readonly LabControl[]
  /** Whether a request may ask for a fault of the lab by X-Lab-Fault. */
  readonly headerFaults: boolean
  /** Keeps the last exchanges, for whoever asks why; none when left out. */
  readonly journal?: JournalOptions | undefined
  /** Whether the documents of exchanges are kept for good, in the database. */
  readonly keepDocuments: boolean
  /** What it was started with, where that was by hand: for whoever asks. */
  readonly config?: StartedWith | undefined
  readonly seeding: NodeSeeding
  /** In place of a listener of its own: is given the app, and says where its requests come in. */
  readonly place?: ((app: FastifyInstance) => Promise<NodePlace>) | undefined
  /** Key pair of the cluster that is made; a new one when left out. */
  readonly clusterKeyPair?: Promise<RsaPrivateKey> | undefined
  /** Where the key pairs of accounts come from, which stays open with the node closed; its own when left out. */
  readonly keyPairs?: KeyPool | undefined
  /** Sees each request first; true: it answers it. */
  readonly passOn?: PassOn | undefined
  readonly log?: Logger
  readonly clock?: Clock
  readonly timers?: Timers
  readonly random?: Random
}

/** What is done to an installation that is being made. */
export interface NodeSeeding {
  /** Before there is any cluster. */
  begin(store: Store): Promise<void>
  /** When the cluster is there, before it serves. */
  cluster(store: Store, name: string): Promise<void>
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
  /** As it is, whatever is set in the lab: that of `context` is away when that wants it to be. */
  readonly store: Store
  /** Leaves the member list and is not ready any more, but goes on serving: balancers need a moment to know. Then it is to be closed. */
  leave(): Promise<void>
  /** Takes no more requests, finishes those it has, and closes the database. */
  close(): Promise<void>
}

const noSeeding: NodeSeeding = { begin: async () => undefined, cluster: async () => undefined }

export const defaultNodeOptions = {
  database: ':memory:',
  migrate: false,
  cluster: 'root',
  keyPassword: 'lab-key-password',
  host: '127.0.0.1',
  port: 0,
  mode: 2,
  engine: 'openssl',
  signerThreads: 0,
  bodyLimit: 4 * 1024 * 1024,
  requestTimeoutMilliseconds: 30_000,
  labControls: [],
  headerFaults: false,
  keepDocuments: false,
  includeXrmlInLog: false,
  requestLogBound: { days: 0, rows: 1_000_000 },
  provision: true,
  spoolLimit: 64 * 1024 * 1024,
  schemes: schemeNames,
  ntlmLevel: 'v2',
  trustedProxies: nobodyTrusted,
  profile: usualProfile,
  lab: true,
  seeding: noSeeding,
} as const satisfies NodeOptions

/**
 * Starts a node. What is not told is as in `defaultNodeOptions`.
 * @throws RangeError, UnknownCluster and EmptyDatabase (with `provision: false`), WrongKeyPassword, MigrationNeeded, OtherSchemaVersion, or the system's error when the port is taken; nothing
 * is changed or left behind then
 */
export async function startNode(given: Partial<NodeOptions> = {}): Promise<RunningNode> {
  const options: NodeOptions = { ...defaultNodeOptions, ...given }
  const clock = options.clock ?? systemClock
  const timers = options.timers ?? systemTimers
  const random = options.random ?? systemRandom
  const nodeId = options.nodeId ?? `${options.cluster}-1`
  const log = (options.log ?? pino({ level: 'silent' })).child({ server: nodeId })
  const { store: wholeStore, close: closeStore } = await databaseOf(options, log)
  const store = storeWithOutages(wholeStore, {
    isDatabaseAway: () => lab.state().installation.databaseAway === true,
    isDirectoryAway: () => lab.state().servers[nodeId]?.directoryAway === true,
  })
  const draws = await begin(wholeStore, options, { random, log }).catch(async (error: unknown) => {
    await closeStore()
    throw error
  })
  const metrics = createMetrics(nodeId)
  const { labControls, headerFaults } = options
  const faults = nodeFaults({ store, metrics, timers, log, headerFaults })
  const { cluster } = options
  const { journal, documents, control } = startKeeping(options, { nodeId, cluster, clock, timers, store, log })
  const controls = [serverControl(nodeId), faults, ...labControls, ...control].filter(() => options.lab)
  const lab = createNodeLab({ nodeId, clock, controls })
  const requestLog = fillableLog(
    createRequestLog(store.requestLog, { clock: lab.clock, timers, ...loggingOptions(options, nodeId, log) }),
    () => lab.state().installation.logQueueFull === true,
  )
  const { includeXrmlInLog: keepsXrml, listenerKey, trustedProxies } = options
  const { rootUrl, schemes, ntlmLevel, profile } = options
  const context = createContext({
    nodeId,
    keepsXrml,
    listenerKey,
    trustedProxies,
    rootUrl,
    log,
    clock,
    lab,
    followsLab: options.lab,
    journal,
    documents,
    config: options.config,
    timers,
    random,
    draws,
    store,
    requestLog,
    metrics,
    schemes,
    ntlmLevel,
    profile,
    keyPairs: options.keyPairs,
  })
  let place: SigningPlace = options.engine
  let app: FastifyInstance | undefined
  let stopRefreshing: (() => Promise<void>) | undefined
  const leave = async (): Promise<void> => {
    context.setLeaving()
    // It must not join again.
    await stopRefreshing?.()
    await store.members.leave(nodeId).catch(() => undefined)
  }
  const close = async (): Promise<void> => {
    await stopRefreshing?.()
    try {
      await app?.close()
    } finally {
      await release()
    }
  }
  const release = async (): Promise<void> => {
    if (options.keyPairs === undefined) context.keyPairs.close()
    if (typeof place !== 'string') await place.close()
    await requestLog.close()
    await documents?.close()
    // Without having joined there is nothing to leave: the id may be another node's.
    if (stopRefreshing !== undefined) await store.members.leave(nodeId).catch(() => undefined)
    await closeStore()
  }
  try {
    place = await signingPlaceOf(options, log)
    await refreshLab(context)
    const joined = options.provision
      ? undefined
      : await loadServerState(store, options.cluster, options.keyPassword, place)
    const kind = joined?.kind ?? (await store.clusters.find(options.cluster))?.kind ?? 'root'
    const { bodyLimit, headerLimit, requestTimeoutMilliseconds: requestTimeout, tls, emulatedServer, passOn } = options
    app = await buildApp(context, { kind, bodyLimit, headerLimit, requestTimeout, tls, emulatedServer, passOn })
    const { url, publicUrl, settings } = await placed(app, options)
    const baseUrl = `${publicUrl.replace(/\/+$/, '')}/_wmcs`
    const cluster = { ...options, settings: { ...options.settings, ...settings } }
    const state =
      joined ?? (await provisionOrAdjust(store, cluster, baseUrl, place, { clock: lab.clock, random, draws }))
    context.setState(state)
    const now = clock.now().toISOString()
    const member = {
      nodeId,
      cluster: state.name,
      url: options.ownUrl ?? reachable(url, options.host),
      pid: process.pid,
      started: now,
      lastSeen: now,
    }
    await store.members.join(member)
    // From now on it is told: what was set before is in the database.
    await refreshLab(context)
    const stopping = [keepFresh(context, member), pruneRequestLog(context, options.requestLogBound)]
    stopRefreshing = async () => void (await Promise.all(stopping.map((stop) => stop())))
    return {
      nodeId,
      url,
      cluster: state.name,
      kind: state.kind,
      baseUrl: state.configuration.baseUrl,
      context,
      store: wholeStore,
      leave,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** One that was given is closed by whoever gave it. */
async function databaseOf(options: NodeOptions, log: Logger): Promise<Pick<RunningNode, 'store' | 'close'>> {
  if (options.store !== undefined) return { store: options.store, close: async () => undefined }
  const store = await openStore(options.database, {
    create: options.provision,
    migrate: options.migrate,
    onUpgraded: (upgraded) => log.info(upgradedText(upgraded)),
  })
  return { store, close: () => store.close() }
}

/** What is drawn from is known when what is done first has been done. */
async function begin(
  store: Store,
  { seeding }: NodeOptions,
  { random, log }: { readonly random: Random; readonly log: Logger },
): Promise<Draws> {
  const onUncounted = (err: Error): void =>
    log.warn({ err }, 'a request could not be counted: what is drawn for it follows from no seed')
  await seeding.begin(store)
  // Of a node without a lab too: the seed is of the installation, and the keys that are there follow from it.
  return drawsOf(store.randomSeed, { random, onUncounted })
}

async function signingPlaceOf({ engine, signerThreads }: NodeOptions, log: Logger): Promise<SigningPlace> {
  if (engine === 'forge') await requireEqualEngines()
  if (signerThreads === 0) return engine
  return startSigningThreads(signerThreads, engine, (err) =>
    log.error({ err }, 'a signer thread has failed: the event loop does its work'),
  )
}

/** An address that stands for all of this machine leads nowhere from another one: its name does. */
function reachable(url: string, host: string): string {
  return host === '0.0.0.0' || host === '::' ? `${new URL(url).protocol}//${hostname()}:${new URL(url).port}` : url
}

function loggingOptions({ includeXrmlInLog, spoolFolder, spoolLimit }: NodeOptions, nodeId: string, log: Logger) {
  const spool: { readonly spool?: Spool } =
    spoolFolder === undefined ? {} : { spool: createSpool({ folder: spoolFolder, nodeId, limit: spoolLimit }) }
  const report = (event: RequestLogEvent): void => reportEvent(event, log)
  return { includeReceivedXrml: includeXrmlInLog, includeIssuedXrml: includeXrmlInLog, report, ...spool }
}

async function provisionOrAdjust(
  store: Store,
  options: NodeOptions,
  baseUrl: string,
  place: SigningPlace,
  effects: { clock: Clock; random: Random; draws: Draws },
): Promise<ServerState> {
  const { cluster, keyPassword, mode, settings, clusterKeyPair: keyPair } = options
  if ((await store.clusters.find(cluster)) === undefined) {
    const keySalt = isInMemory(options.database) ? saltInMemory(effects.random) : undefined
    await provisionRoot(store, { name: cluster, baseUrl, mode, keyPassword, keyPair, keySalt, settings }, effects)
  } else {
    // A wrong password must change nothing.
    await loadServerState(store, cluster, keyPassword, place)
    await adjustConfiguration(store, cluster, { ...settings, baseUrl })
  }
  await options.seeding.cluster(store, cluster)
  return loadServerState(store, cluster, keyPassword, place)
}

/** A cluster that comes back at another address, or with other settings: content published before keeps its old URLs. */
export async function adjustConfiguration(
  store: Store,
  cluster: string,
  settings: Partial<ServerConfiguration>,
): Promise<void> {
  for (;;) {
    const stored = (await store.clusters.find(cluster))?.configuration
    if (stored === undefined) return
    // There is no way back from decommissioning ([MS-RMSI] product note 6).
    const wanted = {
      ...stored,
      ...settings,
      serverDecommissioned: stored.serverDecommissioned || settings.serverDecommissioned === true,
    }
    if (JSON.stringify(wanted) === JSON.stringify(stored)) return
    if ((await store.clusters.saveConfiguration(cluster, wanted)) !== undefined) return
  }
}
