/** What documents are made and looked into with: the clusters of the installation with their keys open, and the time of the forest. */
import { refreshServerState, type ServerState } from '../../cluster/server-state.js'
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
  return { store, openCluster: openedOnce(store, openCluster), forestClock, random, keyPairs: keyPool({ timers }) }
}

/** Opening keys takes its time: a state is kept while the stored version is the same, as a node keeps it. */
function openedOnce(store: Store, open: IssuingOffice['openCluster']): IssuingOffice['openCluster'] {
  const opened = new Map<string, ServerState>()
  return async (name) => {
    const before = opened.get(name)
    const state = before === undefined ? await open(name) : await refreshServerState(store, before)
    opened.set(name, state)
    return state
  }
}
