/** The servers of an installation on one machine, in its folder: a node in this process, or many processes. */
import { setMaxListeners } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import { problem } from '../administration/problem.js'
import type { RequestLogBound } from '../cluster/bound-request-log.js'
import { forestClock } from '../cluster/forest-clock.js'
import { loadServerState } from '../cluster/server-state.js'
import { openStore, upgradedText, type Store } from '../cluster/store/open.js'
import { usefulThreads } from '../crypto/signing-threads.js'
import { processEnvironment } from '../config/environment.js'
import { systemEffects, type Clock } from '../effects.js'
import { trustedProxiesOf } from '../http/trusted-proxies.js'
import { defaultJournalLimits, type JournalOptions } from '../node/journal.js'
import { defaultNodeOptions, startNode, type RunningNode } from '../node/start.js'
import { profiles } from '../soap/profile.js'
import { requireInstallationOptions, type InstallationOptions } from './installation-options.js'
import { lockDatabase } from './database-lock.js'
import { requireFreePort } from './require-free-port.js'
import { seeded, type Seeding } from './seeding.js'
import { requireEndpoints, settingsOf } from './start-settings.js'
import { withStored, type ClusterStatus, type NodeStatus, type ServersStatus } from './status.js'
import { beginWithWholeServers } from './whole-servers.js'
import { makeTemporaryFolder } from './temporary-folder.js'
import { prepareTlsFiles, type TlsFiles } from './tls-files.js'
import type { TlsFilePair } from './tls-pair.js'
import { startTopology, type RunningTopology } from './topology.js'
import { makeFolder } from '../make-folder.js'

/** What serves: a node in this process, or many processes. */
export interface Servers {
  readonly store: Store
  readonly topology: RunningTopology | undefined
  readonly ca: string | undefined
  /** What certificates of the servers lead to, in PEM. */
  readonly trusted: string | undefined
  readonly status: () => Promise<readonly ClusterStatus[]>
  /** Stops everything that was started, and removes a temporary folder. */
  close(): Promise<void>
}

interface Place {
  readonly folder: string
  readonly database: string
  readonly tls: TlsFiles | undefined
  readonly seeding: Seeding
}

/**
 * Starts what serves; management is opened by whoever is given it.
 * @throws OptionRefused, UnknownEndpoint, SeedFileError, OtherSeedFile, DatabaseInUse when another installation runs on the same data, WrongKeyPassword, OtherSchemaVersion, and the
 * system's errors, such as EADDRINUSE for a port that is taken, and the reason of the signal; nothing is left behind then
 */
export async function startServers(given: InstallationOptions): Promise<Servers> {
  requireInstallationOptions(given)
  const { options, seeding } = seeded(given, plannedClusters(given))
  requireEndpoints(options.admit ?? [])
  const temporary = options.data === undefined ? makeTemporaryFolder() : undefined
  const folder = options.data ?? temporary?.path ?? ''
  const database = options.database ?? join(folder, 'rms.sqlite')
  let unlock: (() => Promise<void>) | undefined
  let servers: Servers | undefined
  const close = async (): Promise<void> => {
    await servers?.close()
    await unlock?.()
    temporary?.remove()
  }
  try {
    makeFolder(folder, 0o700)
    unlock = await lockDatabase(database, options.log)
    const tls = await prepareTls(options, folder)
    await requirePorts(options)
    options.signal?.throwIfAborted()
    servers = await (options.processes === true ? startProcesses : startInProcess)(options, {
      folder,
      database,
      tls,
      seeding,
    })
    await seeding.end(servers.store, servers.trusted)
    options.signal?.throwIfAborted()
    return { ...servers, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startInProcess(options: InstallationOptions, { database, tls, seeding }: Place): Promise<Servers> {
  const told = {
    host: options.host,
    port: options.port,
    publicUrl: options.publicUrl,
    mode: options.mode,
    engine: options.engine,
    signerThreads: options.signerThreads,
    keyPassword: options.keyPassword,
    migrate: options.migrate,
    bodyLimit: options.bodyLimit,
    headerLimit: options.headerLimit,
    trustedProxies: options.trustedProxies === undefined ? undefined : trustedProxiesOf(options.trustedProxies),
    requestTimeoutMilliseconds: options.requestTimeoutMilliseconds,
    includeXrmlInLog: options.includeXrmlInLog,
    headerFaults: options.headerFaults,
    profile: options.profile && profiles[options.profile],
    requestLogBound: requestLogBoundOf(options),
    log: options.log,
    database,
    schemes: options.schemes,
    ntlmLevel: options.ntlmLevel,
    tls: tls?.front,
    lab: options.lab,
    journal: journalOf(options),
    seeding,
  }
  if (options.lab !== false && isKept(options)) await beginWithWhole(database, options)
  const node = await startNode(given({ ...told, settings: settingsOf(options, 'root') }))
  const cluster = (): ServersStatus => ({
    name: node.cluster,
    kind: node.kind,
    url: node.baseUrl,
    nodes: [{ id: node.nodeId, url: node.url, pid: process.pid, ...stateInProcess(node) }],
  })
  return {
    store: node.store,
    topology: undefined,
    ca: tls?.ca,
    trusted: trustedOf(tls),
    status: async () => [await withStored(node.store, cluster())],
    close: () => node.close(),
  }
}

/** Whether there may be something of before. */
function isKept({ data, database }: InstallationOptions): boolean {
  return data !== undefined || database !== undefined
}

async function beginWithWhole(database: string, options: InstallationOptions): Promise<void> {
  const { migrate = false, log = pino({ level: 'silent' }) } = options
  const store = await openStore(database, { migrate, onUpgraded: (upgraded) => log.info(upgradedText(upgraded)) })
  try {
    const { keyPassword, engine } = { ...defaultNodeOptions, ...given(options) }
    await beginWithWholeServers(store.lab, log, () => requirePassword(store, { keyPassword, engine }))
  } finally {
    await store.close()
  }
}

/** A wrong password must change nothing, and is told before anything starts. @throws WrongKeyPassword */
async function requirePassword(
  store: Store,
  { keyPassword, engine }: Required<Pick<InstallationOptions, 'keyPassword' | 'engine'>>,
): Promise<void> {
  for (const { name } of await store.clusters.list()) await loadServerState(store, name, keyPassword, engine)
}

/** As a balancer would see it. */
function stateInProcess({ context }: RunningNode): Pick<NodeStatus, 'state' | 'reason'> {
  if (context.lab.pause.isPaused()) return { state: 'down', reason: 'it is paused' }
  const { status, reason = '' } = context.readiness()
  return status === 'ready'
    ? { state: 'serving', reason: 'it serves in the process that says this' }
    : { state: 'down', reason }
}

async function startProcesses(options: InstallationOptions, place: Place): Promise<Servers> {
  const { database, folder, tls, seeding } = place
  const { keyPassword, engine, host } = { ...defaultNodeOptions, ...given(options) }
  const log = options.log ?? pino({ level: 'silent' })
  const shared = sharedFlags(options, log)
  const store = await openStore(database, {
    migrate: options.migrate ?? false,
    onUpgraded: (upgraded) => log.info({ news: true }, upgradedText(upgraded)),
  })
  try {
    await requirePassword(store, { keyPassword, engine })
    if (options.lab !== false) await beginWithWholeServers(store.lab, log)
    await seeding.begin(store)
    const topology = await startTopology({
      store,
      folder: join(folder, 'balancers'),
      host,
      port: options.port ?? 0,
      publicUrl: options.publicUrl,
      clusterUrls: options.clusterUrls ?? [],
      ...serversOf(options),
      extranet: options.extranet ?? [],
      mode: options.mode,
      seeding,
      keyPassword,
      settings: (kind, stored) => settingsOf(options, kind, stored),
      nodeFlags: [...shared, ...nodeFlags(options, place)],
      balancerFlags: [...shared, ...tlsFlags(tls?.front)],
      environment: tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: tls.trustFile },
      ca: trustedOf(tls),
      secrets: { RMS_DB: database, RMS_KEY_PASSWORD: keyPassword },
      restart: options.restart ?? true,
      log,
      onLine: options.onLine ?? (() => undefined),
      onStart: options.onStart ?? (() => undefined),
      ...systemEffects,
      forestClock: () => clockOf(options, store),
      signal: options.signal && heardByMany(options.signal),
    })
    const close = async (): Promise<void> => {
      await topology.stop()
      await store.close()
    }
    return {
      store,
      topology,
      ca: tls?.ca,
      trusted: trustedOf(tls),
      status: () => topology.status(),
      close,
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Each process that is being started listens, and there may be hundreds: whoever gave the signal is not warned of that. */
function heardByMany(signal: AbortSignal): AbortSignal {
  const own = AbortSignal.any([signal])
  setMaxListeners(0, own)
  return own
}

/** Without a lab it is that of this machine, whatever is in the database. */
export async function clockOf({ lab = true }: InstallationOptions, store: Store): Promise<Clock> {
  return lab ? forestClock(store.lab, systemEffects.clock) : systemEffects.clock
}

function sharedFlags(options: InstallationOptions, log: Logger): readonly string[] {
  const { bodyLimit, headerLimit, requestTimeoutMilliseconds } = {
    ...defaultNodeOptions,
    ...given(options),
  }
  const { trustedProxies } = options
  return [
    ...(trustedProxies === undefined ? [] : ['--trusted-proxies', trustedProxies]),
    ...(headerLimit === undefined ? [] : ['--header-limit', String(headerLimit)]),
    '--body-limit',
    String(bodyLimit),
    '--request-timeout',
    String(Math.ceil(requestTimeoutMilliseconds / 1000)),
    '--log-level',
    log.level,
  ]
}

function nodeFlags(options: InstallationOptions, { folder, tls }: Place): readonly string[] {
  const { engine, schemes, ntlmLevel, spoolLimit, includeXrmlInLog, headerFaults } = {
    ...defaultNodeOptions,
    ...given(options),
  }
  const threads = options.signerThreads ?? usefulThreads(availableParallelism() / nodesOf(options))
  const flags = [
    '--data',
    folder,
    '--signer',
    engine,
    '--signer-threads',
    String(threads),
    '--schemes',
    schemes.join(','),
    '--ntlm',
    ntlmLevel,
    '--spool-limit',
    String(spoolLimit),
    ...(options.profile === undefined ? [] : ['--profile', options.profile]),
  ]
  const switches = [
    ...(includeXrmlInLog ? ['--log-xrml'] : []),
    ...(headerFaults ? ['--header-faults'] : []),
    ...(options.lab === false ? ['--no-lab'] : []),
    ...journalFlags(options),
  ]
  const { days, rows } = requestLogBoundOf(options)
  const bounds = ['--request-log-days', String(days), '--request-log-rows', String(rows)]
  return [...flags, ...bounds, ...switches, ...tlsFlags(tls?.node)]
}

function requestLogBoundOf({
  requestLogDays: days = defaultNodeOptions.requestLogBound.days,
  requestLogRows: rows = defaultNodeOptions.requestLogBound.rows,
}: InstallationOptions): RequestLogBound {
  return { days, rows }
}

/** On unless told otherwise: it is what people look into when they do not see why. */
function journalOf({ journal, lab = true }: InstallationOptions): JournalOptions | undefined {
  if (journal === false || !lab) return undefined
  return journal ?? { limits: defaultJournalLimits, secrets: false }
}

function journalFlags(options: InstallationOptions): readonly string[] {
  const journal = journalOf(options)
  if (journal === undefined) return ['--no-journal']
  const { limits, secrets } = journal
  const sizes = ['--journal-bytes', String(limits.bytes), '--journal-entries', String(limits.entries)]
  return [...sizes, ...(secrets ? ['--journal-secrets'] : [])]
}

function serversOf({
  root = 2,
  licensing = [{ name: 'licensing', nodes: 2 }],
}: InstallationOptions): Pick<Required<InstallationOptions>, 'root' | 'licensing'> {
  return { root, licensing }
}

/** Where no seed file says which there are. */
function plannedClusters(options: InstallationOptions): readonly { readonly name: string; readonly nodes: number }[] {
  if (options.processes !== true) return [{ name: defaultNodeOptions.cluster, nodes: 1 }]
  const { root, licensing } = serversOf(options)
  return [{ name: defaultNodeOptions.cluster, nodes: root }, ...licensing]
}

/**
 * That of management is opened last: whether it is free is known before all the servers have started.
 * @throws Problem 400, and the system's errors
 */
async function requirePorts(options: InstallationOptions): Promise<void> {
  const { port = 0, managePort = 0, manageHost = '127.0.0.1' } = options
  const clusters = options.processes === true ? 1 + serversOf(options).licensing.length : 1
  if (port !== 0 && managePort >= port && managePort < port + clusters)
    problem(400, `Port ${managePort} is that of a cluster already: choose another one for management, --manage-port N`)
  await requireFreePort(manageHost, managePort)
}

/** Those that it starts with: they share the cores. */
function nodesOf(options: InstallationOptions): number {
  const { root, licensing } = serversOf(options)
  return licensing.reduce((sum, { nodes }) => sum + nodes, root)
}

/** The public address is a name that clients use too. */
async function prepareTls(
  { tls, publicUrl, clusterUrls = [], host }: InstallationOptions,
  folder: string,
): Promise<TlsFiles | undefined> {
  if (tls === undefined || tls === false) return undefined
  const given = tls === true ? {} : tls
  const urls = [...(publicUrl === undefined ? [] : [publicUrl]), ...clusterUrls.map(({ url }) => url)]
  const own = [...urls.map((url) => new URL(url).hostname), host ?? ''].map((name) => name.replace(/^\[|\]$/g, ''))
  const names = [...(given.names ?? []), ...own.filter((name) => !['', '0.0.0.0', '::'].includes(name))]
  // Its processes get ours in place of it; servers of other forests may need it.
  const trustedFile = processEnvironment()['NODE_EXTRA_CA_CERTS']
  return prepareTlsFiles(folder, { trustedFile, ...given, names }, systemEffects)
}

function trustedOf(tls: TlsFiles | undefined): string | undefined {
  return tls && `${tls.ca}\n${tls.front.cert}`
}

function tlsFlags(files: TlsFilePair | undefined): readonly string[] {
  return files === undefined ? [] : ['--tls-cert', files.certFile, '--tls-key', files.keyFile]
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out what is undefined, so that defaults count. */
function given<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
