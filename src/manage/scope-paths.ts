/** `/f/NAME` of the management listener: the management of a scope, and its services as at the addresses of clusters. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { systemEffects } from '../effects.js'
import { scopedPath, type ScopedPath } from '../http/scoped-path.js'
import { isOfService } from '../installation/scopes/scope-name.js'
import type { Scope } from '../installation/scopes/scope.js'
import { refuseWithoutScopes } from '../installation/scopes/scopes.js'
import { activeInLab } from '../installation/status.js'
import { version } from '../version.js'
import { answerProblem } from './api/answer-problem.js'
import type { ManagementOptions } from './app.js'
import { requireToken } from './require-token.js'
import { scopeManagements } from './scope-managements.js'

/** For everybody, as at the installation itself. */
const openPath = /^\/(?:healthz|readyz|ca\.pem)(?:\?|$)/

type Build = (options: ManagementOptions) => Promise<FastifyInstance>

/**
 * A scope is made by the first call here, too, of who has the token.
 * @param build what answers for the management of one
 */
export function registerScopePaths(app: FastifyInstance, options: ManagementOptions, build: Build): void {
  const { scopes, token } = options
  const managements = scopeManagements(async (scope) => managementOfScope(scope, options, build), options.log)
  // A listener that closes waits for its answers, and those of its scopes.
  app.addHook('preClose', async () => managements.close())

  const pass = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const path = scopedPath(request.raw.url ?? '')
    const isService = path !== undefined && isOfService(path.rest)
    const isOpen = path !== undefined && openPath.test(path.rest)
    if (!isService && !isOpen) await requireToken(token, request, reply)
    if (reply.sent) return reply
    if (path === undefined || scopes === undefined) return refuseWithoutScopes()
    if (isService) {
      scopes.passOn(request.raw, reply.hijack().raw)
      return reply
    }
    // Who has no token makes none.
    if (isOpen) scopes.find(path.name)
    return scopes.use(path.name, async (scope) => serve(await managements.of(scope), path, request, reply))
  }

  // Bodies are left to whoever answers.
  void app.register(async (scope) => {
    scope.setErrorHandler(answerProblem)
    // Written in small letters or capitals, as where clients ask (scopedPath).
    for (const url of ['/f/:name', '/f/:name/*', '/F/:name', '/F/:name/*'])
      scope.all(url, { schema: { hide: true }, onRequest: pass }, (_request, reply) => reply)
  })
}

async function serve(
  management: FastifyInstance,
  { rest }: ScopedPath,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { raw } = request
  const { raw: response } = reply.hijack()
  const isOver = new Promise((resolve) => response.once('close', resolve))
  Object.assign(raw, { originalUrl: raw.url, url: rest })
  management.routing(raw, response)
  await isOver
  return reply
}

async function managementOfScope(
  scope: Scope,
  { token, log, ca, api: { config } }: ManagementOptions,
  build: Build,
): Promise<FastifyInstance> {
  const { store, lab, openCluster, forestClock } = scope
  const { dnsName: forest } = await store.forest.read()
  const status = async () => ({
    forest,
    version,
    clusters: await scope.clusters(),
    ...(await activeInLab(lab)),
  })
  const api = { store, openCluster, ...systemEffects, forestClock, lab, ca: undefined, config }
  const app = await build({ token, log, status, api, topology: undefined, ca })
  await app.ready()
  return app
}
