/** The journal as a control of the lab: it watches each exchange of a node, changes nothing, and keeps what there is of it. */
import type { Clock } from '../../effects.js'
import { exceptions, RmsException } from '../../exceptions.js'
import type { Caller } from '../../identity/caller.js'
import { RestException } from '../../rest-exceptions.js'
import { SoapProblem } from '../../soap/soap-problem.js'
import { realClock, type ClockSetting } from '../clock-setting.js'
import type { ControlledExchange, LabAnswer, LabControl, LabOutcome, LabRefusal, LabRequest } from '../exchange.js'
import type { Given } from './arena.js'
import { pathOf } from './decision.js'
import type { Ended, Refused, StepTime } from './exchange.js'
import type { NodeJournal } from './node-journal.js'

export interface JournalControlOptions {
  readonly journal: Pick<NodeJournal, 'add'>
  /** Of the machine. */
  readonly clock: Clock
}

export function journalControl({ journal, clock }: JournalControlOptions): LabControl {
  let setting = realClock
  return {
    follow: (state) => {
      setting = state.clock
      return true
    },
    begin: (request) => new Watched(request, journal, clock, setting),
  }
}

/** A class, because one is made for each request: its functions are made once. */
class Watched implements ControlledExchange {
  readonly #request: LabRequest
  readonly #journal: JournalControlOptions['journal']
  readonly #clock: Clock
  readonly #setting: ClockSetting
  readonly #began: number
  readonly #steps: StepTime[] = []
  #body: Given
  #caller: Caller | undefined
  #operation: string | undefined
  #outcome: LabOutcome | undefined
  #isKept = false

  constructor(request: LabRequest, journal: JournalControlOptions['journal'], clock: Clock, setting: ClockSetting) {
    this.#request = request
    this.#journal = journal
    this.#clock = clock
    this.#setting = setting
    this.#began = clock.monotonic()
  }

  received(given: unknown, sent?: Uint8Array): void {
    this.#body = sent ?? bodyOf(given)
  }

  signedIn(caller: Caller): void {
    this.#caller = caller
  }

  operation(name: string): void {
    this.#operation = name
  }

  step(step: string, milliseconds: number): void {
    this.#steps.push({ step, milliseconds })
  }

  outcome(outcome: LabOutcome): void {
    this.#outcome = outcome
  }

  /** Whoever has the answer finds the entry: it does not wait until the connection has taken all of it. */
  answered(answer: LabAnswer): void {
    this.#keep(answer, firedBy(answer))
  }

  ended({ faults }: { readonly faults: readonly string[] }): void {
    this.#keep(undefined, faults)
  }

  #keep(answer: LabAnswer | undefined, faults: readonly string[]): void {
    if (this.#isKept) return
    this.#isKept = true
    const request = this.#request
    const caller = this.#caller
    const outcome = this.#outcome
    const ended: Ended = {
      requestId: request.id,
      clientRequestId: clientIdOf(request),
      time: request.time,
      ended: this.#clock.now().getTime(),
      milliseconds: this.#clock.monotonic() - this.#began,
      clock: this.#setting,
      listener: request.listener,
      operation: outcome?.operation ?? this.#operation ?? `${request.method} ${pathOf(request.url)}`,
      user: caller?.account?.name ?? '',
      addresses: addressesOf(caller, outcome),
      request: requestOf(request),
      answer: answerOf(answer),
      steps: this.#steps,
      failed: outcome?.refusal !== undefined,
      refusals: refusalsOf(outcome),
      faults,
      metadata: outcome?.metadata ?? nothing,
      warnings: outcome?.warnings ?? none,
    }
    this.#journal.add(ended, this.#body, answer?.body)
  }
}

const nothing = {} as const

/** They stand in its X-Lab. */
function firedBy({ headers }: LabAnswer): readonly string[] {
  const named = headers['x-lab']
  return typeof named === 'string' ? named.split(', ').map((name) => name.replace(/^fault=/, '')) : none
}

function clientIdOf({ headers }: LabRequest): string | undefined {
  const id = headers['x-request-id'] ?? headers['x-ms-rms-request-id']
  return typeof id === 'string' ? id.slice(0, 200) : undefined
}

function addressesOf(caller: Caller | undefined, outcome: LabOutcome | undefined): readonly string[] {
  const [own, other] = [caller?.account?.mail, outcome?.userAddress]
  if (own === undefined) return other ? [other] : []
  return other && other !== own ? [own, other] : [own]
}

function requestOf({ method, url, httpVersion, rawHeaders, origin }: LabRequest): Ended['request'] {
  return { method, url: origin + url, httpVersion, headers: rawHeaders }
}

/** What is no text and no octets was JSON: who reads it gets it as it was understood. */
function bodyOf(given: unknown): Given {
  if (given === undefined || given === null) return undefined
  return typeof given === 'string' || given instanceof Uint8Array ? given : JSON.stringify(given)
}

function answerOf(answer: LabAnswer | undefined): Ended['answer'] {
  return answer === undefined ? { status: 0, headers: {} } : { status: answer.status, headers: answer.headers }
}

function refusalsOf(outcome: LabOutcome | undefined): readonly Refused[] {
  if (outcome === undefined) return none
  const { refusal, refusals: items = none } = outcome
  return refusal === undefined && items.length === 0
    ? none
    : [...(refusal === undefined ? [] : [refusal]), ...items].map(refusedBy)
}

const none = [] as const

function refusedBy({ error, step, why }: LabRefusal): Refused {
  if (error instanceof RmsException)
    return { step, exception: error.fullName, rule: exceptions[error.key].message, why: error.why, facts: error.facts }
  if (error instanceof RestException)
    return { step, exception: error.fullName, rule: error.message, why: error.why, facts: error.facts }
  if (error instanceof SoapProblem)
    return {
      step,
      exception: `soap:${error.code}`,
      rule: 'the message is one of SOAP',
      why: error.message,
      facts: error.facts,
    }
  return {
    step: step ?? 'sign in',
    exception: '401',
    rule: 'who calls has signed in, and is admitted',
    why: withoutStatus(why),
    facts: undefined,
  }
}

/** The request log has the status before the reason. */
function withoutStatus(why: string): string {
  return why.replace(/^401: /, '')
}
