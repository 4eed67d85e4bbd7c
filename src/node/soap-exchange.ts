/** One SOAP exchange: from the text of a request to the text of the answer or fault, with its record in the request log. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RmsException } from '../exceptions.js'
import type { LabRefusal } from '../lab/exchange.js'
import type { RestException } from '../rest-exceptions.js'
import type { Call, Notes, Operation } from '../services/context.js'
import { stepOf } from '../services/steps.js'
import { findOperation, requestedAction } from '../soap/dispatch.js'
import {
  contentType,
  openEnvelope,
  requireUnderstood,
  versionOfContentType,
  writeEnvelope,
  type SoapEnvelope,
} from '../soap/envelope.js'
import { faultStatus, writeFault } from '../soap/fault.js'
import { readParameters, type Leniency } from '../soap/parameters.js'
import { SoapProblem, type SoapVersion } from '../soap/soap-problem.js'
import { plainVersions, readVersionData, versionDataHeader, versionsOf } from '../soap/version-data.js'
import { emptyElement } from '../xml/read.js'
import { element } from '../xml/write.js'
import { knownElements } from '../xrml/known-documents.js'
import { randomOf, serviceContextOf, type NodeContext } from './context.js'
import { alsoObserving, beginOperation, EndedByLab, tellOutcome } from './lab-hooks.js'
import { record, type Recorded } from './request-record.js'
import type { Endpoint } from './roles.js'

type Refusal = RmsException | SoapProblem | RestException

/** What log, metrics and request log tell of an exchange. */
export interface Told {
  readonly status: number
  /** Operation, or the service when the operation was not found. */
  readonly operation: string
  readonly notes: Notes
  /** The refusal; undefined when the request succeeded. */
  readonly error?: Refusal | undefined
}

interface Outcome extends Told {
  readonly version: SoapVersion
  readonly text: string
}

export function soapExchange(endpoint: Endpoint, context: NodeContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const began = context.clock.monotonic()
    const now = context.clock.now()
    const outcome = await exchange(endpoint, context, request, { now, began })
    const milliseconds = context.clock.monotonic() - began
    await record(request, context, { ...recordedOf(`/_wmcs${endpoint.path}`, outcome, now), milliseconds })
    tell(context, request, outcome, context.clock.monotonic() - began)
    return reply.code(outcome.status).type(contentType(outcome.version)).send(outcome.text)
  }
}

async function exchange(
  endpoint: Endpoint,
  context: NodeContext,
  request: FastifyRequest,
  times: Pick<Call, 'now' | 'began'>,
): Promise<Outcome> {
  const assumed = versionOfContentType(request.headers['content-type']) ?? '1.1'
  const notes: Notes = { metadata: {}, issued: [], received: [] }
  let name = endpoint.service.name
  let version = assumed
  try {
    const message = openEnvelope(typeof request.body === 'string' ? request.body : '', assumed, knownElements())
    version = message.version
    requireUnderstood(message, endpoint.service.namespace)
    const operation = operationOf(endpoint, message, request)
    name = operation.name
    const { lab } = request
    const state = lab === undefined ? context.state() : await beginOperation(lab, name, request, context)
    const text = await perform(endpoint, operation, message, {
      node: context,
      state,
      request,
      ...times,
      notes,
    })
    return { version, status: 200, text, operation: name, notes }
  } catch (error) {
    if (error instanceof EndedByLab) throw error
    const told = toldError(error, request, name)
    // Header and envelope of the answer are in one version, also where the request could not be read to its end.
    const answered = told instanceof SoapProblem ? told.version : version
    return {
      version: answered,
      status: faultStatus(told),
      text: writeFault(answered, told),
      operation: name,
      notes,
      error: told,
    }
  }
}

function operationOf(endpoint: Endpoint, message: SoapEnvelope, request: FastifyRequest): Operation {
  const { name } = findOperation(endpoint.service, message, requestedAction(request.headers))
  const operation = endpoint.operations.find((candidate) => candidate.name === name)
  if (operation === undefined)
    throw new SoapProblem('Client', `${name} is not served at this address.`, message.version)
  return operation
}

type Surroundings = Pick<Call, 'state' | 'now' | 'began' | 'notes'> & {
  readonly node: NodeContext
  readonly request: FastifyRequest
}

async function perform(
  { service }: Endpoint,
  operation: Operation,
  message: SoapEnvelope,
  { node, state, request: asked, now, began, notes }: Surroundings,
): Promise<string> {
  const { namespace } = service
  const { versionData, name, request: members } = operation.description
  const { profile } = node
  const reading = {
    namespace,
    version: message.version,
    profile,
    onForeign: foreignNoted(notes),
    onLenient: (what: Leniency) => void (notes.warnings = [...(notes.warnings ?? []), what]),
  }
  const request = readParameters(message.body ?? emptyElement(name, namespace), members, reading)
  const versions = versionData ? readVersionData(message, reading) : plainVersions
  const observer = alsoObserving(asked, node.metrics.stepObserver(name))
  const random = node.draws.isSeeded ? await randomOf(node, name, asked.caller.account?.sid) : node.random
  const context = serviceContextOf(node, asked.directory, random)
  const answer = await operation.handle({
    context,
    state,
    now,
    began,
    caller: asked.caller,
    request,
    versions,
    notes,
    observer,
  })
  const header = versionData ? versionDataHeader(namespace, versionsOf(profile)) : undefined
  return writeEnvelope(message.version, header, element(`${name}Response`, { xmlns: namespace }, answer))
}

/** Enough to find the mistake. */
const mostNoted = 10

function foreignNoted(notes: Notes): (parameter: string) => void {
  return (parameter) => {
    const before = (notes.metadata[foreignParameters] as readonly string[] | undefined) ?? []
    if (before.length < mostNoted && !before.includes(parameter))
      notes.metadata[foreignParameters] = [...before, parameter]
  }
}

/** In the request log. */
const foreignParameters = 'windowsWouldNotSee'

/** What the client is told. Anything unforeseen is logged whole and told as nothing but "could not be processed". */
function toldError(error: unknown, request: FastifyRequest, operation: string): RmsException | SoapProblem {
  if (error instanceof RmsException || error instanceof SoapProblem) return error
  request.log.error({ err: error, operation, step: stepOf(error) }, 'unexpected error')
  return new RmsException('UnspecifiedError', `unexpected: ${error instanceof Error ? error.message : String(error)}`)
}

function reasonOf(error: Refusal): string {
  return error instanceof SoapProblem ? `soap:${error.code}` : error.fullName
}

function refusalOf(error: Refusal): LabRefusal {
  return { error, step: stepOf(error), why: explanationOf(error) }
}

/** The log line and the request log say the same of a refusal: what, where, why. */
function explanationOf(error: Refusal): string {
  if (error instanceof SoapProblem) return `soap:${error.code}: ${error.message}`
  const step = stepOf(error)
  return `${error.fullName}${step === undefined ? '' : ` at step "${step}"`}: ${error.why}`
}

export function recordedOf(path: string, { operation, notes, error }: Told, now: Date): Recorded {
  return { path, operation, notes, error: error && explanationOf(error), now }
}

/** Metrics, and a line in the log. */
export function tell(
  context: NodeContext,
  request: FastifyRequest,
  { operation, error, status, notes }: Told,
  milliseconds: number,
): void {
  const { log, caller } = request
  tellOutcome(request, () => ({ operation, ...notes, refusal: error && refusalOf(error) }))
  context.metrics.count(operation, milliseconds / 1000, error === undefined ? undefined : reasonOf(error))
  const facts = { operation, user: caller.account?.name, ms: Math.round(milliseconds * 10) / 10 }
  const foreign = notes.metadata[foreignParameters]
  if (foreign !== undefined) tellForeign(context, log, operation, foreign)
  for (const what of notes.warnings ?? []) context.metrics.lenient(operation, what)
  if (error === undefined) log.info({ ...facts, ...refusedItems(notes) }, 'served')
  else log.info({ ...facts, status, why: explanationOf(error) }, 'refused')
}

/** Of a request for several licenses that was answered, and not for everybody with one. */
function refusedItems({ metadata: { refused, requests } }: Notes): { readonly why?: string } {
  if (!Array.isArray(refused)) return {}
  return { why: `${refused.length} of ${String(requests)} refused: ${String(refused[0])}` }
}

/** The mistake that clients make most easily, and that shows on Windows alone. */
function tellForeign(
  context: NodeContext,
  log: FastifyRequest['log'],
  operation: string,
  parameters: Notes['metadata'][string],
): void {
  const fate = context.profile.foreignParameters
  context.metrics.foreignParameters(operation, fate)
  log.warn({ operation, parameters, fate }, 'Windows would not see this parameter')
}
