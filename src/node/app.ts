/** A Fastify instance from role and context. What listens, and when it ends, is the process's business (start.ts). */
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import Fastify, { LogController, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { RequestLogClosed, RequestLogFull } from '../cluster/request-log.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { TlsIdentity } from '../crypto/lab-ca.js'
import { anonymousCaller } from '../identity/caller.js'
import { writeHelpPage } from '../soap/help-page.js'
import { writeWsdl } from '../soap/wsdl.js'
import type { NodeContext } from './context.js'
import { NotReady } from './context.js'
import { openApiOptions, openApiSchema } from './openapi.js'
import { roles, type Endpoint } from './roles.js'
import { signIn } from './sign-in.js'
import { acceptSoapBodies, BodyRefused } from './soap-body.js'
import { requestIds, soapExchange } from './soap-exchange.js'

export interface AppOptions {
  readonly kind: ClusterKind
  readonly bodyLimit: number
  /** Milliseconds for a whole request to arrive. */
  readonly requestTimeout: number
  /** Serves https with these. */
  readonly tls?: TlsIdentity | undefined
}

export async function buildApp(context: NodeContext, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: context.log,
    ...(options.tls === undefined ? {} : { https: { ...options.tls, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } }),
    // One line per exchange is written where its outcome is known.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit,
    requestTimeout: options.requestTimeout,
    connectionTimeout: 2 * options.requestTimeout,
    keepAliveTimeout: 65_000,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 200 },
    forceCloseConnections: 'idle',
    // The messages are text: the schemas describe them, they do not validate.
    ajv: { customOptions: { strict: false } },
  }) as unknown as FastifyInstance
  app.decorateRequest('caller')
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => (typeof data === 'string' ? data : JSON.stringify(data)))
  app.addHook('onRequest', async (request, reply) => {
    request.caller = anonymousCaller
    reply.header('x-served-by', context.nodeId)
  })
  app.addHook('onRequestAbort', async (request) => {
    context.log.info({ path: request.url.slice(0, 200), why: 'the client went away' }, 'refused')
  })
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(context, error, request, reply))
  app.setNotFoundHandler((request, reply) => answerNotFound(context, request, reply))

  await app.register(fastifySwagger, openApiOptions(options.kind))
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.register(async (scope) => registerHealth(scope, context))
  await app.register(async (scope) => registerServices(scope, context, options))
  return app
}

/** Nobody without an account makes the server parse more than this. What is served to them needs no XrML chains. */
const anonymousBodyLimit = 64 * 1024

async function registerServices(app: FastifyInstance, context: NodeContext, { kind, bodyLimit }: AppOptions): Promise<void> {
  acceptSoapBodies(app)
  const nextId = requestIds(context.clock.now())
  for (const endpoint of roles[kind]) {
    const limit = endpoint.anonymous ? Math.min(bodyLimit, anonymousBodyLimit) : bodyLimit
    for (const path of [endpoint.path, ...endpoint.aliases]) {
      const url = `/_wmcs${path}`
      const hide = path !== endpoint.path
      app.post(url, { bodyLimit: limit, onRequest: signIn(endpoint, context), schema: openApiSchema(endpoint, hide) }, soapExchange(endpoint, context, nextId))
      app.get(url, { schema: { hide: true } }, async (request, reply) => answerPage(endpoint, url, request, reply))
      app.route({ method: ['PUT', 'DELETE', 'PATCH', 'OPTIONS'], url, schema: { hide: true }, handler: (request, reply) => answerWrongMethod(context, request, reply) })
    }
  }
}

/** The WSDL for `?wsdl` in any case, the help page otherwise; both without signing in, as most clients fetch them. */
async function answerPage({ service }: Endpoint, path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  // TLS may end at a balancer.
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : request.protocol
  const address = `${scheme}://${hostOf(request)}${path}`
  const query = request.query as Readonly<Record<string, string | undefined>>
  const wantsWsdl = Object.keys(query).some((name) => name.toLowerCase() === 'wsdl')
  if (wantsWsdl) return reply.type('text/xml; charset=utf-8').send(writeWsdl(service, address))
  return reply.type('text/html; charset=utf-8').send(writeHelpPage(service, address, query.op))
}

/** The host the client used; a header that is none is not repeated. */
function hostOf(request: FastifyRequest): string {
  const { host } = request
  return /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host) ? host : `${request.socket.localAddress ?? 'localhost'}:${request.socket.localPort ?? 80}`
}

async function answerWrongMethod(context: NodeContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  context.log.info({ path: request.url.slice(0, 200), status: 405, why: `the method is ${request.method}` }, 'refused')
  const text = `${request.method} is not supported here: POST a SOAP message, or GET with ?wsdl\n`
  return reply.code(405).header('allow', 'GET, HEAD, POST').type('text/plain; charset=utf-8').send(text)
}

async function registerHealth(app: FastifyInstance, context: NodeContext): Promise<void> {
  app.get('/healthz', { schema: { tags: ['health'], summary: 'Whether the process lives' } }, async () => ({ status: 'ok' }))
  app.get('/readyz', { schema: { tags: ['health'], summary: 'Whether the node can serve' } }, async (_request, reply) => {
    const ready = context.isReady()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'starting', node: context.nodeId })
  })
  app.get('/metrics', { schema: { tags: ['health'], summary: 'Counters and times, in the Prometheus text format' } }, async (_request, reply) =>
    reply.type(context.metrics.registry.contentType).send(await context.metrics.registry.metrics()),
  )
}

function answerNotFound(context: NodeContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  context.log.info({ path: request.url.slice(0, 200), status: 404, why: 'there is no such path' }, 'refused')
  return reply.code(404).type('text/plain; charset=utf-8').send('There is nothing at this path. The services are below /_wmcs, see /docs.\n')
}

/** Errors before SOAP: bodies that cannot be taken. The client learns what to change, and nothing from the inside. */
function answerError(context: NodeContext, error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isUnrecorded = error instanceof RequestLogFull || error instanceof RequestLogClosed
  const status = error instanceof NotReady || isUnrecorded ? 503 : (error.statusCode ?? 500)
  const isOurs = error instanceof BodyRefused || error instanceof NotReady
  const text = isOurs ? error.message : (messages[status] ?? (status < 500 ? 'The request cannot be taken.' : 'The server could not process the request.'))
  const facts = { path: request.url.slice(0, 200), status, why: error.message }
  if (status >= 500 && !(error instanceof NotReady)) context.log.error({ ...facts, err: error }, 'unexpected error')
  else context.log.info(facts, 'refused')
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}

const messages: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  413: 'The request is larger than this server takes.',
  503: 'The server cannot take requests at the moment: try again later.',
  415: 'The content type is not supported: send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).',
}
