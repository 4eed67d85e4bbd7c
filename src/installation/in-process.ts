/** An installation in this process: a root node, or several behind a balancer, over a database in memory unless one is named. */
import { pino } from 'pino'
import { startBalancer, type RunningBalancer } from '../balancer/balancer.js'
import { requireForest } from '../cluster/found-forest.js'
import { isInMemory, openStore, upgradedText, type Store } from '../cluster/store/open.js'
import { trustedProxiesOf } from '../http/trusted-proxies.js'
import type { PassOn } from '../node/http-server.js'
import { defaultNodeOptions, startNode, type NodeOptions, type RunningNode } from '../node/start.js'
import { profiles } from '../soap/profile.js'
import { intranet } from './extranet.js'
import type { InstallationOptions } from './installation-options.js'
import { given, journalOf, requestLogBoundOf, requirePassword } from './node-settings.js'
import type { DoorOfScopes } from './scopes/scope-door.js'
import type { Seeding } from './seeding.js'
import { serverStatus } from './server-status.js'
import type { Servers } from './servers.js'
import { settingsOf } from './start-settings.js'
import { withStored, type NodeStatus, type ServersStatus } from './status.js'
import { trustedOf, type Tls } from './tls-files.js'
import { beginWithWholeServers } from './whole-servers.js'

interface Place {
  readonly database: string
  readonly tls: Tls | undefined
  readonly seeding: Seeding
  readonly passOn: PassOn | undefined
}

/** @throws as `startServers`; nothing runs then */
export async function startInProcess(
  options: InstallationOptions,
  { database, tls, seeding, passOn }: Place,
  door: DoorOfScopes,
): Promise<Servers> {
  const store = await openDatabase(database, options)
  let running: Running | undefined
  const close = async (): Promise<void> => {
    try {
      await running?.close()
    } finally {
      await store.close()
    }
  }
  try {
    const forest = (await store.forest.find())?.dnsName ?? options.forest
    const told = given({ ...toldNodes({ ...options, forest }), database, store, tls: tls?.front, seeding })
    const { root = 1 } = options
    const started =
      root === 1 ? await startAlone({ ...told, ...given({ passOn }) }) : await startBalanced(told, root, door)
    running = started
    return {
      store,
      topology: undefined,
      ca: tls?.ca,
      trusted: trustedOf(tls),
      status: async () => [await withStored(store, started.status())],
      ownUrl: started.ownUrl,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface Running {
  status(): ServersStatus
  /** Where the node that is alone answers clients, without a path; undefined behind a balancer. */
  readonly ownUrl: string | undefined
  close(): Promise<void>
}

async function startAlone(told: Partial<NodeOptions>): Promise<Running> {
  const node = await startNode(told)
  return {
    status: () => statusOf(node),
    ownUrl: node.url,
    close: () => node.close(),
  }
}

/** The balancer has the address of the cluster, and its certificate; from there to the nodes nothing leaves the process. */
async function startBalanced(told: Partial<NodeOptions>, count: number, door: DoorOfScopes): Promise<Running> {
  const { cluster, host, port, log } = { ...defaultNodeOptions, ...told }
  const { listenerKey, url: scopes } = door
  const balancer = await startBalancer({
    clusters: [{ name: cluster, listeners: [{ name: intranet, host, port }], nodes: [], scopes }],
    listenerKey,
    trustedProxies: told.trustedProxies,
    tls: told.tls,
    limits: limitsOf(told),
    ...(log === undefined ? {} : { log }),
  })
  const nodes: RunningNode[] = []
  const close = async (): Promise<void> => {
    await balancer.close()
    await Promise.all(nodes.map((node) => node.close()))
  }
  try {
    const url = balancer.clusters[0]?.listeners[0]?.url
    const behind = { ...told, publicUrl: told.publicUrl ?? url, host, port: 0, tls: undefined, listenerKey }
    const first = await startNode(behind)
    nodes.push(first)
    const joining = { ...behind, provision: false, seeding: defaultNodeOptions.seeding }
    while (nodes.length < count) nodes.push(await startNode({ ...joining, nodeId: `${cluster}-${nodes.length + 1}` }))
    await balancer.setNodes(
      cluster,
      nodes.map(({ nodeId: id, url }) => ({ id, url })),
    )
    await balancer.waitUntil(({ clusters }) => clusters[0]?.nodes.every(({ state }) => state === 'ready') === true)
    return { status: () => balancedStatus(balancer, first, nodes), ownUrl: undefined, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** As the commands `node` and `balancer` have them: the balancer outlasts a node, so that the node's answer is what the client gets. */
function limitsOf({ bodyLimit, headerLimit, requestTimeoutMilliseconds }: Partial<NodeOptions>) {
  const bytes = bodyLimit ?? defaultNodeOptions.bodyLimit
  const time = 2 * (requestTimeoutMilliseconds ?? defaultNodeOptions.requestTimeoutMilliseconds)
  return {
    bodyBytes: bytes,
    keptBody: bytes,
    answerTimeout: time,
    requestTimeout: time,
    ...(headerLimit === undefined ? {} : { headerBytes: headerLimit }),
  }
}

function balancedStatus(
  balancer: RunningBalancer,
  { cluster, kind, baseUrl }: RunningNode,
  nodes: readonly RunningNode[],
): ServersStatus {
  const { pid } = process
  const seen = { nodes: balancer.status().clusters.flatMap((one) => one.nodes) }
  return {
    name: cluster,
    kind,
    url: baseUrl,
    balancer: { url: balancer.statusUrl, pid, ...serving },
    nodes: nodes.map(({ nodeId: id, url }) => serverStatus({ id, url, pid }, seen)),
  }
}

async function openDatabase(database: string, options: InstallationOptions): Promise<Store> {
  const { migrate = false, log = pino({ level: 'silent' }) } = options
  const store = await openStore(database, { migrate, onUpgraded: (upgraded) => log.info(upgradedText(upgraded)) })
  try {
    const { keyPassword, engine } = { ...defaultNodeOptions, ...given(options) }
    await requireForest(store, options.forest)
    if (options.lab !== false && !isInMemory(database))
      await beginWithWholeServers(store.lab, log, () => requirePassword(store, { keyPassword, engine }))
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What nodes of this process are told of it, as far as anything is said. */
export function toldNodes(options: InstallationOptions): TellingNodes {
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
    keepDocuments: options.keepDocuments,
    settings: settingsOf(options, 'root'),
  }
}

type TellingNodes = { readonly [Name in keyof NodeOptions]?: NodeOptions[Name] | undefined }

export function statusOf(node: RunningNode): ServersStatus {
  return {
    name: node.cluster,
    kind: node.kind,
    url: node.baseUrl,
    nodes: [{ id: node.nodeId, url: node.url, pid: process.pid, ...stateOf(node) }],
  }
}

const serving = { state: 'serving', reason: 'it serves in the process that says this' } as const

/** As a balancer would see it. */
function stateOf({ context }: RunningNode): Pick<NodeStatus, 'state' | 'reason'> {
  if (context.lab.pause.isPaused()) return { state: 'down', reason: 'it is paused' }
  const { status, reason = '' } = context.readiness()
  return status === 'ready' ? serving : { state: 'down', reason }
}
