/** An installation in this process: a root node, over a database in memory unless one is named. */
import { pino } from 'pino'
import { isInMemory, openStore, upgradedText, type Store } from '../cluster/store/open.js'
import { trustedProxiesOf } from '../http/trusted-proxies.js'
import { defaultNodeOptions, startNode, type RunningNode } from '../node/start.js'
import { profiles } from '../soap/profile.js'
import type { InstallationOptions } from './installation-options.js'
import { given, journalOf, requestLogBoundOf, requirePassword } from './node-settings.js'
import type { Seeding } from './seeding.js'
import type { Servers } from './servers.js'
import { settingsOf } from './start-settings.js'
import { withStored, type NodeStatus, type ServersStatus } from './status.js'
import { trustedOf, type Tls } from './tls-files.js'
import { beginWithWholeServers } from './whole-servers.js'

interface Place {
  readonly database: string
  readonly tls: Tls | undefined
  readonly seeding: Seeding
}

/** @throws as `startServers`; nothing runs then */
export async function startInProcess(
  options: InstallationOptions,
  { database, tls, seeding }: Place,
): Promise<Servers> {
  const store = await openDatabase(database, options)
  let node: RunningNode | undefined
  const close = async (): Promise<void> => {
    try {
      await node?.close()
    } finally {
      await store.close()
    }
  }
  try {
    const running = await startNode(given({ ...toldNodes(options), database, store, tls: tls?.front, seeding }))
    node = running
    return {
      store,
      topology: undefined,
      ca: tls?.ca,
      trusted: trustedOf(tls),
      status: async () => [await withStored(store, statusOf(running))],
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openDatabase(database: string, options: InstallationOptions): Promise<Store> {
  const { migrate = false, log = pino({ level: 'silent' }) } = options
  const store = await openStore(database, { migrate, onUpgraded: (upgraded) => log.info(upgradedText(upgraded)) })
  try {
    const { keyPassword, engine } = { ...defaultNodeOptions, ...given(options) }
    if (options.lab !== false && !isInMemory(database))
      await beginWithWholeServers(store.lab, log, () => requirePassword(store, { keyPassword, engine }))
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function toldNodes(options: InstallationOptions) {
  return {
    host: options.host,
    port: options.port,
    publicUrl: options.publicUrl,
    mode: options.mode,
    engine: options.engine,
    signerThreads: options.signerThreads,
    keyPassword: options.keyPassword,
    bodyLimit: options.bodyLimit,
    headerLimit: options.headerLimit,
    trustedProxies: options.trustedProxies === undefined ? undefined : trustedProxiesOf(options.trustedProxies),
    requestTimeoutMilliseconds: options.requestTimeoutMilliseconds,
    includeXrmlInLog: options.includeXrmlInLog,
    headerFaults: options.headerFaults,
    profile: options.profile && profiles[options.profile],
    requestLogBound: requestLogBoundOf(options),
    log: options.log,
    schemes: options.schemes,
    ntlmLevel: options.ntlmLevel,
    lab: options.lab,
    journal: journalOf(options),
    settings: settingsOf(options, 'root'),
  }
}

function statusOf(node: RunningNode): ServersStatus {
  return {
    name: node.cluster,
    kind: node.kind,
    url: node.baseUrl,
    nodes: [{ id: node.nodeId, url: node.url, pid: process.pid, ...stateOf(node) }],
  }
}

/** As a balancer would see it. */
function stateOf({ context }: RunningNode): Pick<NodeStatus, 'state' | 'reason'> {
  if (context.lab.pause.isPaused()) return { state: 'down', reason: 'it is paused' }
  const { status, reason = '' } = context.readiness()
  return status === 'ready'
    ? { state: 'serving', reason: 'it serves in the process that says this' }
    : { state: 'down', reason }
}
