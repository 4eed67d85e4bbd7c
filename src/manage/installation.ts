/** A whole installation on one machine: its folder, its node, its management listener. The library's entry for tests of other people. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { CryptoMode } from '../crypto/modes.js'
import type { EngineName } from '../crypto/signer.js'
import { endpointsNamed } from '../identity/access.js'
import { endpointPaths } from '../node/roles.js'
import { startNode, type RunningNode } from '../node/start.js'
import { seedForest } from '../directory/seed.js'
import { defaultConfiguration } from '../cluster/configuration.js'
import { startManagement, type ClusterStatus, type InstallationStatus } from './app.js'
import { lockDatabase } from './database-lock.js'

export interface InstallationOptions {
  readonly host?: string | undefined
  /** Port of the root cluster; 0 takes any free one. */
  readonly port?: number | undefined
  readonly managePort?: number | undefined
  /** Public URL of the root cluster, without /_wmcs, where clients see another one. */
  readonly publicUrl?: string | undefined
  readonly mode?: CryptoMode | undefined
  readonly engine?: EngineName | undefined
  /** Folder that keeps the installation; a temporary one, removed at the end, when left out. */
  readonly data?: string | undefined
  /** Database, where it is not a file in the folder. */
  readonly database?: string | undefined
  readonly keyPassword?: string | undefined
  readonly bodyLimit?: number | undefined
  readonly requestTimeoutMilliseconds?: number | undefined
  readonly includeXrmlInLog?: boolean | undefined
  /** Accounts and groups to add to the access lists of endpoints. */
  readonly admit?: readonly { readonly endpoint: string; readonly group: string }[] | undefined
  readonly settings?: Partial<ServerConfiguration> | undefined
  readonly log?: Logger | undefined
}

/** What `up --json` prints when everything serves. */
export interface ReadyEvent {
  readonly event: 'ready'
  readonly manage: string
  readonly forest: string
  readonly clusters: readonly ClusterStatus[]
}

export interface Installation {
  readonly ready: ReadyEvent
  /** Public base URL of the root cluster, with /_wmcs. */
  readonly url: string
  readonly manage: string
  /** Cryptographic mode of the root cluster: that of its making. */
  readonly mode: CryptoMode
  /** Where state is kept; undefined for a temporary installation. */
  readonly data: string | undefined
  /** Stops everything that was started, and removes a temporary folder. May be called again. */
  close(): Promise<void>
}

/** An endpoint named in an access setting that no server has. */
export class UnknownEndpoint extends Error {
  override readonly name = 'UnknownEndpoint'
}

/**
 * Starts an installation: today one root node, with management beside it.
 * @throws UnknownEndpoint, DatabaseInUse when another installation runs on the same data, WrongKeyPassword, OtherSchemaVersion, and the
 * system's errors, such as EADDRINUSE for a port that is taken; nothing is left behind then
 */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const settings = { ...options.settings, ...accessSettings(options.admit ?? []) }
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'rms-emulator-')))
  const removeFolder = async (): Promise<void> => {
    if (options.data === undefined) await rm(folder, { recursive: true, force: true })
  }
  const database = options.database ?? join(folder, 'rms.sqlite')
  let unlock: (() => void) | undefined
  let node: RunningNode | undefined
  const release = async (): Promise<void> => {
    await node?.close()
    unlock?.()
    await removeFolder()
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    unlock = lockDatabase(database)
    node = await startNode(given({ ...nodeOptions(options), database, settings }))
    const clusters = [clusterStatus(node)]
    const status = (): InstallationStatus => ({ forest: seedForest.dnsName, clusters })
    const management = await startManagement({ host: options.host ?? '127.0.0.1', port: options.managePort ?? 0, log: options.log, status })
    let closing: Promise<void> | undefined
    return {
      ready: { event: 'ready', manage: management.url, ...status() },
      url: node.baseUrl,
      manage: management.url,
      mode: node.context.state().configuration.cryptographicMode,
      data: options.data,
      close: () => (closing ??= stop(management.close(), release)),
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Also when the first part fails, the second one is done. */
async function stop(closed: Promise<void>, release: () => Promise<void>): Promise<void> {
  try {
    await closed
  } finally {
    await release()
  }
}

function nodeOptions(options: InstallationOptions) {
  const { host, port, publicUrl, mode, engine, keyPassword, bodyLimit, requestTimeoutMilliseconds, includeXrmlInLog, log } = options
  return { host, port, publicUrl, mode, engine, keyPassword, bodyLimit, requestTimeoutMilliseconds, includeXrmlInLog, log }
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out what is undefined, so that defaults count. */
function given<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

function clusterStatus(node: RunningNode): ClusterStatus {
  return { name: node.cluster, kind: node.kind, url: node.baseUrl, nodes: [{ id: node.nodeId, url: node.url, pid: process.pid }] }
}

/** Added to the defaults, not in their place: the service account keeps its access. */
function accessSettings(admit: NonNullable<InstallationOptions['admit']>): Partial<ServerConfiguration> {
  if (admit.length === 0) return {}
  const paths = endpointPaths('root')
  const lists = new Map(Object.entries(defaultAccessLists()))
  for (const { endpoint, group } of admit) {
    const named = endpointsNamed(endpoint, paths)
    if (named.length === 0) throw new UnknownEndpoint(`There is no endpoint "${endpoint}". The endpoints are ${paths.join(', ')}`)
    for (const path of named) lists.set(path, [...(lists.get(path) ?? []), group])
  }
  return { admittedGroups: Object.fromEntries(lists) }
}

function defaultAccessLists(): ServerConfiguration['admittedGroups'] {
  const own = { serverName: '-', baseUrl: 'http://localhost', cryptographicMode: 2 as const, slc: [], trustedSpcCAKeys: [], trustedRacIssuers: [] }
  return defaultConfiguration(own).admittedGroups
}
