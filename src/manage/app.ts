/** The management listener: what runs, for the CLI and for people. Apart from /_wmcs, on a port of its own. */
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { readUnreadBodies } from '../node/unread-bodies.js'
import { defaultHeaderLimit } from '../http/header-limit.js'
import { requestIds } from '../http/request-ids.js'
import { nameRequest, ofEachRequest } from '../node/http-server.js'
import { listenForLateApp } from './late-app.js'
import { lazySerializers } from './lazy-serializers.js'
import { registerBrowserPaths } from '../http/browser-paths.js'
import { registerPages } from './pages.js'
import { answerProblem } from './api/answer-problem.js'
import { registerManagementApi, type ManagementApi } from './api/index.js'
import { registerReadiness } from './readiness.js'
import { requireToken } from './require-token.js'
import { registerScopePaths } from './scope-paths.js'
import { refuseUnknownPaths } from './unknown-path.js'
import type { Scopes } from '../installation/scopes/scopes.js'
import type { Topology } from '../installation/changes.js'
import type { InstallationStatus } from '../installation/status.js'
import { statusSchema, registerTopology } from './topology-routes.js'

export interface ManagementOptions {
  /** What every call but /healthz, /readyz and the page must bring as `Authorization: Bearer`; none is asked for when left out. */
  readonly token: string | undefined
  readonly log: Logger | undefined
  readonly status: () => InstallationStatus | Promise<InstallationStatus>
  /** What /readyz looks at; the status when left out. */
  readonly readiness?: () => Promise<Pick<InstallationStatus, 'clusters'>>
  readonly api: ManagementApi
  /** Where servers can be added and removed. */
  readonly topology: Topology | undefined
  /** Certificate of the lab CA in PEM, where servers have certificates of it. */
  readonly ca: string | undefined
  /** Undefined: there are none. */
  readonly scopes?: Scopes | undefined
}

export async function startManagement(
  options: ManagementOptions & { readonly host: string; readonly port: number },
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { host, port, log, api } = options
  const nextId = managementIds(api.clock.now())
  const server = { headerLimit: defaultHeaderLimit, nextId, timers: api.timers, log }
  const make = async (idOf: (raw: IncomingMessage) => string): Promise<FastifyInstance> =>
    buildManagement(options, idOf)
  return listenForLateApp({ host, port, requestTimeout: 60_000, refuseUnreadable, ...server, make })
}

/**
 * What does not listen.
 * @param genReqId what a request is called; by a count of its own when left out
 */
export async function buildManagement(
  options: ManagementOptions,
  genReqId: (raw: IncomingMessage) => string = managementIds(options.api.clock.now()),
): Promise<FastifyInstance> {
  const { token, log, api } = options
  const app = Fastify({
    ...(log === undefined ? {} : { loggerInstance: log }),
    ...ofEachRequest(genReqId),
    schemaController: { compilersFactory: lazySerializers },
    routerOptions: { maxParamLength: 300 },
  }) as unknown as FastifyInstance
  readUnreadBodies(app)
  app.addHook('onRequest', async (request, reply) => nameRequest(request, reply))
  app.setErrorHandler(answerProblem)
  refuseUnknownPaths(app)
  registerBrowserPaths(app)
  const addRoutes = async (to: FastifyInstance): Promise<void> => {
    await to.register(async (scope) => registerOpenRoutes(scope, options))
    await to.register(async (scope) => registerRoutes(scope, options))
  }
  registerPages(app, { store: api.store, lab: api.lab, needsToken: token !== undefined, addRoutes })
  await addRoutes(app)
  registerScopePaths(app, options, buildManagement)
  return app
}

/** For everybody. */
async function registerOpenRoutes(
  app: FastifyInstance,
  { ca, status, readiness = async () => status() }: ManagementOptions,
): Promise<void> {
  const health = { tags: ['installation'], summary: 'Whether the process lives', security: [] }
  app.get('/healthz', { schema: health }, async () => ({ status: 'ok' }))
  registerReadiness(app, readiness)
  if (ca === undefined) return
  const schema = { tags: ['installation'], summary: 'The certificate that clients must trust, in PEM', security: [] }
  app.get('/ca.pem', { schema }, async (_request, reply) => reply.type('application/x-pem-file').send(ca))
}

/** For those who have the token. */
async function registerRoutes(
  app: FastifyInstance,
  { token, status, topology, api }: ManagementOptions,
): Promise<void> {
  app.addHook('onRequest', async (request, reply) => requireToken(token, request, reply))
  app.get(
    '/status',
    { schema: { tags: ['installation'], summary: 'Forest, clusters and nodes', response: { 200: statusSchema } } },
    async () => status(),
  )
  if (topology !== undefined) await registerTopology(app, topology)
  await registerManagementApi(app, api)
}

function refuseUnreadable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  nameRequest(request, reply)
  answerProblem(error, request, reply)
}

function managementIds(started: Date): () => string {
  const nextId = requestIds(started)
  return () => `manage-${nextId()}`
}
