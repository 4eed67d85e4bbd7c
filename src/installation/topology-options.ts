/** What an installation of processes is started with. */
import type { Logger } from 'pino'
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { Store } from '../cluster/store/open.js'
import type { CryptoMode } from '../crypto/modes.js'
import type { Draws } from '../cluster/draws.js'
import type { Clock, Random, Timers } from '../effects.js'
import type { NodeSeeding } from '../node/start.js'

export interface TopologyOptions {
  readonly store: Store
  readonly folder: string
  readonly host: string
  /** Of the root cluster; the others take the next ones, or any free one when it is 0. */
  readonly port: number
  readonly publicUrl: string | undefined
  /** Of clusters that clients see at other addresses than the host of the public URL and their own port. */
  readonly clusterUrls: readonly { readonly name: string; readonly url: string }[]
  readonly root: number
  readonly licensing: readonly { readonly name: string; readonly nodes: number }[]
  /** Clusters with an extranet listener; on the next free port, or any with `port` 0, where none is told. */
  readonly extranet: readonly { readonly name: string; readonly port?: number | undefined }[]
  readonly mode: CryptoMode | undefined
  readonly seeding: NodeSeeding
  readonly keyPassword: string
  readonly settings: (kind: ClusterKind, stored?: ServerConfiguration) => Partial<ServerConfiguration>
  /** Of the commands `node` and `balancer`. */
  readonly nodeFlags: readonly string[]
  readonly balancerFlags: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
  /** Environment of all processes: what they trust. */
  readonly environment: Readonly<Record<string, string>>
  /** The same, for calls of this process, in PEM. */
  readonly ca: string | undefined
  /** What balancers show the servers, to be believed by which listener a request came. */
  readonly listenerKey: string
  /** Where requests of scopes are answered, without a path; undefined where there are none. */
  readonly scopesUrl: string | undefined
  readonly restart: boolean
  readonly log: Logger
  readonly onLine: (line: string) => void
  /** Told of the parts of the start. */
  readonly onStart: (part: StartPart) => void
  /** Of this machine: when processes started, who lives. */
  readonly clock: Clock
  /** What clusters are made by. */
  readonly forestClock: () => Promise<Clock>
  readonly timers: Timers
  readonly random: Random
  readonly draws: () => Promise<Draws>
  /** Ends what is being started. */
  readonly signal?: AbortSignal | undefined
}

interface StartPart {
  readonly name: string
  readonly isReady: boolean
}
