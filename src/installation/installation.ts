/** The servers of an installation on one machine: nodes in this process, or many processes. */
import { setMaxListeners } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import { problem } from '../administration/problem.js'
import { drawsOf, type Draws } from '../cluster/draws.js'
import { forestClock } from '../cluster/forest-clock.js'
import { requireForest } from '../cluster/found-forest.js'
import { openStore, upgradedText, type Store } from '../cluster/store/open.js'
import { usefulThreads } from '../crypto/signing-threads.js'
import { processEnvironment } from '../config/environment.js'
import { systemEffects, type Clock } from '../effects.js'
import type { PassOn } from '../node/http-server.js'
import { defaultNodeOptions } from '../node/start.js'
import { requireInstallationOptions, type InstallationOptions } from './installation-options.js'
import { lockDatabase } from './database-lock.js'
import { startInProcess } from './in-process.js'
import { given, journalOf, requestLogBoundOf, requirePassword } from './node-settings.js'
import { requireFreePort } from './require-free-port.js'
import { seeded, type Seeding } from './seeding.js'
import { requireEndpoints, settingsOf } from './start-settings.js'
import { openScopeDoor, type DoorOfScopes, type OpenDoor } from './scopes/scope-door.js'
import { scopeGate } from './scopes/start-scopes.js'
import type { Scopes } from './scopes/scopes.js'
import type { Servers } from './servers.js'
import { beginWithWholeServers } from './whole-servers.js'
import { makeTemporaryFolder } from './temporary-folder.js'
import { makeTls, prepareTlsFiles, trustedOf, type TlsFiles, type TlsOptions } from './tls-files.js'
import type { TlsFilePair } from './tls-pair.js'
import { startTopology } from './topology.js'
import { makeFolder } from '../make-folder.js'

/**
 * Starts what serves; management is opened by whoever is given it.
 * @throws OptionRefused, UnknownEndpoint, SeedFileError, OtherSeedFile, OtherForest, DatabaseInUse when another installation runs on the same data, WrongKeyPassword, OtherSchemaVersion, and the
 * system's errors, such as EADDRINUSE for a port that is taken, and the reason of the signal; nothing is left behind then
 */
export async function startServers(given: InstallationOptions): Promise<Servers> {
  requireInstallationOptions(given)
  const { options, seeding } = seeded(given, plannedClusters(given))
  requireEndpoints(options.admit ?? [])
  const place = placeOf(options)
  const gate = scopeGate(given)
  let unlock: (() => Promise<void>) | undefined
  let servers: Servers | undefined
  let door: OpenDoor | undefined
  let scopes: Scopes | undefined
  const close = async (): Promise<void> => {
    await scopes?.close()
    await servers?.close()
    await door?.close()
    await unlock?.()
    place.remove()
  }
  try {
    unlock = await lockDatabase(place.database, options.log)
    door = await openScopeDoor(options, gate?.passOn)
    servers = await startAt(options, place, seeding, { passOn: gate?.passOn, door })
    await seeding.end(servers.store, servers.trusted)
    scopes = await gate?.open({ ownUrl: servers.ownUrl, door, store: servers.store })
    options.signal?.throwIfAborted()
    return { ...servers, scopes, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Place {
  /** Undefined: nothing of it is in a file. */
  readonly folder: string | undefined
  readonly database: string
  /** A temporary folder is gone then. */
  remove(): void
}

/** Processes share a folder. */
function placeOf({ data, database, processes }: InstallationOptions): Place {
  const temporary = data === undefined && processes === true ? makeTemporaryFolder() : undefined
  const folder = data ?? temporary?.path
  return {
    folder,
    database: database ?? (folder === undefined ? ':memory:' : join(folder, 'rms.sqlite')),
    remove: () => temporary?.remove(),
  }
}

async function startAt(
  options: InstallationOptions,
  { folder, database }: Place,
  seeding: Seeding,
  { passOn, door }: { readonly passOn: PassOn | undefined; readonly door: DoorOfScopes },
): Promise<Servers> {
  if (folder !== undefined) makeFolder(folder, 0o700)
  await requirePorts(options)
  options.signal?.throwIfAborted()
  const wanted = tlsOf(options)
  if (folder === undefined)
    return startInProcess(
      options,
      { database, tls: wanted && (await makeTls(wanted, systemEffects)), seeding, passOn },
      door,
    )
  const tls = wanted && (await prepareTlsFiles(folder, wanted, systemEffects))
  options.signal?.throwIfAborted()
  return options.processes === true
    ? startProcesses(options, { folder, database, tls, seeding }, door)
    : startInProcess(options, { database, tls, seeding, passOn }, door)
}

interface ProcessPlace {
  readonly folder: string
  readonly database: string
  readonly tls: TlsFiles | undefined
  readonly seeding: Seeding
}

async function startProcesses(options: InstallationOptions, place: ProcessPlace, door: DoorOfScopes): Promise<Servers> {
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
    await requireForest(store, options.forest)
    if (options.lab !== false) await beginWithWholeServers(store.lab, log)
    await seeding.begin(store)
    const forest = (await store.forest.find())?.dnsName
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
      settings: (kind, stored) => settingsOf({ ...options, forest }, kind, stored),
      nodeFlags: [...shared, ...nodeFlags(options, place)],
      balancerFlags: [...shared, ...tlsFlags(tls?.front)],
      environment: tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: tls.trustFile },
      ca: trustedOf(tls),
      secrets: { RMS_DB: database, RMS_KEY_PASSWORD: keyPassword },
      listenerKey: door.listenerKey,
      scopesUrl: door.url,
      restart: options.restart ?? true,
      log,
      onLine: options.onLine ?? (() => undefined),
      onStart: options.onStart ?? (() => undefined),
      ...systemEffects,
      forestClock: () => clockOf(options, store),
      draws: () => drawsIn(store),
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

/** With a lab or without: the seed is of the installation, and the keys that are there follow from it. */
export function drawsIn({ randomSeed }: Store): Promise<Draws> {
  return drawsOf(randomSeed, { random: systemEffects.random })
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

function nodeFlags(options: InstallationOptions, { folder, tls }: ProcessPlace): readonly string[] {
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
    ...(options.keepDocuments === true ? ['--keep-documents'] : []),
    ...journalFlags(options),
  ]
  const { days, rows } = requestLogBoundOf(options)
  const bounds = ['--request-log-days', String(days), '--request-log-rows', String(rows)]
  return [...flags, ...bounds, ...switches, ...tlsFlags(tls?.node)]
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
  if (options.processes !== true) return [{ name: defaultNodeOptions.cluster, nodes: options.root ?? 1 }]
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
  const isOfCluster = (one: number): boolean => port !== 0 && one >= port && one < port + clusters
  if (isOfCluster(managePort))
    problem(400, `Port ${managePort} is that of a cluster already: choose another one for management, --manage-port N`)
  const taken = new Map(managePort === 0 ? [] : [[managePort, 'that of management']])
  for (const { name, port: own = 0 } of options.extranet ?? []) {
    const whose = isOfCluster(own) ? 'that of a cluster' : taken.get(own)
    if (whose !== undefined)
      problem(400, `Port ${own} is ${whose} already: choose another one for the extranet, --extranet ${name}=PORT`)
    if (own !== 0) taken.set(own, `that of the extranet of ${name}`)
  }
  await requireFreePort(manageHost, managePort)
}

/** Those that it starts with: they share the cores. */
function nodesOf(options: InstallationOptions): number {
  const { root, licensing } = serversOf(options)
  return licensing.reduce((sum, { nodes }) => sum + nodes, root)
}

/** The public address is a name that clients use too. */
function tlsOf({ tls, publicUrl, clusterUrls = [], host }: InstallationOptions): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined
  const given = tls === true ? {} : tls
  const urls = [...(publicUrl === undefined ? [] : [publicUrl]), ...clusterUrls.map(({ url }) => url)]
  const own = [...urls.map((url) => new URL(url).hostname), host ?? ''].map((name) => name.replace(/^\[|\]$/g, ''))
  const names = [...(given.names ?? []), ...own.filter((name) => !['', '0.0.0.0', '::'].includes(name))]
  // Its processes get ours in place of it; servers of other forests may need it.
  const trustedFile = processEnvironment()['NODE_EXTRA_CA_CERTS']
  return { trustedFile, ...given, names }
}

function tlsFlags(files: TlsFilePair | undefined): readonly string[] {
  return files === undefined ? [] : ['--tls-cert', files.certFile, '--tls-key', files.keyFile]
}
