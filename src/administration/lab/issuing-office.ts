/** What documents are made and looked into with: the clusters of the installation with their keys open, and the time of the forest. */
import { drawsFrom, type Draws } from '../../cluster/draws.js'
import { refreshServerState, type ServerState } from '../../cluster/server-state.js'
import type { Store } from '../../cluster/store/open.js'
import { keyPool, seededPairs, type KeyPool } from '../../crypto/key-pool.js'
import type { Clock, Random, Timers } from '../../effects.js'

export interface IssuingOffice {
  readonly store: Store
  /** @throws UnknownCluster */
  readonly openCluster: (name: string) => Promise<ServerState>
  readonly forestClock: () => Promise<Clock>
  /** What documents are drawn from. */
  readonly random: Random
  /** Never repeated: for what protects the database. */
  readonly machineRandom: Random
  readonly draws: Draws
  readonly keyPairs: KeyPool
}

export interface IssuingParts extends Pick<IssuingOffice, 'store' | 'openCluster' | 'forestClock'> {
  /** Of the machine. */
  readonly random: Random
  /** Unpredictable when left out. */
  readonly draws?: Draws | undefined
  readonly timers: Timers
}

export function issuingOffice({ store, openCluster, forestClock, timers, ...parts }: IssuingParts): IssuingOffice {
  const { random: machineRandom, draws = drawsFrom(machineRandom) } = parts
  return {
    store,
    openCluster: openedOnce(store, openCluster),
    forestClock,
    draws,
    machineRandom,
    ...drawingFrom(machineRandom, keyPool({ timers }), draws),
  }
}

/** The office for one order: with a seed, what is issued follows from which order of its kind it is. */
export async function forOrder(office: IssuingOffice, ...order: readonly string[]): Promise<IssuingOffice> {
  const { draws, keyPairs } = office
  return draws.isSeeded ? { ...office, ...drawingFrom(await draws.next(...order), keyPairs, draws) } : office
}

function drawingFrom(random: Random, pairs: KeyPool, draws: Draws): Pick<IssuingOffice, 'random' | 'keyPairs'> {
  return { random, keyPairs: draws.isSeeded ? seededPairs(pairs, { random, of: draws.of }) : pairs }
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
