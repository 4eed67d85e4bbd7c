/** The REST services of a node, below /my/v1 and /my/v2: every answer with a body is JSON, refusals are an object with Code and Message (rest-mde 3, 8). */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { FastifyValidationResult } from 'fastify/types/schema.js'
import { RequestLogClosed, RequestLogFull } from '../cluster/request-log.js'
import { DatabaseAway } from '../cluster/store/database-away.js'
import { restExceptions, type RestExceptionKey } from '../rest-exceptions.js'
import { NamedTwice, withKnownNames } from '../services/rest/member-names.js'
import { restVersions, type RestOperation } from '../services/rest/operation.js'
import { refusalSchema } from '../services/rest/schemas.js'
import { NotReady, type NodeContext } from './context.js'
import { EndedByLab, endAsTold } from './lab-hooks.js'
import { jsonText } from './json-text.js'
import { answerQueueFull } from './queue-full.js'
import { refusalOf, restExchange } from './rest-exchange.js'
import { bearerSignIn } from './rest-sign-in.js'
import { restOperations } from './roles.js'
import { QueueFull } from './service-queue.js'
import type { TurnHooks } from './take-turn.js'

/** Only whoever has a token comes so far as to have a body read. */
export async function registerRest(app: FastifyInstance, context: NodeContext, turns: TurnHooks): Promise<void> {
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? validatorOf(schema as object) : () => true))
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(context, error, request, reply))
  app.setNotFoundHandler((request, reply) => refuse(request, reply, 'NotFound', 'there is no such path'))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, readJson)
  await app.register(async (scope) =>
    registerAll(
      scope,
      context,
      turns,
      restOperations.filter(({ schema, method }) => method === 'GET' || schema.body !== undefined),
    ),
  )
  await app.register(async (scope) => {
    // Logs come in any form.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined)
    registerAll(
      scope,
      context,
      turns,
      restOperations.filter(({ schema, method }) => method === 'POST' && schema.body === undefined),
    )
  })
}

/** Loaded and compiled when the first body comes: most nodes start without anybody who asks over REST. Of a promise fastify takes only a rejection. */
function validatorOf(schema: object): FastifyValidationResult {
  let making: Promise<(body: unknown) => string | undefined> | undefined
  const make = async (): Promise<(body: unknown) => string | undefined> => {
    const { Ajv } = await import('ajv')
    const ajv = new Ajv({ strict: false })
    const validate = ajv.compile(schema)
    return (body) => (validate(body) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'body' }))
  }
  const requireValid = async (body: unknown): Promise<void> => {
    const why = (await (making ??= make()))(body)
    if (why !== undefined) throw new Error(why)
  }
  return requireValid as FastifyValidationResult
}

function registerAll(
  app: FastifyInstance,
  context: NodeContext,
  turns: TurnHooks,
  operations: readonly RestOperation[],
): void {
  for (const operation of operations) {
    for (const version of restVersions) {
      const url = `/${version}${operation.path}`
      const { method } = operation
      app.route({
        method,
        url,
        attachValidation: true,
        onRequest: bearerSignIn(operation, context),
        ...turns,
        preValidation: async (request) => nameMembers(operation, request),
        schema: openApiSchemaOf(operation),
        handler: restExchange(operation, version, context),
      })
      const others = (['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const).filter((other) => other !== method)
      app.route({
        method: others,
        url,
        schema: { hide: true },
        onRequest: async (request, reply) =>
          refuse(
            request,
            reply.header('allow', method === 'GET' ? 'GET, HEAD' : method),
            'MethodNotAllowed',
            `the method is ${request.method}`,
          ),
        handler: (_request, reply) => reply,
      })
    }
  }
}

/** One place for all operations: behind it nothing looks at the case of a name. */
function nameMembers({ schema }: RestOperation, request: FastifyRequest): void {
  if (schema.body === undefined) return
  try {
    request.body = withKnownNames(schema.body, request.body)
  } catch (error) {
    throw error instanceof NamedTwice ? new BodyRefused('BadInput', error.message) : error
  }
}

function openApiSchemaOf({ name, about, schema }: RestOperation): FastifySchema {
  const { querystring, body, answer } = schema
  const refusals = Object.entries(statusTexts).map(
    ([status, description]) => [status, { ...refusalSchema, description }] as const,
  )
  return {
    tags: ['REST'],
    summary: name,
    description: about,
    security: [{ bearer: [] }],
    ...(querystring === undefined ? {} : { querystring }),
    ...(body === undefined ? {} : { body }),
    response: {
      200: answer ?? { description: 'Taken; there is no body', type: 'null' },
      ...Object.fromEntries(refusals),
    },
  }
}

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Refused; Code says why',
  401: 'No token, or one that is not accepted. WWW-Authenticate: Bearer names the sign-in service',
  413: 'The request is too large',
  415: 'The body is not JSON',
  500: 'The request could not be processed',
  502: 'A server that is needed for this does not answer',
  503: 'Not at the moment',
}

class BodyRefused extends Error {
  override readonly name = 'BodyRefused'
  readonly key: RestExceptionKey
  constructor(key: RestExceptionKey, message: string) {
    super(message)
    this.key = key
  }
}

async function readJson(request: FastifyRequest, bytes: Buffer): Promise<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new BodyRefused('UnsupportedContent', `the content encoding is "${encoding.slice(0, 40)}"`)
  const text = jsonText(request.headers['content-type'], bytes)
  request.sentBytes = bytes
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (error) {
    throw new BodyRefused('BadInput', `the body is not JSON: ${(error as Error).message.slice(0, 100)}`)
  }
}

/** Errors before the operation: bodies that cannot be taken, a server that is not ready. */
function answerError(
  context: NodeContext,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof QueueFull) return answerQueueFull(context, error, request, reply)
  if (error instanceof EndedByLab) return endAsTold(error.effect, request, reply)
  const key = keyOf(error)
  if (key === 'Unspecified') request.log.error({ err: error, path: request.url.slice(0, 200) }, 'unexpected error')
  return refuse(request, reply, key, error.message)
}

function keyOf(error: FastifyError): RestExceptionKey {
  if (error instanceof BodyRefused) return error.key
  if (
    error instanceof DatabaseAway ||
    error instanceof NotReady ||
    error instanceof RequestLogFull ||
    error instanceof RequestLogClosed
  )
    return 'Busy'
  if (error.statusCode === 413) return 'TooLarge'
  if (error.statusCode === 415) return 'UnsupportedContent'
  return (error.statusCode ?? 500) < 500 ? 'BadInput' : 'Unspecified'
}

function refuse(request: FastifyRequest, reply: FastifyReply, key: RestExceptionKey, why: string): FastifyReply {
  const { status } = restExceptions[key]
  request.log.info({ path: request.url.slice(0, 200), status, why: `${restExceptions[key].code}: ${why}` }, 'refused')
  return reply.code(status).header('cache-control', 'no-store').send(refusalOf(key))
}
