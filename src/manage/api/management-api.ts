/** What the routes of the management API are given. */
import type { ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import type { Clock, Random, Timers } from '../../effects.js'

export interface ManagementApi {
  readonly store: Store
  /**
   * The state of a cluster with its keys open, where something is signed or sealed: `(name) => loadServerState(store, name, password, 'openssl')`.
   */
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
}
