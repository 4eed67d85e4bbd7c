/** What every step of the client needs besides its own inputs, and the one place that reaches for the network. */
import type { Clock, Random } from '../effects.js'
import type { VersionData } from '../soap/version-data.js'
import type { XmlElement } from '../xml/read.js'
import { element, type Markup } from '../xml/write.js'
import type { TrustRoot } from '../xrml/lab-hierarchy.js'
import type { Connections, Credentials } from './connections.js'
import { namespaces } from './namespaces.js'
import { callSoap, type SoapCall } from './soap-caller.js'

/** A finished step. */
export interface Step {
  /** The operation's name for a call, such as `Certify`; a few words for work done locally. */
  readonly name: string
  readonly ms: number
  /** Why the step failed; undefined when it did not. */
  readonly error?: unknown
  /** The server that answered, where one did that gives its name. */
  readonly server?: string | undefined
}

/** Who calls, whom to trust, and the outside world: the same for all calls of a user. */
export interface ClientContext {
  /** For HTTP Basic; undefined calls anonymously. */
  readonly credentials: Credentials | undefined
  /** What calls go out by, where they sign in by something else than HTTP Basic. */
  readonly connections?: Connections | undefined
  /** Roots that certificates from servers must lead to. */
  readonly trustRoots: readonly TrustRoot[]
  readonly clock: Clock
  readonly random: Random
  /** For each call; undefined leaves it to the SOAP caller. */
  readonly timeoutMilliseconds?: number | undefined
  readonly userAgent?: string | undefined
  readonly onStep?: ((step: Step) => void) | undefined
}

/** One operation of one service. */
export interface RmsCall {
  readonly url: string
  readonly service: keyof typeof namespaces
  readonly operation: string
  /** Content of the request element. */
  readonly content?: readonly (Markup | undefined)[]
  readonly versions?: VersionData | 'none'
}

/**
 * Calls one operation, as a step of its name.
 * @returns the element `<operation>Response`
 * @throws SoapFault, CallFailed
 */
export function call(context: ClientContext, asked: RmsCall): Promise<XmlElement> {
  return step(context, asked.operation, (note) =>
    callSoap({ ...soapCallOf(context, asked), onAnswer: ({ server }) => note({ server }) }),
  )
}

/** The same call, ready to be sent by the SOAP caller or by somebody else. */
export function soapCallOf(
  context: ClientContext,
  { url, service, operation, content = [], versions }: RmsCall,
): SoapCall {
  const namespace = namespaces[service]
  return {
    url,
    namespace,
    operation,
    body: element(operation, { xmlns: namespace }, content),
    credentials: context.credentials,
    connections: context.connections,
    ...(versions === undefined ? {} : { versions }),
    ...(context.userAgent === undefined ? {} : { userAgent: context.userAgent }),
    ...(context.timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds: context.timeoutMilliseconds }),
  }
}

/** Does the work and tells `onStep` how long it took and what the work notes, also when it fails. */
export async function step<T>(
  context: Pick<ClientContext, 'clock' | 'onStep'>,
  name: string,
  work: (note: (noted: Pick<Step, 'server'>) => void) => T | Promise<T>,
): Promise<T> {
  const start = context.clock.monotonic()
  let noted: Pick<Step, 'server'> = {}
  const tell = (failure: { readonly error?: unknown }): void =>
    context.onStep?.({ name, ms: context.clock.monotonic() - start, ...noted, ...failure })
  try {
    const result = await work((more) => void (noted = more))
    tell({})
    return result
  } catch (error) {
    tell({ error })
    throw error
  }
}
