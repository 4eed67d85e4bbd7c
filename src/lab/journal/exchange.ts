/** One exchange, as a node is told of it and as its readers get it. What else they want to know is made of it when they ask. */
import type { RefusalFacts } from '../../refusal.js'
import type { ClockSetting } from '../clock-setting.js'
import type { Given, KeptBody } from './arena.js'

export interface Exchange {
  /** From 1, in the order in which exchanges ended at this node since its start. */
  readonly sequence: number
  /** As X-Request-Id of the answer has it. */
  readonly requestId: string
  /** The client's own name for it; undefined when it gave none. */
  readonly clientRequestId: string | undefined
  /** When it began, by the clock of the lab. */
  readonly time: Date
  /** When it ended, in milliseconds of the real clock since 1970: the lab's may stand still or go back. */
  readonly ended: number
  readonly milliseconds: number
  /** How the clock of the lab was set. */
  readonly clock: ClockSetting
  readonly listener: string
  /** Operation; the service, or method and path, where none was found. */
  readonly operation: string
  /** `CONTOSO\alice`; '' for nobody. */
  readonly user: string
  /** Mail address of the account that signed in, and of the one that the documents are of; '' for none. */
  readonly addresses: readonly string[]
  readonly request: KeptRequest
  readonly answer: KeptAnswer
  readonly steps: readonly StepTime[]
  /** Refused as a whole. A batch that was answered is not, though some of it may be. */
  readonly failed: boolean
  readonly refusals: readonly Refused[]
  /** Names of the faults that fired. */
  readonly faults: readonly string[]
  /** What was let pass, though a specification has it otherwise. */
  readonly warnings?: readonly string[]
  /** Content ids, GUIDs of what was issued … as the request log has them. */
  readonly metadata: Readonly<Record<string, string | number | readonly string[]>>
}

export interface KeptRequest {
  readonly method: string
  /** `http://host/path?query`, as far as the client said. */
  readonly url: string
  readonly httpVersion: string
  /** Name, value, name, value … as they came. */
  readonly headers: readonly string[]
  readonly body: Body
}

export interface KeptAnswer {
  /** 0: nothing was answered. */
  readonly status: number
  readonly headers: Readonly<Record<string, number | string | readonly string[] | undefined>>
  readonly body: Body
}

/** As it travelled, or what a journal keeps of it; undefined where there was none. */
export type Body = Given | KeptBody

/** An exchange that ended: its number is given by the journal, and its bodies come beside it. */
export type Ended = Omit<Exchange, 'sequence' | 'request' | 'answer'> & {
  readonly request: Omit<KeptRequest, 'body'>
  readonly answer: Omit<KeptAnswer, 'body'>
}

/** '' for none. Of what is no text it is something that can be searched. */
export function textOf(body: Body): string {
  if (body === undefined || typeof body === 'string') return body ?? ''
  return body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : body.text()
}

export function octetsOf(body: Body): Uint8Array {
  if (body === undefined || typeof body === 'string') return Buffer.from(body ?? '', 'utf8')
  return body instanceof Uint8Array ? body : body.bytes()
}

export interface StepTime {
  readonly step: string
  readonly milliseconds: number
}

export interface Refused {
  /** Undefined before the steps of the operation. */
  readonly step: string | undefined
  /** Full name of the exception, `soap:Client`, or the HTTP status. */
  readonly exception: string
  /** What must hold, where nobody wrote facts down. */
  readonly rule: string
  /** Whole, with the values. */
  readonly why: string
  readonly facts: RefusalFacts | undefined
}
