/** How an installation is started by a program; what would be ignored is refused. */
import type { Logger } from 'pino'
import type { ClockWanted } from '../administration/lab/clock.js'
import type { SeedFile } from '../administration/seed-file/seed-file.js'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { RegisteredClient } from '../cluster/oauth-clients.js'
import { isInMemory } from '../cluster/store/open.js'
import {
  aFunction,
  anObject,
  anyText,
  filledText,
  flag,
  listOf,
  listOfTexts,
  oneOf,
  OptionRefused,
  requireOptions,
  wholeNumber,
  type OptionCheck,
} from '../config/given-options.js'
import { forestNameProblem } from '../config/forest-name.js'
import type { EngineName } from '../crypto/engine.js'
import { objectionToSeed } from '../config/seed-text.js'
import type { CryptoMode } from '../crypto/modes.js'
import { schemeNames, type Scheme } from '../identity/schemes.js'
import type { JournalOptions } from '../node/journal.js'
import { ntlmLevels, type NtlmLevel } from '../ntlm/server.js'
import { profileNames, type ProfileName } from '../soap/profile.js'
import type { TlsOptions } from './tls-files.js'

export interface InstallationOptions {
  /**
   * Whether every node and balancer is a process of its own. Otherwise, as when it is left out, the installation is a root cluster in this
   * process: what a test needs most of the time.
   */
  readonly processes?: boolean | undefined
  /** Number of root nodes: one when left out, two with processes. In this process too, several are behind a balancer. */
  readonly root?: number | undefined
  /** With processes: licensing-only clusters; one of two nodes, `licensing`, when left out. */
  readonly licensing?: readonly { readonly name: string; readonly nodes: number }[] | undefined
  /** With processes: clusters with a second listener, for the extranet; on the next free port, any with `port` 0, where none is told. */
  readonly extranet?: readonly { readonly name: string; readonly port?: number | undefined }[] | undefined
  /** With processes: whether one that dies is started again, as when it is left out. */
  readonly restart?: boolean | undefined
  /** With processes: receives what they log, a line of JSON at a time. */
  readonly onLine?: ((line: string) => void) | undefined
  /** With processes: told of each part of a start when it begins, and when it is ready: the keys of a cluster, a server. */
  readonly onStart?: ((part: { readonly name: string; readonly isReady: boolean }) => void) | undefined
  readonly host?: string | undefined
  /** Port of the root cluster; 0 takes any free one. */
  readonly port?: number | undefined
  readonly manageHost?: string | undefined
  readonly managePort?: number | undefined
  /** What calls of the management API must bring; none is asked for when left out. */
  readonly token?: string | undefined
  /** Public URL of the root cluster, without /_wmcs, where clients see another one. */
  readonly publicUrl?: string | undefined
  /** With processes: URLs of clusters, without /_wmcs, where clients see others than the host of `publicUrl` with the port that each listens on. */
  readonly clusterUrls?: readonly { readonly name: string; readonly url: string }[] | undefined
  /** Cryptographic mode of a new installation, 2 when left out; one that is kept has its own. */
  readonly mode?: CryptoMode | undefined
  readonly engine?: EngineName | undefined
  /** Threads of a node for private keys, beside its event loop; when left out, one with processes where it has two cores or more for its share, otherwise none. */
  readonly signerThreads?: number | undefined
  /**
   * Folder that keeps the installation. When left out nothing is kept: in this process everything is in memory, without any file; with processes there is
   * a temporary folder, removed at the end.
   */
  readonly data?: string | undefined
  /** Database, where it is not a file in the folder: path of an SQLite file, or a PostgreSQL URL. */
  readonly database?: string | undefined
  /** Whether a PostgreSQL database that an earlier version of this program made is upgraded; an SQLite file is, after a copy beside it. */
  readonly migrate?: boolean | undefined
  readonly keyPassword?: string | undefined
  readonly bodyLimit?: number | undefined
  /** Bytes of the head of a request; 64 KiB when left out. */
  readonly headerLimit?: number | undefined
  /** Addresses and ranges, with commas, of proxies that are believed in how a client asked; none when left out. */
  readonly trustedProxies?: string | undefined
  readonly requestTimeoutMilliseconds?: number | undefined
  readonly includeXrmlInLog?: boolean | undefined
  /** Whether a request may ask for a fault of the lab by X-Lab-Fault. */
  readonly headerFaults?: boolean | undefined
  /** Which Windows its servers are like; 2016 when left out. */
  readonly profile?: ProfileName | undefined
  /** Records that the request log keeps, 1 000 000 when left out: of more, the oldest go; 0 for all. */
  readonly requestLogRows?: number | undefined
  /** Days that it keeps a record, for ever when left out, as with 0. */
  readonly requestLogDays?: number | undefined
  /** How much each server keeps of its last exchanges; false keeps nothing. 1000 exchanges in 32 MiB when left out, without secrets. */
  readonly journal?: false | JournalOptions | undefined
  /**
   * Whether the certificates and licenses that pass are kept for good, in the database, whatever the journal lets go. Bounded by nothing but the disk: it
   * needs `data`, or a `database` that stays.
   */
  readonly keepDocuments?: boolean | undefined
  /** Bytes of log records that wait while the database is away. */
  readonly spoolLimit?: number | undefined
  /** https, by certificates of a lab CA in the folder of the installation, or of one's own. */
  readonly tls?: boolean | TlsOptions | undefined
  /** Ways to sign in that servers offer; all of them when left out. */
  readonly schemes?: readonly Scheme[] | undefined
  /** Weakest NTLM response that they take; `v2` when left out. */
  readonly ntlmLevel?: NtlmLevel | undefined
  /** Accounts and groups to add to the access lists of endpoints. */
  readonly admit?: readonly { readonly endpoint: string; readonly group: string }[] | undefined
  /** Applications to add to those that the sign-in service sends users back to. */
  readonly oauthClients?: readonly RegisteredClient[] | undefined
  /** Whether there are controls of a lab: clock, faults. There are when it is left out; nothing of them is set until somebody asks. */
  readonly lab?: boolean | undefined
  /** Scopes that there may be at one time: forests of their own below `/f/NAME`, made by the first request for each. None when left out. */
  readonly scopes?: number | undefined
  /** Seconds without a request until a scope is gone; 600 when left out. */
  readonly scopeIdleSeconds?: number | undefined
  /**
   * What a new installation begins with: path of a YAML or JSON file, or what it says. One that is kept was made so before: the same again is fine,
   * another one is refused.
   */
  readonly seedFile?: string | SeedFile | undefined
  /**
   * All that clients see follows from it: the same requests in the same order are answered with the same bytes, by however many servers. A whole number from
   * 0 on, or a text of 1 to 128 characters. It is for a new installation; whoever knows it knows every key.
   */
  readonly seed?: number | string | undefined
  /** The clock of the forest from the start on: as `lab.clock.put` takes it, or as `--clock` does, such as `2026-01-01T00:00:00Z`. */
  readonly clock?: string | ClockWanted | undefined
  /** DNS name of the forest of a new installation, contoso.test when left out; one that is kept has its own. */
  readonly forest?: string | undefined
  /**
   * An installation of another forest: management address, and management token where it asks for one. Both know each other when this one has started:
   * account certificates, groups. It must run.
   */
  readonly forestOf?: string | { readonly url: string; readonly token?: string | undefined } | undefined
  readonly settings?: Partial<ServerConfiguration> | undefined
  readonly log?: Logger | undefined
  /** Ends the start while it is not done; nothing is left behind then. */
  readonly signal?: AbortSignal | undefined
}

/** Each is a server of its own in the memory of one process. */
export const mostScopes = 100

const port = wholeNumber(0, 65_535)
const falseOrObject: OptionCheck = (value) => (value === false ? undefined : anObject(value))
const textOrObject: OptionCheck = (value) => (typeof value === 'string' ? filledText(value) : anObject(value))
const flagOrObject: OptionCheck = (value) => (typeof value === 'boolean' ? undefined : anObject(value))

const aSeed: OptionCheck = (value) => {
  const objection = objectionToSeed(value)
  return objection && `it ${objection}`
}
const aPartner = listOf({ url: filledText, token: filledText }, ['url'])
const forestRule = (name: string): string | undefined => {
  const problem = forestNameProblem(name)
  return problem && `it ${problem}`
}

const checks: Readonly<Record<keyof InstallationOptions, OptionCheck>> = {
  processes: flag,
  root: wholeNumber(1, 64),
  licensing: listOf({ name: filledText, nodes: wholeNumber(1, 64) }, ['name', 'nodes']),
  extranet: listOf({ name: filledText, port }, ['name']),
  restart: flag,
  onLine: aFunction,
  onStart: aFunction,
  host: filledText,
  port,
  manageHost: filledText,
  managePort: port,
  token: filledText,
  publicUrl: filledText,
  clusterUrls: listOf({ name: filledText, url: filledText }, ['name', 'url']),
  mode: oneOf(1, 2),
  engine: oneOf('openssl', 'forge'),
  signerThreads: wholeNumber(0, 16),
  data: filledText,
  database: filledText,
  migrate: flag,
  keyPassword: anyText,
  bodyLimit: wholeNumber(1, 2 ** 31),
  headerLimit: wholeNumber(1024, 2 ** 31 - 1),
  trustedProxies: anyText,
  requestTimeoutMilliseconds: wholeNumber(1, 2 ** 31 - 1),
  includeXrmlInLog: flag,
  headerFaults: flag,
  profile: oneOf(...profileNames),
  requestLogRows: wholeNumber(0, 1_000_000_000),
  requestLogDays: wholeNumber(0, 36_500),
  journal: falseOrObject,
  keepDocuments: flag,
  spoolLimit: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  tls: flagOrObject,
  schemes: listOfTexts(...schemeNames),
  ntlmLevel: oneOf(...ntlmLevels),
  admit: listOf({ endpoint: filledText, group: filledText }, ['endpoint', 'group']),
  oauthClients: listOf({ id: filledText, redirectUris: listOfTexts() }, ['id', 'redirectUris']),
  lab: flag,
  scopes: wholeNumber(0, mostScopes),
  scopeIdleSeconds: wholeNumber(1, 86_400),
  seedFile: textOrObject,
  seed: aSeed,
  clock: textOrObject,
  forestOf: (value) => (typeof value === 'string' ? filledText(value) : aPartner([value])),
  forest: (value) => (typeof value === 'string' ? forestRule(value) : 'it must be a text'),
  settings: anObject,
  log: anObject,
  signal: anObject,
}

/** These say something of processes; nodes in this process would know nothing of them. */
const ofProcesses = ['licensing', 'extranet', 'clusterUrls', 'restart', 'onLine', 'onStart'] as const

/**
 * @throws OptionRefused for an option that is unknown, has an impossible value, or would be ignored
 */
export function requireInstallationOptions(options: InstallationOptions): void {
  requireOptions('startInstallation', options, checks)
  if (options.lab === false && (options.scopes ?? 0) > 0)
    throw new OptionRefused('The option scopes of startInstallation needs the controls of a lab: leave out lab: false')
  requirePlaceOfDocuments(options)
  if (options.processes === true) {
    if (options.database !== undefined && isInMemory(options.database))
      throw new OptionRefused(
        'The option database of startInstallation is in memory, where the processes of an installation cannot share it: leave it out, or leave out processes: true',
      )
    return
  }
  const ignored = ofProcesses.find((name) => options[name] !== undefined)
  if (ignored !== undefined)
    throw new OptionRefused(
      `The option ${ignored} of startInstallation needs processes: true. Without it the installation is a root cluster in this process`,
    )
}

function requirePlaceOfDocuments({ keepDocuments = false, lab = true, data, database }: InstallationOptions): void {
  if (!keepDocuments) return
  if (!lab)
    throw new OptionRefused(
      'Documents are kept by the lab (--keep-documents, keepDocuments: true), and there is none: leave out --no-lab (lab: false)',
    )
  if (database === undefined ? data === undefined : isInMemory(database))
    throw new OptionRefused(
      'Documents are to be kept for good (--keep-documents, keepDocuments: true), and nothing of this installation stays: say where, with --data DIR (data) or --db (database)',
    )
}
