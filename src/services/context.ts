/** What the operations of a server are given: every effect comes in by here. */
import type { ServerState } from '../cluster/server-state.js'
import type { Store } from '../cluster/store/open.js'
import type { KeyPool } from '../crypto/key-pool.js'
import type { Directory } from '../directory/directory.js'
import type { Clock, Random } from '../effects.js'
import type { OperationName, RmsException } from '../exceptions.js'
import type { Caller } from '../identity/caller.js'
import type { OperationDescription } from '../soap/schema.js'
import type { VersionData } from '../soap/version-data.js'
import type { Leniency } from '../soap/parameters.js'
import type { XmlElement } from '../xml/read.js'
import type { Markup } from '../xml/write.js'
import type { PrecertifiedAccounts } from './precertified.js'
import type { StepObserver, Walk } from './steps.js'

export interface ServiceContext {
  readonly clock: Clock
  /** What stands in documents is drawn from here: with a seed, it can be repeated. */
  readonly random: Random
  /** Never repeated: for what protects the database. */
  readonly machineRandom: Random
  readonly store: Store
  readonly directory: Directory
  /** The state of this very moment: read once per request. */
  readonly state: () => ServerState
  readonly precertified: PrecertifiedAccounts
  /** Where a licensing-only server asks the root cluster, without /_wmcs, when not at its public URL. */
  readonly rootUrl: string | undefined
  /** For accounts and their licensor certificates. */
  readonly keyPairs: KeyPool
}

/** What the request log will hold beside the bare facts of the request ([TechNet] DRMS_Log_Master). */
export interface Notes {
  /** Mail address of whom it was about, where that is not the caller's. */
  account?: string
  /** GUIDs of what was issued, content ids, number of items … */
  readonly metadata: Record<string, string | number | readonly string[]>
  /** What was let pass, though the specification has it otherwise: for people. */
  warnings?: readonly Leniency[]
  readonly issued: string[]
  readonly received: string[]
  /** Of a request for several things: what was refused, with the step. */
  refusals?: { readonly error: RmsException; readonly step: string | undefined; readonly why: string }[]
}

/** One call: what every step table starts from. */
export interface Call {
  readonly context: ServiceContext
  readonly state: ServerState
  /** By the clock of the forest. */
  readonly now: Date
  /** When it began, by the clock that never goes back. */
  readonly began: number
  readonly caller: Caller
  /** The operation's request element, with what is of its description and nothing else. */
  readonly request: XmlElement
  readonly versions: VersionData
  readonly notes: Notes
  readonly observer: StepObserver
}

export interface Operation {
  readonly name: OperationName
  readonly description: OperationDescription
  /** Names of its steps, in order. */
  readonly steps: readonly string[]
  /** The response element, in no namespace of its own: the service's is put on it. */
  readonly handle: (call: Call) => Promise<Markup>
}

/** An operation whose step table ends with the answer. */
export function operation(
  description: OperationDescription,
  table: Walk<Call, { readonly answer: Markup }>,
): Operation {
  return {
    name: description.name,
    description,
    steps: table.names,
    handle: async (call) => {
      const { answer } = await table.run(call, {
        monotonic: () => call.context.clock.monotonic(),
        observer: call.observer,
      })
      return answer
    },
  }
}

/** The description of an operation in its service. */
export function describe(
  service: { readonly operations: readonly OperationDescription[] },
  name: OperationName,
): OperationDescription {
  const found = service.operations.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`The service does not describe ${name}`)
  return found
}
