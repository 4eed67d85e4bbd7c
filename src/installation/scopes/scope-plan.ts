/** What all scopes of an installation are made by: its options and its seed file, as far as they are about a root cluster of one server. */
import type { FaultWanted } from '../../administration/lab/faults.js'
import { rootName, type SeedCluster, type SeedFile } from '../../administration/seed-file/seed-file.js'
import type { ServerConfiguration } from '../../cluster/configuration.js'
import type { ClusterKind } from '../../cluster/store/cluster-store.js'
import { keyPool } from '../../crypto/key-pool.js'
import { modes, type CryptoMode } from '../../crypto/modes.js'
import { systemTimers } from '../../effects.js'
import { defaultNodeOptions, type NodeOptions } from '../../node/start.js'
import { toldNodes } from '../in-process.js'
import type { InstallationOptions } from '../installation-options.js'
import { given, journalOf } from '../node-settings.js'
import { readSeed, seeded, type Seeding } from '../seeding.js'
import { settingsOf } from '../start-settings.js'
import { prepareBlankScope, type BlankScope } from './blank-scope.js'

export interface ScopePlan {
  readonly keyPassword: string
  readonly settings: (kind: ClusterKind, stored: ServerConfiguration) => Partial<ServerConfiguration>
  /** What becomes one of them. */
  readonly prepare: () => BlankScope
  /** No more are made. */
  readonly close: () => void
}

/** Bytes and exchanges of the journal of each, at most: there may be many. */
const journalLimits = { bytes: 16 * 1024 * 1024, entries: 1000 }

/**
 * @param installation with mode and forest as they are
 * @param listenerKey that the balancers of the installation show
 * @throws SeedFileError, OptionRefused
 */
export function planScopes(
  installation: InstallationOptions & { readonly mode: CryptoMode },
  listenerKey: string | undefined,
): ScopePlan {
  const { mode } = installation
  const options = scopeOptions(installation)
  const newSeeding = (): Seeding => seeded(options, rootAlone).seeding
  // What is wrong with the file is told before anything needs it.
  newSeeding()
  const keyPairs = keyPool({ timers: systemTimers })
  const node: Partial<NodeOptions> = given({
    ...toldNodes(options),
    listenerKey,
    keyPairs,
    journal: journalFor(options),
  })
  return {
    keyPassword: options.keyPassword ?? defaultNodeOptions.keyPassword,
    settings: (kind, stored) => settingsOf(options, kind, stored),
    prepare: () => prepareBlankScope(node, newSeeding(), keyPairs.take(modes[mode].keyBits)),
    close: () => keyPairs.close(),
  }
}

const rootAlone = [{ name: rootName, nodes: 1 }]

/** What is about processes, files and addresses of the installation is not about its scopes. */
function scopeOptions(installation: InstallationOptions): InstallationOptions {
  const { root, licensing = [{ name: 'licensing', nodes: 2 }], seedFile, processes } = installation
  const planned =
    processes === true ? [{ name: rootName, nodes: root ?? 2 }, ...licensing] : [{ name: rootName, nodes: root ?? 1 }]
  return {
    mode: installation.mode,
    forest: installation.forest,
    clock: installation.clock,
    engine: installation.engine,
    signerThreads: 0,
    database: ':memory:',
    keyPassword: installation.keyPassword,
    bodyLimit: installation.bodyLimit,
    headerLimit: installation.headerLimit,
    trustedProxies: installation.trustedProxies,
    requestTimeoutMilliseconds: installation.requestTimeoutMilliseconds,
    includeXrmlInLog: installation.includeXrmlInLog,
    headerFaults: installation.headerFaults,
    profile: installation.profile,
    requestLogRows: installation.requestLogRows,
    requestLogDays: installation.requestLogDays,
    journal: installation.journal,
    schemes: installation.schemes,
    ntlmLevel: installation.ntlmLevel,
    admit: installation.admit,
    oauthClients: installation.oauthClients,
    settings: installation.settings,
    seedFile: seedFile === undefined ? undefined : ofRoot(readSeed(installation, seedFile, planned).file),
    log: installation.log,
  }
}

function journalFor(options: InstallationOptions): NodeOptions['journal'] {
  const wanted = journalOf(options)
  if (wanted === undefined) return undefined
  const { limits, secrets } = wanted
  return {
    limits: {
      bytes: Math.min(limits.bytes, journalLimits.bytes),
      entries: Math.min(limits.entries, journalLimits.entries),
    },
    secrets,
  }
}

/**
 * A scope has addresses of its own, and one cluster: what a seed file says of others, and what could happen there only, is not of it. Nor is the seed: from
 * one seed all scopes would have the same keys.
 */
function ofRoot(file: SeedFile): SeedFile {
  const { clusters, faults, seed: _seed, ...others } = file
  const root = clusters?.find(({ name }) => name === rootName)
  return {
    ...others,
    ...(root === undefined ? {} : { clusters: [placedAnywhere(root)] }),
    ...(faults === undefined ? {} : { faults: Object.fromEntries(Object.entries(faults).filter(happensAtRoot)) }),
  }
}

function placedAnywhere({ url: _url, servers: _servers, settings, ...root }: SeedCluster): SeedCluster {
  if (settings === undefined) return root
  const {
    certificationUrl: _certification,
    licensingUrl: _licensing,
    externalCertificationUrl: _outside,
    externalLicensingUrl: _outsideLicensing,
    ...rest
  } = settings
  return { ...root, settings: rest }
}

function happensAtRoot([, fault]: readonly [string, FaultWanted]): boolean {
  const { cluster, node } = (fault.match ?? {}) as Readonly<Record<string, unknown>>
  return names(cluster, rootName) && names(node, `${rootName}-1`)
}

/** Whether it is among those that are matched; all are, where none is said. */
function names(matched: unknown, one: string): boolean {
  return (
    matched === undefined || [matched].flat().some((name) => typeof name === 'string' && name.toLowerCase() === one)
  )
}
