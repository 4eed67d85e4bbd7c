/** A whole installation on one machine: its servers, its management listener. The library's entry for tests of other people. */
import { issuingOffice } from '../administration/lab/issuing-office.js'
import { readConfig } from '../administration/lab/config.js'
import { labOffice, type LabOffice } from '../administration/lab/ask-server.js'
import { keepStart, type ThisStart } from '../administration/lab/reset.js'
import { loadServerState } from '../cluster/server-state.js'
import type { StartedWith } from '../config/started-with.js'
import type { StoredSeed } from '../cluster/store/random-seed-store.js'
import type { CryptoMode } from '../crypto/modes.js'
import { systemEffects } from '../effects.js'
import type { InstallationOptions } from '../installation/installation-options.js'
import { clockOf, drawsIn, startServers } from '../installation/installation.js'
import type { Servers } from '../installation/servers.js'
import { installationLab, noControls, type InstallationLab } from '../installation/lab.js'
import { optionsShown } from '../installation/options-shown.js'
import { labScopes, type LabScope } from '../installation/lab-scopes.js'
import { settingsOf } from '../installation/start-settings.js'
import {
  activeInLab,
  partnersOf,
  placeOf,
  scopesStatus,
  type ClusterPlace,
  type InstallationStatus,
  type ScopesStatus,
} from '../installation/status.js'
import { defaultNodeOptions } from '../node/start.js'
import { version } from '../version.js'
import { startManagement } from './app.js'
import { meetPartnerOf, requirePartnerOf } from './start-partner.js'

/** What `up --json` prints when everything serves. */
export interface ReadyEvent {
  readonly event: 'ready'
  readonly manage: string
  readonly forest: string
  /** Forests that it knows as partners, where there are any. */
  readonly partners?: readonly string[]
  readonly clusters: readonly ClusterPlace[]
  /** Where management asks for one. */
  readonly token?: string
  /** What is set in the lab, where anything is: each in a few words. */
  readonly lab?: readonly string[]
  /** What chance follows from: everything does where a seed was given, otherwise only what faults leave to chance. */
  readonly seed?: StoredSeed
  /** Where it has any. */
  readonly scopes?: ScopesStatus
  /** With TLS: where the certificate of the lab CA is. */
  readonly ca?: string
}

export interface Installation {
  readonly ready: ReadyEvent
  /** Public base URL of the root cluster, with /_wmcs. */
  readonly url: string
  readonly manage: string
  /** Cryptographic mode of the root cluster: that of its making. */
  readonly mode: CryptoMode
  /** Certificate of the lab CA in PEM, for clients; undefined without TLS. */
  readonly ca: string | undefined
  /** Folder where state is kept; undefined where it ends with the installation. */
  readonly data: string | undefined
  /** A forest of its own below `/f/NAME`, made unless it is there; needs the option `scopes`. As `lab.scopes.put`. */
  scope(name: string): Promise<LabScope>
  /** The controls of the lab. With `lab: false` each of them throws. */
  readonly lab: InstallationLab
  /** Stops everything that was started, and removes a temporary folder. May be called again. */
  close(): Promise<void>
  /** The same at the end of a block: `await using installation = await startInstallation()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts an installation, with management beside it.
 * @throws OptionRefused, UnknownEndpoint, OtherForest, DatabaseInUse when another installation runs on the same data, WrongKeyPassword, MigrationNeeded, OtherSchemaVersion, and the
 * system's errors, such as EADDRINUSE for a port that is taken, and the reason of the signal; nothing is left behind then
 */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  return startInstallationBy(undefined, options)
}

/**
 * @param config what it was started with, as it is to be said; undefined: the options
 * @throws as `startInstallation`
 */
export async function startInstallationBy(
  config: StartedWith | undefined,
  options: InstallationOptions,
): Promise<Installation> {
  await requirePartnerOf(options)
  const servers = await startServers(options)
  try {
    return await withManagement(options, servers, config ?? optionsShown(options))
  } catch (error) {
    await servers.close()
    throw error
  }
}

async function withManagement(
  options: InstallationOptions,
  servers: Servers,
  config: StartedWith,
): Promise<Installation> {
  const { store, topology } = servers
  const { token } = options
  const { dnsName: forest } = await store.forest.read()
  const keyPassword = options.keyPassword ?? defaultNodeOptions.keyPassword
  const openCluster = (name: string) => loadServerState(store, name, keyPassword, 'openssl')
  const office =
    options.lab === false
      ? undefined
      : labOffice({ store, arrangement: topology?.arrangement, keyPassword, ca: servers.trusted, ...systemEffects })
  const api = {
    store,
    openCluster,
    ...systemEffects,
    forestClock: () => clockOf(options, store),
    draws: await drawsIn(store),
    lab: office,
    ca: servers.trusted,
    scopes: servers.scopes,
    config,
  }
  const withScopes = async () => scopesStatus(servers.scopes, await rootUrlOf(store))
  await meetPartnerOf(options, api)
  const status = async (): Promise<InstallationStatus> => ({
    forest,
    ...(await partnersOf(store)),
    version,
    clusters: await servers.status(),
    ...(await activeInLab(office)),
    ...(await withScopes()),
  })
  const management = await startManagement({
    host: options.manageHost ?? '127.0.0.1',
    port: options.managePort ?? 0,
    token,
    log: options.log,
    status,
    api,
    topology,
    ca: servers.ca,
    scopes: servers.scopes,
  })
  const scopes = labScopes(servers.scopes, management.url)
  const clusters = (await servers.status()).map(placeOf)
  const [root] = clusters
  const mode = (await store.clusters.find(root?.name ?? ''))?.configuration.cryptographicMode ?? 2
  if (office !== undefined) await keepThisStart(office, { ...options, forest }, clusters)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stop(management.close(), servers))
  return {
    ready: {
      event: 'ready',
      manage: management.url,
      forest,
      ...(await partnersOf(store)),
      clusters,
      ...(token === undefined ? {} : { token }),
      ...(await activeInLab(office)),
      ...(await withScopes()),
      ...(servers.ca === undefined ? {} : { ca: `${management.url}/ca.pem` }),
    },
    url: root?.url ?? '',
    manage: management.url,
    mode,
    ca: servers.ca,
    data: options.data,
    lab: {
      ...installationLab(office && (() => office), issuingOffice(api), servers.trusted),
      scopes,
      config: async () => readConfig(office ?? noControls(), config),
    },
    scope: (name) => scopes.put(name),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function keepThisStart(
  office: LabOffice,
  options: InstallationOptions,
  clusters: readonly ClusterPlace[],
): Promise<void> {
  const news = await keepStart(office, thisStart(options, clusters))
  if (news !== undefined) options.log?.warn({ news: true }, news)
}

function thisStart(options: InstallationOptions, [root]: readonly ClusterPlace[]): ThisStart {
  const licensing = options.licensing?.map(({ name }) => name) ?? ['licensing']
  return {
    settings: (kind, stored) => settingsOf(options, kind, stored),
    ...(options.clock === undefined ? {} : { setsClock: true }),
    clusters: [...(root === undefined ? [] : [root.name]), ...licensing],
  }
}

/** As it is now; '' while the database is away. */
async function rootUrlOf({ clusters }: Servers['store']): Promise<string> {
  const all = await clusters.list().catch(() => [])
  return all.find(({ kind }) => kind === 'root')?.configuration.baseUrl ?? ''
}

/** Also when the first part fails, the second one is done. */
async function stop(closed: Promise<void>, servers: Servers): Promise<void> {
  try {
    await closed
  } finally {
    await servers.close()
  }
}
