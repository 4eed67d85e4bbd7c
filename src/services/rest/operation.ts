/** What an operation of the REST services is: like one over SOAP a table of named steps, from a JSON body to a JSON answer (rest-mde). */
import type { ServerState } from '../../cluster/server-state.js'
import type { Account } from '../../directory/directory.js'
import type { RmsException } from '../../exceptions.js'
import type { Notes, ServiceContext } from '../context.js'
import type { StepObserver, Walk } from '../steps.js'

/** Names of the services in discovery, and discovery itself: as they stand in the request log and in metrics. */
export const restServiceNames = [
  'EndUserLicenses',
  'PublishingLicenses',
  'Templates',
  'ClientDebugLogs',
  'ClientPerformanceLogs',
] as const
export type RestServiceName = (typeof restServiceNames)[number]
export type RestOperationName = 'ServiceDiscovery' | RestServiceName

/** Both are the same; clients of different years ask for one or the other. */
export const restVersions = ['v1', 'v2'] as const
export type RestVersion = (typeof restVersions)[number]

/** One call: what every step table starts from. */
export interface RestCall<Body = unknown> {
  readonly context: ServiceContext
  readonly state: ServerState
  /** By the clock of the forest. */
  readonly now: Date
  /** When it began, by the clock that never goes back. */
  readonly began: number
  /** Whom the token names. */
  readonly account: Account
  readonly version: RestVersion
  /** Of the cluster, as the client reached it: scheme, host and port. */
  readonly origin: string
  readonly query: Readonly<Record<string, string | undefined>>
  /** As the schema of the operation has it. */
  readonly body: Body
  /** Value of Accept-Language. */
  readonly languages: string
  /** Value of x-ms-rms-platform-id: free text, mostly `AppName=…;AppVersion=…;DevicePlatform=…`. */
  readonly platform: string
  readonly notes: Notes
  readonly observer: StepObserver
}

/** The answer, and why it is a refusal where it is one that comes with status 200. */
export interface RestAnswer {
  readonly answer: object | undefined
  readonly denied?: RmsException | undefined
}

export interface RestOperation {
  readonly name: RestOperationName
  readonly method: 'GET' | 'POST'
  /** Below `/my/v1` and `/my/v2`. */
  readonly path: string
  readonly about: string
  /** The SOAP endpoint whose access list counts here too: REST is no way round it. */
  readonly guardedAs: string
  /** JSON Schemas, for validation and for /openapi.json. */
  readonly schema: { readonly querystring?: object; readonly body?: object; readonly answer?: object }
  /** Names of its steps, in order. */
  readonly steps: readonly string[]
  readonly handle: (call: RestCall) => Promise<RestAnswer>
}

/** An operation whose step table ends with the answer. Its body has been validated by the schema when it runs. */
export function restOperation<Body>(
  row: Omit<RestOperation, 'steps' | 'handle'>,
  table: Walk<RestCall<Body>, RestAnswer>,
): RestOperation {
  return { ...row, steps: table.names, handle: (call) => table.run(call as RestCall<Body>, watchOf(call)) }
}

/** What a step table is watched with. */
export function watchOf({ context, observer }: Pick<RestCall, 'context' | 'observer'>): {
  readonly monotonic: () => number
  readonly observer: StepObserver
} {
  return { monotonic: () => context.clock.monotonic(), observer }
}
