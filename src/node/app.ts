/** A Fastify instance from role and context. What listens, and when it ends, is the process's business (start.ts). */
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { RequestLogClosed, RequestLogFull } from '../cluster/request-log.js'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { DatabaseAway } from '../cluster/store/database-away.js'
import { DirectoryAway } from '../cluster/store/outage.js'
import type { TlsIdentity } from '../crypto/lab-ca.js'
import { RmsException } from '../exceptions.js'
import { defaultHeaderLimit, headerMargin } from '../http/header-limit.js'
import { scopedPath } from '../http/scoped-path.js'
import { registerBrowserPaths } from '../http/browser-paths.js'
import { requestIds } from '../http/request-ids.js'
import { anonymousCaller } from '../identity/caller.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'
import { inForest } from '../directory/forest.js'
import { seedForest } from '../directory/seed.js'
import { contentType, versionOfContentType } from '../soap/envelope.js'
import { faultStatus, writeFault } from '../soap/fault.js'
import { writeDisco } from '../soap/disco.js'
import { writeHelpPage } from '../soap/help-page.js'
import { writeWsdl } from '../soap/wsdl.js'
import { askedSite, prefixOf, readAsked } from './asked.js'
import { registerBinaryGroupExpansion } from './binary-group-expansion.js'
import type { NodeContext } from './context.js'
import { NotReady } from './context.js'
import { describing, registerDocumentation } from './documentation.js'
import { registerConfig } from './config-routes.js'
import { registerDocuments } from './document-routes.js'
import { canHold } from './held-sockets.js'
import { nameRequest, onHttpServer, type PassOn } from './http-server.js'
import { writeIndexPage } from './index-page.js'
import { EndedByLab, endAsTold, followExchanges, tellUnrouted } from './lab-hooks.js'
import { registerJournal } from './journal-routes.js'
import { registerLab } from './lab-routes.js'
import { registerOAuth } from './oauth-routes.js'
import { openApiSchema } from './openapi.js'
import { answerQueueFull } from './queue-full.js'
import { registerRest } from './rest-routes.js'
import { roles, type Endpoint } from './roles.js'
import { signIn } from './sign-in.js'
import { acceptSoapBodies, BodyRefused } from './soap-body.js'
import { QueueFull } from './service-queue.js'
import { readUnreadBodies } from './unread-bodies.js'
import { soapExchange } from './soap-exchange.js'
import { standStillWhilePaused } from './stand-still.js'
import { takeTurns, type TurnHooks } from './take-turn.js'
import { closeUnusedConnections } from './unused-connections.js'

export interface AppOptions {
  readonly kind: ClusterKind
  readonly bodyLimit: number
  /** Bytes of request line and headers that a balancer takes; 64 KiB when left out. This server takes a little more. */
  readonly headerLimit?: number | undefined
  /** Milliseconds for a whole request to arrive. */
  readonly requestTimeout: number
  /** Serves https with these. */
  readonly tls?: TlsIdentity | undefined
  /** The server that this node behaves like, whatever its cluster does. */
  readonly emulatedServer?: EmulatedServer | undefined
  /** Sees each request first; true: it answers it. */
  readonly passOn?: PassOn | undefined
}

export async function buildApp(context: NodeContext, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: context.log,
    ...onHttpServer({
      tls: options.tls,
      headerLimit: (options.headerLimit ?? defaultHeaderLimit) + headerMargin,
      nextId: requestIds(context.machineClock.now()),
      timers: context.timers,
      log: context.log,
      passOn: options.passOn,
    }),
    bodyLimit: options.bodyLimit,
    requestTimeout: options.requestTimeout,
    connectionTimeout: 2 * options.requestTimeout,
    keepAliveTimeout: 65_000,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 200 },
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: describing },
  }) as unknown as FastifyInstance
  closeUnusedConnections(app)
  readUnreadBodies(app)
  app.decorateRequest('caller')
  app.decorateRequest('directory')
  app.decorateRequest('asked')
  app.decorateRequest('lab')
  app.decorateRequest('sentBytes')
  canHold(app)
  standStillWhilePaused(app, context)
  app.addHook('onRequest', async (request, reply) => {
    nameRequest(request, reply)
    request.caller = anonymousCaller
    request.directory = context.directory.forRequest()
    reply.header('x-served-by', context.nodeId)
    const asked = readAsked(request, context)
    if (asked === undefined) return answerBadHost(request, reply)
    request.asked = asked
    if (!context.lab.clock.isReal()) reply.header('date', context.clock.now().toUTCString())
    return undefined
  })
  app.addHook('onRequestAbort', async (request) => {
    request.log.info({ path: request.url.slice(0, 200), why: 'the client went away' }, 'refused')
  })
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(context, error, request, reply))
  app.setNotFoundHandler((request, reply) => answerNotFound(context, request, reply))

  const turns = takeTurns(context, options.emulatedServer)
  registerBrowserPaths(app)
  const addRoutes = async (to: FastifyInstance): Promise<void> => {
    await to.register(async (scope) => registerHealth(scope, context))
    if (context.followsLab)
      await to.register(async (scope) =>
        registerLab(scope, context, (lab) => {
          registerJournal(lab, context)
          registerDocuments(lab, context)
          registerConfig(lab, context)
        }),
      )
    await to.register(async (scope) => registerIndexes(scope, context, options.kind))
    await to.register(async (services) => {
      followExchanges(services, context)
      await services.register(async (scope) => registerServices(scope, context, options, turns))
      await services.register(async (scope) => registerBinaryGroupExpansion(scope, context, turns))
      await services.register(async (scope) => registerRest(scope, context, turns), { prefix: '/my' })
      if (options.kind === 'root') await services.register(async (scope) => registerOAuth(scope, context))
    })
  }
  registerDocumentation(app, options.kind, () => context.directory.forest().catch(() => seedForest), addRoutes)
  await addRoutes(app)
  return app
}

/** Nobody without an account makes the server parse more than this. What is served to them needs no XrML chains. */
const anonymousBodyLimit = 64 * 1024

async function registerServices(
  app: FastifyInstance,
  context: NodeContext,
  { kind, bodyLimit }: AppOptions,
  turns: TurnHooks,
): Promise<void> {
  acceptSoapBodies(app)
  for (const endpoint of roles[kind]) {
    const limit = endpoint.anonymous ? Math.min(bodyLimit, anonymousBodyLimit) : bodyLimit
    for (const path of [endpoint.path, ...endpoint.aliases]) {
      const url = `/_wmcs${path}`
      const hide = path !== endpoint.path
      app.post(
        url,
        { bodyLimit: limit, onRequest: signIn(endpoint, context), ...turns, schema: openApiSchema(endpoint, hide) },
        soapExchange(endpoint, context),
      )
      app.get(url, { schema: { hide: true } }, async (request, reply) =>
        answerPage(endpoint, `${askedSite(request, context)}${url}`, request, reply),
      )
      app.route({
        method: ['PUT', 'DELETE', 'PATCH', 'OPTIONS'],
        url,
        schema: { hide: true },
        handler: (request, reply) => answerWrongMethod(request, reply),
      })
    }
  }
}

/** The WSDL for `?wsdl` in any case, where it is for `?disco`, the help page otherwise; all without signing in, as most clients fetch them. */
async function answerPage(
  { service }: Endpoint,
  address: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>
  const asked = Object.keys(query).map((name) => name.toLowerCase())
  if (asked.includes('disco')) return reply.type('text/xml; charset=utf-8').send(writeDisco(service, address))
  if (asked.includes('wsdl')) return reply.type('text/xml; charset=utf-8').send(writeWsdl(service, address))
  const operation = [query['op'] ?? []].flat()[0]
  // Without the database the page is there all the same.
  const forest = await request.directory.forest().catch(() => seedForest)
  const isThere = operation === undefined || service.operations.some(({ name }) => name === operation)
  return reply
    .code(isThere ? 200 : 404)
    .type('text/html; charset=utf-8')
    .send(writeHelpPage(service, address, operation, (example) => inForest(example, forest)))
}

/** The server itself, and the addresses of its services as they stand in licenses: a page for people, who click on them. */
async function registerIndexes(app: FastifyInstance, context: NodeContext, kind: ClusterKind): Promise<void> {
  const folders = ['licensing', 'certification'].map((name) => ({
    folder: name,
    url: `/_wmcs/${name}`,
    endpoints: roles[kind].filter(({ path }) => path.startsWith(`/${name}/`)),
  }))
  const whole = ['/', '/_wmcs'].map((url) => ({ folder: undefined, url, endpoints: roles[kind] }))
  for (const { folder, url, endpoints } of [...whole, ...folders]) {
    if (endpoints.length === 0) continue
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const { nodeId } = context
      const cluster = context.state().name
      const page = writeIndexPage({ cluster, kind, nodeId, endpoints, folder, prefix: prefixOf(request) })
      return reply.type('text/html; charset=utf-8').send(page)
    })
  }
}

function answerBadHost(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const why = `the Host header is ${JSON.stringify(request.headers.host?.slice(0, 200))}`
  request.log.info({ path: request.url.slice(0, 200), status: 400, why }, 'refused')
  const text = 'There must be one Host header with a legal host: a name or an address, and a port from 0 to 65535.\n'
  return reply.code(400).type('text/plain; charset=utf-8').send(text)
}

async function answerWrongMethod(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  request.log.info({ path: request.url.slice(0, 200), status: 405, why: `the method is ${request.method}` }, 'refused')
  const text = `${request.method} is not supported here: POST a SOAP message, or GET with ?wsdl\n`
  return reply.code(405).header('allow', 'GET, HEAD, POST').type('text/plain; charset=utf-8').send(text)
}

async function registerHealth(app: FastifyInstance, context: NodeContext): Promise<void> {
  app.get('/healthz', { schema: { tags: ['health'], summary: 'Whether the process lives' } }, async () => ({
    status: 'ok',
  }))
  app.get(
    '/readyz',
    { schema: { tags: ['health'], summary: 'Whether the node can serve' } },
    async (_request, reply) => {
      const { status, reason } = context.readiness()
      const version = context.hasState() ? context.state().configuration.configurationVersion : undefined
      return reply
        .code(status === 'ready' ? 200 : 503)
        .send({ status, node: context.nodeId, configurationVersion: version, reason })
    },
  )
  app.get(
    '/metrics',
    { schema: { tags: ['health'], summary: 'Counters and times, in the Prometheus text format' } },
    async (_request, reply) => {
      const all = context.metrics.registry()
      return reply.type(all.contentType).send(await all.metrics())
    },
  )
}

function answerNotFound(context: NodeContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.log.info({ path: request.url.slice(0, 200), status: 404, why: 'there is no such path' }, 'refused')
  const isScoped = prefixOf(request) === '' && scopedPath(request.url) !== undefined
  const text = isScoped ? noScopes : 'There is nothing at this path. The services are below /_wmcs, see /docs.\n'
  reply.code(404).type('text/plain; charset=utf-8')
  tellUnrouted(request, reply, context, text)
  return reply.send(text)
}

const noScopes =
  'There are no scopes at this address. An installation that was started with --scopes N (in a program: startInstallation({ scopes: N })) has them below /f/NAME at the addresses of its clusters.\n'

/** Errors before SOAP: bodies that cannot be taken. The client learns what to change, and nothing from the inside. */
function answerError(
  context: NodeContext,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof QueueFull) return answerQueueFull(context, error, request, reply)
  if (error instanceof EndedByLab) return endAsTold(error.effect, request, reply)
  const isUnrecorded = error instanceof RequestLogFull || error instanceof RequestLogClosed
  if (error instanceof DatabaseAway && request.method === 'POST') return answerAway(error, request, reply)
  const status = error instanceof NotReady || isUnrecorded ? 503 : (error.statusCode ?? 500)
  const isOurs = error instanceof BodyRefused || error instanceof NotReady
  const text = isOurs
    ? error.message
    : (messages[status] ??
      (status < 500 ? 'The request cannot be taken.' : 'The server could not process the request.'))
  const facts = { path: request.url.slice(0, 200), status, why: error.message }
  if (status >= 500 && !(error instanceof NotReady)) request.log.error({ ...facts, err: error }, 'unexpected error')
  else request.log.info(facts, 'refused')
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}

/** Sign-in could not look into the directory: whoever sent a SOAP message learns of that by a fault, as of all else. */
function answerAway(error: DatabaseAway, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.log.warn(
    { path: request.url.slice(0, 200), why: error.message },
    'nobody can be signed in whom the directory has to be asked for',
  )
  const version = versionOfContentType(request.headers['content-type']) ?? '1.1'
  const what = error instanceof DirectoryAway ? 'directory' : 'database'
  const fault = new RmsException('UnspecifiedError', `the ${what} is away`)
  return reply.code(faultStatus(fault)).type(contentType(version)).send(writeFault(version, fault))
}

const messages: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  413: 'The request is larger than this server takes.',
  503: 'The server cannot take requests at the moment: try again later.',
  415: 'The content type is not supported: send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).',
}
