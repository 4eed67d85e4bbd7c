/** The faults of a node: of each exchange they are asked whether one of them strikes, and what is to become of it then. */
import type { Timers } from '../../effects.js'
import { RmsException } from '../../exceptions.js'
import { anonymousCaller } from '../../identity/caller.js'
import { RestException } from '../../rest-exceptions.js'
import type { ControlledExchange, FiredEffect, LabControl, LabEffect, LabRequest } from '../exchange.js'
import { askedByHeader, refusedHeader } from './asked-by-header.js'
import { issuingBadly } from './bad-document.js'
import { delayOf, endsAnswer, type Effect } from './effect.js'
import { operationsWith } from './document-fault.js'
import { readInstalled, type NamedFault } from './installed.js'
import { matches, type Seen } from './match.js'
import { namedIn } from './named-guid.js'
import { drawn, isInForce, strikes } from './when.js'

export interface FaultParts {
  readonly timers: Timers
  /** Counts the request for the fault across all nodes. @returns 1 for the first one */
  readonly count: (fault: NamedFault) => Promise<number>
  /** Told of every request that a fault touched. */
  readonly onStrike: (name: string) => void
  /** Whether a request may ask for a fault by X-Lab-Fault. */
  readonly headerFaults: boolean
}

/** Milliseconds after which a request is answered all the same. */
export const longestHang = 600_000

export function faultControl(parts: FaultParts): LabControl {
  let faults: readonly NamedFault[] = []
  const waits = new Set<Wait>()
  return {
    follow: (state) => {
      faults = readInstalled(state.faults)
      for (const wait of waits) if (!faults.some((fault) => isSame(fault, wait.fault))) wait.end()
      return faults.length > 0 || parts.headerFaults
    },
    begin: (request) => {
      const asked = parts.headerFaults ? askedByHeader(request.headers, faults) : []
      if (typeof asked === 'string') return { effects: (point) => (point === 'request' ? [refusedHeader(asked)] : []) }
      if (faults.length === 0 && asked.length === 0) return undefined
      return exchangeOf(request, faults, asked, { ...parts, waits })
    },
  }
}

/** A request that is not answered. */
interface Wait {
  readonly fault: NamedFault
  readonly end: () => void
}

type Around = FaultParts & { readonly waits: Set<Wait> }

function isSame(one: NamedFault, other: NamedFault): boolean {
  return one.name === other.name && one.since === other.since
}

/** @param asked those that the request asks for: they strike, whatever they match */
function exchangeOf(
  request: LabRequest,
  faults: readonly NamedFault[],
  asked: readonly NamedFault[],
  around: Around,
): ControlledExchange {
  let body: unknown
  let caller = anonymousCaller
  let operation = ''
  const atAnswer: FiredEffect[] = []

  const seen = (): Seen => ({
    cluster: request.cluster,
    node: request.node,
    listener: request.listener,
    endpoint: request.endpoint.replace(/^\/_wmcs/i, ''),
    operation,
    account: caller.account,
    userAgent: request.headers['user-agent'] ?? '',
    names: namedIn(body),
  })

  /** In order of their names; behind one that ends the answer nobody is asked, or counted. */
  const atOperation = async (): Promise<readonly FiredEffect[]> => {
    const effects: FiredEffect[] = []
    const facts = seen()
    const byName = [...faults, ...asked.filter((fault) => !faults.includes(fault))].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )
    for (const fault of byName) {
      const isAsked = asked.includes(fault)
      if (
        !suits(fault.effect, facts) ||
        !(isAsked || (matches(fault.match, facts) && isInForce(fault.when, request.time)))
      )
        continue
      const ordinal = await around.count(fault)
      const draw = (purpose: string): number => drawn(fault.seed, fault.name, ordinal, purpose)
      if (!isAsked && !strikes(fault.when, ordinal, () => draw('chance'))) continue
      around.onStrike(fault.name)
      const fired = { fault: fault.name, effect: effectOf(fault, draw, around) }
      if (fired.effect.kind === 'truncate') atAnswer.push(fired)
      else effects.push(fired)
      if (endsAnswer(fault.effect)) break
    }
    return effects
  }

  return {
    received: (received) => {
      body = received
    },
    signedIn: (signedIn) => {
      caller = signedIn
    },
    operation: (name) => {
      operation = name
    },
    effects: (point) => {
      if (point === 'operation') return atOperation()
      return point === 'answer' ? atAnswer : []
    },
  }
}

/** Whether the answer can have that effect at all. */
function suits(effect: Effect, { operation, endpoint }: Seen): boolean {
  if ('code' in effect) return endpoint.startsWith('/my/')
  // The sign-in service speaks OAuth, which has no exceptions of RMS.
  if ('exception' in effect) return !operation.startsWith('OAuth')
  return !('document' in effect) || operationsWith(effect.document).includes(operation)
}

function effectOf(fault: NamedFault, draw: (purpose: string) => number, around: Around): LabEffect {
  const { effect, name } = fault
  const why = `the fault "${name}" of the lab`
  if ('exception' in effect) return { kind: 'refuse', error: new RmsException(effect.exception, why) }
  if ('code' in effect) return { kind: 'refuse', error: new RestException(effect.code, why) }
  if ('delay' in effect) return { kind: 'delay', milliseconds: delayOf(effect.delay, draw) }
  if ('reset' in effect) return { kind: 'reset' }
  if ('truncate' in effect) return { kind: 'truncate', bytes: effect.truncate }
  if ('hang' in effect) return { kind: 'hang', ends: endOf(fault, around) }
  if ('document' in effect)
    return { kind: 'issue', with: (good, workshop) => issuingBadly(effect.document, good, workshop) }
  const challenge = effect.challenge === undefined ? {} : { 'www-authenticate': effect.challenge }
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...challenge }
  return { kind: 'answer', answer: { status: effect.http, headers, body: `${effect.http}: ${why} says so.\n` } }
}

/** Aborted when the fault is gone, or after the longest time. */
function endOf(fault: NamedFault, { waits, timers }: Around): AbortSignal {
  const ended = new AbortController()
  const end = (): void => {
    timer.stop()
    waits.delete(wait)
    ended.abort()
  }
  const timer = timers.after(longestHang, end)
  timer.unref()
  const wait: Wait = { fault, end }
  waits.add(wait)
  return ended.signal
}
