/** What one node runs on: the effects, the store, and the server state of the moment. */
import type { Logger } from 'pino'
import { rememberingDirectory } from '../cluster/remembering-directory.js'
import { tokenKeys, type TokenKeys } from '../cluster/token-keys.js'
import type { RequestLog } from '../cluster/request-log.js'
import type { ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import type { ServiceContext } from '../services/context.js'
import type { Clock, Random } from '../effects.js'
import { precertifiedAccounts } from '../services/precertified.js'
import type { Metrics } from './metrics.js'

export interface NodeContext extends ServiceContext {
  readonly nodeId: string
  readonly keepsXrml: boolean
  readonly log: Logger
  readonly requestLog: RequestLog
  readonly metrics: Metrics
  /** Keys of the access tokens of the installation. */
  readonly tokenKeys: TokenKeys
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
}

export function createContext(parts: NodeParts): NodeContext {
  let current: ServerState | undefined
  return {
    ...parts,
    directory: rememberingDirectory(parts.store.directory),
    tokenKeys: tokenKeys(parts.store.tokenKeys, parts.random),
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
