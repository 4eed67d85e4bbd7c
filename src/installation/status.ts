/** What an installation says of itself: forest, clusters and nodes. */
import { listPartners } from '../administration/forest-partners.js'
import type { LabOffice } from '../administration/lab/ask-server.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { DatabaseAway } from '../cluster/store/database-away.js'
import type { StoredSeed } from '../cluster/store/random-seed-store.js'
import type { Store } from '../cluster/store/open.js'
import { siteOf } from '../http/scoped-path.js'
import { activeControls, isActive } from '../lab/state.js'
import type { Scopes } from './scopes/scopes.js'

export interface NodeStatus {
  readonly id: string
  readonly url: string
  readonly pid: number
  /**
   * As its balancer knows it. `down`: it runs, but clients get nothing from it; `away`: its process has ended; `starting`: it runs, and the balancer
   * gives it no requests yet.
   */
  readonly state: 'serving' | 'draining' | 'starting' | 'down' | 'away'
  /** Why, for people. */
  readonly reason: string
  /** When its balancer saw it come into this state; left out where none was asked. */
  readonly since?: string
  /** Counted by its balancer since that knows it; left out where none was asked. */
  readonly requests?: NodeRequests
}

export interface NodeRequests {
  /** With the node now. */
  readonly running: number
  /** Answered by the node, whatever the answer. */
  readonly answered: number
  /** Not answered by the node: it refused the connection, died or took too long. */
  readonly failed: number
}

export interface BalancerStatus {
  /** Its status page; also /status and /metrics there. */
  readonly url: string
  readonly pid: number
  /** As for a node. */
  readonly state: 'serving' | 'down' | 'away'
  readonly reason: string
}

/** What runs for a cluster. */
export interface ServersStatus {
  readonly name: string
  readonly kind: ClusterKind
  /** Public base URL, with /_wmcs. */
  readonly url: string
  /** Base URL of its extranet listener, with /_wmcs, where it has one. */
  readonly extranetUrl?: string
  /** Where it was started with the installation. */
  readonly balancer?: BalancerStatus
  readonly nodes: readonly NodeStatus[]
}

/** What is stored of a cluster. */
export interface StoredStatus {
  readonly configurationVersion: number
  /** It hands out content keys and does nothing else ([MS-RMSI] 3.2.4.1). */
  readonly decommissioned: boolean
}

/** What is stored is left out while the database is away. */
export interface ClusterStatus extends ServersStatus, Partial<StoredStatus> {}

export interface InstallationStatus {
  readonly forest: string
  /** Forests that it knows as partners; left out where there are none, and while the database is away. */
  readonly partners?: readonly string[]
  /** Of the program. */
  readonly version: string
  readonly clusters: readonly ClusterStatus[]
  /** What is set in the lab, each in a few words; left out where nothing is, and while the database is away. */
  readonly lab?: readonly string[]
  /** What chance follows from; left out without a lab, and while the database is away. */
  readonly seed?: StoredSeed
  /** Left out where it has none. */
  readonly scopes?: ScopesStatus
}

export interface ScopesStatus {
  /** How many there may be. */
  readonly most: number
  /** Where they are: a name follows. */
  readonly url: string
  /** Names of those that there are. */
  readonly names: readonly string[]
}

/** @param root base URL of the root cluster */
export function scopesStatus(scopes: Scopes | undefined, root: string): Pick<InstallationStatus, 'scopes'> {
  if (scopes === undefined || root === '') return {}
  return { scopes: { most: scopes.most, url: `${siteOf(root)}/f/`, names: scopes.list().map(({ name }) => name) } }
}

/** Where a cluster is, and its nodes: what does not change with each request. */
export interface ClusterPlace extends Pick<ClusterStatus, 'name' | 'kind' | 'url' | 'extranetUrl'> {
  readonly balancer?: Pick<BalancerStatus, 'url' | 'pid'>
  readonly nodes: readonly Pick<NodeStatus, 'id' | 'url' | 'pid' | 'state'>[]
}

export function placeOf({ name, kind, url, extranetUrl, balancer, nodes }: ClusterStatus): ClusterPlace {
  return {
    name,
    kind,
    url,
    ...(extranetUrl === undefined ? {} : { extranetUrl }),
    ...(balancer === undefined ? {} : { balancer: { url: balancer.url, pid: balancer.pid } }),
    nodes: nodes.map((node) => ({ id: node.id, url: node.url, pid: node.pid, state: node.state })),
  }
}

export function storedStatus({ configurationVersion, serverDecommissioned }: ServerConfiguration): StoredStatus {
  return { configurationVersion, decommissioned: serverDecommissioned }
}

export async function partnersOf(store: Store): Promise<Pick<InstallationStatus, 'partners'>> {
  try {
    const partners = (await listPartners(store)).map(({ forest }) => forest)
    return partners.length === 0 ? {} : { partners }
  } catch (error) {
    if (error instanceof DatabaseAway) return {}
    throw error
  }
}

/** @param office undefined: there is no lab */
export async function activeInLab(office: LabOffice | undefined): Promise<Pick<InstallationStatus, 'lab' | 'seed'>> {
  const state = await office?.store.lab.read().catch(() => undefined)
  const seed = await office?.store.randomSeed.find().catch(() => undefined)
  return {
    ...(state === undefined || !isActive(state) ? {} : { lab: activeControls(state) }),
    ...(seed === undefined ? {} : { seed }),
  }
}

/** The status is told also while the database is away: it is when people ask for it. */
export async function withStored(store: Store, servers: ServersStatus): Promise<ClusterStatus> {
  const stored = await store.clusters.find(servers.name).catch(() => undefined)
  return { ...servers, ...(stored === undefined ? {} : storedStatus(stored.configuration)) }
}
