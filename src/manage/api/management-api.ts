/** What the routes of the management API are given. */
import type { LabOffice } from '../../administration/lab/ask-server.js'
import type { Draws } from '../../cluster/draws.js'
import type { StartedWith } from '../../config/started-with.js'
import type { ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import type { Clock, Random, Timers } from '../../effects.js'
import type { Scopes } from '../../installation/scopes/scopes.js'

export interface ManagementApi {
  readonly store: Store
  /**
   * The state of a cluster with its keys open, where something is signed or sealed: `(name) => loadServerState(store, name, password, 'openssl')`.
   */
  readonly openCluster: (name: string) => Promise<ServerState>
  /** Of this machine; what is issued has the time of the forest. */
  readonly clock: Clock
  readonly forestClock: () => Promise<Clock>
  /** Undefined: the installation was started with --no-lab. */
  readonly lab: LabOffice | undefined
  readonly timers: Timers
  /** Certificates in PEM that https servers lead to, for questions to them. */
  readonly ca: string | undefined
  /** Of the machine. */
  readonly random: Random
  /** What stands in documents and in the directory is drawn from here; unpredictable when left out. */
  readonly draws?: Draws | undefined
  /** What the installation was started with; undefined where nobody told. */
  readonly config?: StartedWith | undefined
  /** Undefined: there are none. */
  readonly scopes?: Scopes | undefined
}
