/** What documents are made and looked into with: the clusters of the installation with their keys open, and the time of the forest. */
import type { ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import { keyPool, type KeyPool } from '../../crypto/key-pool.js'
import type { Clock, Random, Timers } from '../../effects.js'

export interface IssuingOffice {
  readonly store: Store
  /** @throws UnknownCluster */
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly forestClock: () => Promise<Clock>
  readonly random: Random
  readonly keyPairs: KeyPool
}

export function issuingOffice({
  store,
  openCluster,
  forestClock,
  random,
  timers,
}: Omit<IssuingOffice, 'keyPairs'> & { readonly timers: Timers }): IssuingOffice {
  return { store, openCluster, forestClock, random, keyPairs: keyPool({ timers }) }
}
