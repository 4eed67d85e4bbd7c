/**
 * What the lab sees of an exchange, and what it may do to it. The exchange asks `NodeLab.begin` once; what it gets knows nothing of faults or journal:
 * they are controls, each with a part of its own in the exchange.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { RmsException } from '../exceptions.js'
import type { Caller } from '../identity/caller.js'
import type { RestException } from '../rest-exceptions.js'
import type { Issuing } from '../xrml/issuing.js'
import type { Workshop } from './faults/bad-document.js'
import type { LabState } from './state.js'

/** A request as its head came. */
export interface LabRequest {
  /** X-Request-Id of its answer, which names it in log and request log too. */
  readonly id: string
  /** By the clock of the lab. */
  readonly time: Date
  readonly node: string
  /** Name of the cluster. */
  readonly cluster: string
  /** Of the balancer, or `direct`. */
  readonly listener: string
  readonly method: string
  /** With its query, as it was asked for. */
  readonly url: string
  /** What stands before it, as far as the client said: `http://rms.contoso.test`. */
  readonly origin: string
  readonly httpVersion: string
  /** The path of the route, such as `/_wmcs/licensing/license.asmx`, whatever the case of the request. */
  readonly endpoint: string
  readonly headers: IncomingHttpHeaders
  /** As they travelled: names and values in turn. */
  readonly rawHeaders: readonly string[]
  /** The address of the client, as far as it is known. */
  readonly from: string
}

/** What came of it: told for all that is recorded in the request log, and for sign-ins that were refused. */
export interface LabOutcome {
  /** Operation, or the service when the operation was not found. */
  readonly operation: string
  /** Texts of the XrML documents that came in, and of those that were issued. */
  readonly received: readonly string[]
  readonly issued: readonly string[]
  readonly metadata: Readonly<Record<string, string | number | readonly string[]>>
  /** What was let pass, though a specification has it otherwise. */
  readonly warnings?: readonly string[] | undefined
  /** Mail address of the account that the documents are of, or that was looked for. */
  readonly userAddress?: string | undefined
  /** Undefined when it succeeded. */
  readonly refusal?: LabRefusal | undefined
  /** Of a request for several things that was answered: those that were refused. */
  readonly refusals?: readonly LabRefusal[] | undefined
}

export interface LabRefusal {
  /** What was thrown: mostly an RmsException, a RestException or a SoapProblem; undefined for a refused sign-in. */
  readonly error?: unknown
  /** Name of the step that refused; undefined before the steps begin. */
  readonly step?: string | undefined
  /** For people, as the request log has it. */
  readonly why: string
}

/** An answer as it travels. */
export interface LabAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>
  readonly body: string | Buffer
}

/**
 * `request`: the head has come, nobody has signed in. `operation`: caller and operation are known, nothing has been done. `answer`: it is ready to be sent.
 */
export type LabPoint = 'request' | 'operation' | 'answer'

/** What may be done at a point. Delays are waited for, what is issued is changed; the first of the others ends the exchange in its way, and later ones are not done. */
export type LabEffect =
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Nothing is done here: the answer only says what it was touched by. */
  | { readonly kind: 'mark' }
  /** At `operation`: as if a step had refused, with the fault that belongs to it. */
  | { readonly kind: 'refuse'; readonly error: RmsException | RestException }
  /** In place of any other answer. */
  | { readonly kind: 'answer'; readonly answer: LabAnswer }
  /** The connection is reset. */
  | { readonly kind: 'reset' }
  /** Nothing is answered as long as the client waits, until the signal: then it goes on as if nothing had been. */
  | { readonly kind: 'hang'; readonly ends: AbortSignal }
  /** At `operation`: what is issued for this request is issued with this, in place of what the server has. */
  | { readonly kind: 'issue'; readonly with: (good: Issuing, workshop: Workshop) => Promise<Issuing> }
  /** At `answer`: as many bytes of the body are sent as are told, of a length that is told rightly; then the connection ends. */
  | { readonly kind: 'truncate'; readonly bytes: number }

/** The name stands in the answer: `X-Lab: fault=NAME`; one one with a kind before it stands as it is, such as `server=slow`. */
export interface FiredEffect {
  readonly fault: string
  readonly effect: LabEffect
}

/** An answer that was changed on its way, and by which fault. */
export interface Rewritten {
  readonly fault: string
  readonly answer: LabAnswer
}

/** One exchange, as a control sees it. All is told in this order, each only if it comes to it. */
export interface ControlledExchange {
  /** Asked at each point; in order. Whoever has to count across nodes answers later. */
  readonly effects?: (point: LabPoint) => readonly FiredEffect[] | Promise<readonly FiredEffect[]>
  /** As its content parser left it: text for SOAP and forms, an object for JSON, octets for the binary form. `sent` is the same as octets in UTF-8, where it came so. */
  readonly received?: (body: unknown, sent?: Uint8Array) => void
  readonly signedIn?: (caller: Caller) => void
  readonly operation?: (name: string) => void
  readonly step?: (name: string, milliseconds: number) => void
  readonly outcome?: (outcome: LabOutcome) => void
  /** Asked when all effects of the answer have been waited for. Undefined: as it is. */
  readonly rewrite?: (answer: LabAnswer) => Promise<Rewritten | undefined> | Rewritten | undefined
  /** The answer as it goes out. */
  readonly answered?: (answer: LabAnswer) => void
  /** Told once, last: also when the client went away, or the lab let nothing be answered. `faults` are all that fired, in order. */
  readonly ended?: (end: { readonly faults: readonly string[] }) => void
}

/** A control that has to do with exchanges: the faults, the journal. A node has them in this order: what the last one sees is what travels. */
export interface LabControl {
  /** The state that counts from now on. @returns whether it has to do with exchanges at all as long as it counts */
  readonly follow: (state: LabState) => boolean
  /** Undefined: it has nothing to do with this one. */
  readonly begin: (request: LabRequest) => ControlledExchange | undefined
}

/** What the exchange itself has of the lab: all controls as one. */
export type LabExchange = Required<Omit<ControlledExchange, 'effects' | 'rewrite' | 'ended'>> & {
  /** Whether anything may be done to it. Otherwise it is watched alone: nothing need be asked, nor waited for. */
  readonly mayAct: boolean
  readonly effects: (point: LabPoint) => Promise<readonly FiredEffect[]>
  /** The answer as it is to travel: in the end it names in `X-Lab` the faults that fired. */
  readonly rewrite: (answer: LabAnswer) => Promise<LabAnswer>
  readonly ended: () => void
}

/** @param parts in order of the controls */
export function labExchange(parts: readonly ControlledExchange[]): LabExchange {
  const [only] = parts
  return only !== undefined && parts.length === 1 && !acts(only) ? new WatchedOnly(only) : allOf(parts)
}

function acts({ effects, rewrite }: ControlledExchange): boolean {
  return effects !== undefined || rewrite !== undefined
}

/** As it mostly is, with a journal and no fault: there is one for each request, so that it is made of nothing. */
class WatchedOnly implements LabExchange {
  readonly mayAct = false
  readonly #part: ControlledExchange
  #over = false
  constructor(part: ControlledExchange) {
    this.#part = part
  }
  received(body: unknown, sent?: Uint8Array): void {
    this.#part.received?.(body, sent)
  }
  signedIn(caller: Caller): void {
    this.#part.signedIn?.(caller)
  }
  operation(name: string): void {
    this.#part.operation?.(name)
  }
  step(name: string, milliseconds: number): void {
    this.#part.step?.(name, milliseconds)
  }
  outcome(outcome: LabOutcome): void {
    this.#part.outcome?.(outcome)
  }
  answered(answer: LabAnswer): void {
    this.#part.answered?.(answer)
  }
  ended(): void {
    if (this.#over) return
    this.#over = true
    this.#part.ended?.({ faults: [] })
  }
  async effects(): Promise<readonly FiredEffect[]> {
    return []
  }
  async rewrite(answer: LabAnswer): Promise<LabAnswer> {
    return answer
  }
}

function allOf(parts: readonly ControlledExchange[]): LabExchange {
  const faults: string[] = []
  const fired = (fault: string): void => {
    if (!faults.includes(fault)) faults.push(fault)
  }
  const toAll = (tell: (part: ControlledExchange) => void): void => {
    for (const part of parts) tell(part)
  }
  let over = false
  return {
    mayAct: parts.some(acts),
    effects: async (point) => {
      const effects: FiredEffect[] = []
      for (const part of parts) effects.push(...((await part.effects?.(point)) ?? []))
      for (const { fault } of effects) fired(fault)
      return effects
    },
    received: (body, sent) => toAll((part) => part.received?.(body, sent)),
    signedIn: (caller) => toAll((part) => part.signedIn?.(caller)),
    operation: (name) => toAll((part) => part.operation?.(name)),
    step: (name, milliseconds) => toAll((part) => part.step?.(name, milliseconds)),
    outcome: (outcome) => toAll((part) => part.outcome?.(outcome)),
    rewrite: async (given) => {
      let answer = given
      for (const part of parts) {
        const rewritten = await part.rewrite?.(answer)
        if (rewritten === undefined) continue
        fired(rewritten.fault)
        answer = rewritten.answer
      }
      if (faults.length === 0) return answer
      return { ...answer, headers: { ...answer.headers, 'x-lab': alsoNamed(answer.headers['x-lab'], faults) } }
    },
    answered: (answer) => toAll((part) => part.answered?.(answer)),
    ended: () => {
      if (over) return
      over = true
      toAll((part) => part.ended?.({ faults }))
    },
  }
}

/** `fault=NAME, fault=OTHER, server=slow` */
export function labHeader(faults: readonly string[]): string {
  return faults.map((name) => (name.includes('=') ? name : `fault=${name}`)).join(', ')
}

/** What touched the answer outside of its exchange has said so before. */
function alsoNamed(before: unknown, faults: readonly string[]): string {
  const named = typeof before === 'string' ? before.split(', ') : []
  return [...new Set([...named, ...labHeader(faults).split(', ')])].join(', ')
}
