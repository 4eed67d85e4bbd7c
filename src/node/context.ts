/** What one node runs on: the effects, the store, and the server state of the moment. */
import type { Logger } from 'pino'
import { drawsFrom, type Draws } from '../cluster/draws.js'
import { rememberingDirectory, type NodeDirectory } from '../cluster/remembering-directory.js'
import { tokenKeys, type TokenKeys } from '../cluster/token-keys.js'
import type { RequestLog } from '../cluster/request-log.js'
import type { ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import type { ServiceContext } from '../services/context.js'
import type { StartedWith } from '../config/started-with.js'
import { keyPool, seededPairs, type KeyPool } from '../crypto/key-pool.js'
import type { Directory } from '../directory/directory.js'
import type { Clock, Random, Timers } from '../effects.js'
import type { TrustedProxies } from '../http/trusted-proxies.js'
import { signedInConnections, type SignedInConnections } from '../identity/connections.js'
import type { Scheme } from '../identity/schemes.js'
import { activeControls } from '../lab/state.js'
import type { DocumentKeeper } from '../lab/documents/keeper.js'
import type { NodeJournal } from '../lab/journal/node-journal.js'
import type { NodeLab } from '../lab/node-lab.js'
import type { NtlmLevel } from '../ntlm/server.js'
import { precertifiedAccounts } from '../services/precertified.js'
import type { Profile } from '../soap/profile.js'
import type { Metrics } from './metrics.js'

/** Whether requests are to be sent to this node, and if not, why: for people, and without anything from the inside. */
export interface Readiness {
  readonly status: 'ready' | 'starting' | 'leaving' | 'unable' | 'unseen'
  readonly reason?: string
}

const unable: Readiness = {
  status: 'unable',
  reason:
    'No request can be answered, as none can be recorded: the database does not take records, and they cannot wait on the disk either. ' +
    "The disk may be full: the server's log says which folder. The server goes on by itself when there is room",
}

const full: Readiness = {
  status: 'unable',
  reason: 'It is set in the lab that the log queue is full: no request can be answered, as none can be recorded',
}

const unseen: Readiness = {
  status: 'unseen',
  reason: 'It is set in the lab that balancers do not see this server. Whoever asks it directly is served',
}

export interface NodeContext extends ServiceContext {
  readonly directory: NodeDirectory
  readonly timers: Timers
  readonly nodeId: string
  readonly keepsXrml: boolean
  /** What the balancer shows, to be believed by which listener a request came. */
  readonly listenerKey: string | undefined
  readonly profile: Profile
  readonly draws: Draws
  /** The clock of this machine, which nobody moves: for members, ids and whatever else is not of the forest. `clock` is the forest's. */
  readonly machineClock: Clock
  readonly lab: NodeLab
  /** Whether it takes part in the lab of the installation. */
  readonly followsLab: boolean
  /** The last exchanges; undefined where none is kept. */
  readonly journal?: NodeJournal | undefined
  /** Keeps the documents of exchanges for good; undefined where nobody asked for that. */
  readonly documents?: DocumentKeeper | undefined
  /** What it was started with, where that was by hand. */
  readonly config?: StartedWith | undefined
  /** Proxies that are believed in how a client asked. */
  readonly trustedProxies: TrustedProxies
  readonly log: Logger
  readonly requestLog: RequestLog
  readonly metrics: Metrics
  /** Keys of the access tokens of the installation. */
  readonly tokenKeys: TokenKeys
  /** Ways to sign in that are offered. */
  readonly schemes: readonly Scheme[]
  /** Those who have signed in by NTLM or Negotiate. */
  readonly connections: SignedInConnections
  readonly hasState: () => boolean
  readonly readiness: () => Readiness
  /** From now on the node says that it is not ready, so that nobody sends it more; what comes all the same is served. */
  readonly setLeaving: () => void
  /** Replaces the state as a whole. */
  readonly setState: (state: ServerState) => void
  /** Whoever loads a state waits for who does already: what was read earlier must not come later. */
  readonly loadInTurn: <Result>(load: () => Promise<Result>) => Promise<Result>
}

/** The node listens, but has not joined its cluster yet. */
export class NotReady extends Error {
  override readonly name = 'NotReady'
  constructor() {
    super('The server is starting: try again in a moment')
  }
}

export interface NodeParts {
  readonly nodeId: string
  /** Whether the request log keeps what was received and issued: nearly all of a record. */
  readonly keepsXrml: boolean
  readonly listenerKey: string | undefined
  readonly profile: Profile
  readonly trustedProxies: TrustedProxies
  readonly log: Logger
  /** Of the machine. */
  readonly clock: Clock
  /** With a clock that follows its state. */
  readonly lab: NodeLab
  readonly followsLab: boolean
  readonly journal?: NodeJournal | undefined
  readonly documents?: DocumentKeeper | undefined
  readonly config?: StartedWith | undefined
  readonly timers: Timers
  /** Of the machine. */
  readonly random: Random
  /** Unpredictable when left out. */
  readonly draws?: Draws | undefined
  readonly store: Store
  readonly requestLog: RequestLog
  readonly metrics: Metrics
  readonly schemes: readonly Scheme[]
  readonly ntlmLevel: NtlmLevel
  /** Where the root cluster is asked, without /_wmcs, when not at its public URL. */
  readonly rootUrl: string | undefined
  /** Its own when left out. */
  readonly keyPairs?: KeyPool | undefined
}

export function createContext(parts: NodeParts): NodeContext {
  let current: ServerState | undefined
  const { timers, random, nodeId, ntlmLevel } = parts
  const { draws = drawsFrom(random) } = parts
  const pairs = parts.keyPairs ?? keyPool({ timers })
  const { clock } = parts.lab
  let leaving = false
  let loading: Promise<unknown> = Promise.resolve()
  parts.metrics.watchLab(() => activeControls(parts.lab.state()))
  return {
    ...parts,
    clock,
    draws,
    machineClock: parts.clock,
    directory: rememberingDirectory(parts.store.directory),
    tokenKeys: tokenKeys(parts.store.tokenKeys, { random, draws }),
    connections: signedInConnections({
      clock,
      draw: draws.isSeeded ? () => draws.next('NTLM challenge', current?.name ?? '') : () => random,
      level: ntlmLevel,
      computer: nodeId,
    }),
    precertified: precertifiedAccounts(clock),
    machineRandom: random,
    keyPairs: draws.isSeeded ? seededPairs(pairs, { random, of: draws.of }) : pairs,
    state: () => {
      if (current === undefined) throw new NotReady()
      return current
    },
    hasState: () => current !== undefined,
    readiness: () => {
      if (leaving) return { status: 'leaving', reason: 'The server is about to stop' }
      if (current === undefined) return { status: 'starting', reason: 'The server has not joined its cluster yet' }
      if (parts.lab.state().servers[nodeId]?.unseen === true) return unseen
      if (parts.lab.state().installation.logQueueFull === true) return full
      return parts.requestLog.canKeep() ? { status: 'ready' } : unable
    },
    setLeaving: () => {
      leaving = true
    },
    setState: (state) => {
      current = state
    },
    loadInTurn: (load) => {
      const result = loading.then(load)
      loading = result.catch(() => undefined)
      return result
    },
  }
}

/**
 * What a request draws from. With a seed, which time it is that this account asks this cluster for this.
 * @param account its SID; undefined for nobody
 */
export async function randomOf(
  { draws, random, state }: NodeContext,
  operation: string,
  account: string | undefined,
): Promise<Random> {
  return draws.isSeeded ? draws.next('request', state().name, operation, account ?? '') : random
}

/**
 * @param directory as it is to one request
 * @param random what this request draws from
 */
export function serviceContextOf(node: NodeContext, directory: Directory, random: Random): ServiceContext {
  const { clock, machineRandom, store, state, precertified, rootUrl, draws } = node
  const keyPairs = draws.isSeeded ? seededPairs(node.keyPairs, { random, of: draws.of }) : node.keyPairs
  return { clock, random, machineRandom, store, directory, state, precertified, rootUrl, keyPairs }
}
