/** One REST exchange: from a JSON body to the JSON answer or refusal, with its record in the request log. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseAway } from '../cluster/store/database-away.js'
import { RmsException, type ExceptionKey } from '../exceptions.js'
import { RestException, restExceptions, type RestExceptionKey } from '../rest-exceptions.js'
import type { Notes } from '../services/context.js'
import { originOf } from '../services/rest/addresses.js'
import type { RestAnswer, RestCall, RestOperation, RestVersion } from '../services/rest/operation.js'
import { stepOf } from '../services/steps.js'
import { randomOf, serviceContextOf, type NodeContext } from './context.js'
import { alsoObserving, beginOperation, EndedByLab } from './lab-hooks.js'
import { record } from './request-record.js'
import { recordedOf, tell, type Told } from './soap-exchange.js'

export function restExchange(operation: RestOperation, version: RestVersion, context: NodeContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const began = context.clock.monotonic()
    const now = context.clock.now()
    const notes: Notes = { metadata: correlationOf(request), issued: [], received: [] }
    const outcome = await perform(operation, version, context, request, { now, began, notes })
    const milliseconds = context.clock.monotonic() - began
    await record(request, context, { ...recordedOf(`/my/${version}${operation.path}`, outcome, now), milliseconds })
    tell(context, request, outcome, context.clock.monotonic() - began)
    reply.code(outcome.status).header('cache-control', 'no-store')
    return outcome.answer === undefined ? reply.send() : reply.send(outcome.answer)
  }
}

/** The client's own name for the request: with it its log and ours are put together. */
function correlationOf({ headers }: FastifyRequest): Record<string, string> {
  const id = headers['x-ms-rms-request-id']
  return id === undefined ? {} : { requestId: String(id).slice(0, 200) }
}

type Around = Pick<RestCall, 'now' | 'began' | 'notes'>

interface Outcome extends Told {
  readonly answer: object | undefined
}

async function perform(
  operation: RestOperation,
  version: RestVersion,
  context: NodeContext,
  request: FastifyRequest,
  around: Around,
): Promise<Outcome> {
  const { name } = operation
  try {
    const { answer, denied } = await call(operation, version, context, request, around)
    return { status: 200, answer, operation: name, notes: around.notes, error: denied }
  } catch (error) {
    if (error instanceof EndedByLab) throw error
    const told = toldError(error, request, name)
    const key = told instanceof RestException ? told.key : keyOf(told.key)
    return {
      status: restExceptions[key].status,
      answer: refusalOf(key),
      operation: name,
      notes: around.notes,
      error: told,
    }
  }
}

async function call(
  operation: RestOperation,
  version: RestVersion,
  context: NodeContext,
  request: FastifyRequest,
  around: Around,
): Promise<RestAnswer> {
  if (request.validationError !== undefined) throw new RestException('BadInput', request.validationError.message)
  const { lab } = request
  const state = lab === undefined ? context.state() : await beginOperation(lab, operation.name, request, context)
  const { account } = request.caller
  // The hook before lets nobody through without one.
  if (account === undefined) throw new RestException('Unauthorized', 'there is no account')
  const random = context.draws.isSeeded ? await randomOf(context, operation.name, account.sid) : context.random
  const { 'accept-language': languages = '', 'x-ms-rms-platform-id': platform = '' } = request.headers
  return operation.handle({
    ...around,
    context: serviceContextOf(context, request.directory, random),
    state,
    account,
    version,
    origin: originOf(state.configuration, request.asked.host ?? ''),
    query: textsIn(request.query),
    body: request.body,
    languages,
    platform: String(platform),
    observer: alsoObserving(request, context.metrics.stepObserver(operation.name)),
  })
}

/** The first of several values; the names of parameters in lower case. */
function textsIn(query: unknown): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(query as Readonly<Record<string, string | readonly string[] | undefined>>)
  return Object.fromEntries(
    entries.map(([name, value]) => [name.toLowerCase(), typeof value === 'object' ? value[0] : value]),
  )
}

export function refusalOf(key: RestExceptionKey): { readonly Code: string; readonly Message: string } {
  const { code, message } = restExceptions[key]
  return { Code: code, Message: message }
}

/** What REST says for an exception of the steps that it shares with SOAP. What is wrong in a license is the client's input, whatever it is. */
function keyOf(key: ExceptionKey): RestExceptionKey {
  return sameOverRest[key] ?? 'BadInput'
}

const sameOverRest: Readonly<Partial<Record<ExceptionKey, RestExceptionKey>>> = {
  ClusterDecommissioned: 'ServiceDisabled',
  OnlinePublishingDisabled: 'ServiceDisabled',
  ADEntrySearchFailed: 'NotSignedUp',
  VerifyEmailAddressFailed: 'NotSignedUp',
  AcquirePreLicenseInvalidLicensee: 'NotSignedUp',
}

/** Anything unforeseen is logged whole and told as nothing but "could not be processed". */
function toldError(error: unknown, request: FastifyRequest, operation: string): RmsException | RestException {
  if (error instanceof RmsException || error instanceof RestException) return error
  if (error instanceof DatabaseAway) return new RestException('Busy', error.message)
  request.log.error({ err: error, operation, step: stepOf(error) }, 'unexpected error')
  return new RestException('Unspecified', `unexpected: ${error instanceof Error ? error.message : String(error)}`)
}
