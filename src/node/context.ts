/** What one node runs on: the effects, the store, and the server state of the moment. */
import type { Logger } from 'pino'
import { rememberingDirectory } from '../cluster/remembering-directory.js'
import type { RequestLog } from '../cluster/request-log.js'
import type { ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import type { ServiceContext } from '../services/context.js'
import type { Clock, Random } from '../effects.js'
import { signedInConnections, type SignedInConnections } from '../identity/connections.js'
import type { Scheme } from '../identity/schemes.js'
import type { NtlmLevel } from '../ntlm/server.js'
import { precertifiedAccounts } from '../services/precertified.js'
import type { Metrics } from './metrics.js'

export interface NodeContext extends ServiceContext {
  readonly nodeId: string
  readonly keepsXrml: boolean
  readonly log: Logger
  readonly requestLog: RequestLog
  readonly metrics: Metrics
  /** Ways to sign in that are offered. */
  readonly schemes: readonly Scheme[]
  /** Those who have signed in by NTLM or Negotiate. */
  readonly connections: SignedInConnections
  /** Whether there is a state yet. */
  readonly isReady: () => boolean
  /** Replaces the state as a whole. */
  readonly setState: (state: ServerState) => void
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
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly store: Store
  readonly requestLog: RequestLog
  readonly metrics: Metrics
  readonly schemes: readonly Scheme[]
  readonly ntlmLevel: NtlmLevel
}

export function createContext(parts: NodeParts): NodeContext {
  let current: ServerState | undefined
  const directory = rememberingDirectory(parts.store.directory)
  const { clock, random, nodeId, ntlmLevel } = parts
  return {
    ...parts,
    directory,
    connections: signedInConnections({ directory, clock, random, level: ntlmLevel, computer: nodeId }),
    precertified: precertifiedAccounts(),
    state: () => {
      if (current === undefined) throw new NotReady()
      return current
    },
    isReady: () => current !== undefined,
    setState: (state) => {
      current = state
    },
  }
}
