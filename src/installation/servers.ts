/** What serves of an installation, however it was started. */
import type { Store } from '../cluster/store/open.js'
import type { Scopes } from './scopes/scopes.js'
import type { ClusterStatus } from './status.js'
import type { RunningTopology } from './topology.js'

/** What serves: a node in this process, or many processes. */
export interface Servers {
  readonly store: Store
  readonly topology: RunningTopology | undefined
  readonly ca: string | undefined
  /** What certificates of the servers lead to, in PEM. */
  readonly trusted: string | undefined
  readonly status: () => Promise<readonly ClusterStatus[]>
  /** Where this process itself answers clients, without a path; undefined where it answers none. */
  readonly ownUrl?: string
  /** Undefined: it has none. */
  readonly scopes?: Scopes | undefined
  /** Stops everything that was started, and removes a temporary folder. */
  close(): Promise<void>
}
