/** /docs and /openapi.json of a node, made when somebody first asks: loading what they need would be a tenth of every node's start. */
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import type { Forest } from '../directory/directory.js'
import { inForest } from '../directory/forest.js'
import { prefixOf } from './asked.js'
import { openApiOptions } from './openapi.js'
import { pagesLook } from './pages-look.js'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/** The messages are text: the schemas describe them, they do not validate. Told so at once, fastify does not even load its compilers. */
export const describing = {
  buildValidator: () => () => () => true,
  buildSerializer: () => () => (data: unknown) => (typeof data === 'string' ? data : JSON.stringify(data)),
} as unknown as CompilersFactory

/** @param addRoutes what is described: the same routes, in an instance that does not listen */
export function registerDocumentation(
  app: FastifyInstance,
  kind: ClusterKind,
  forest: () => Promise<Forest>,
  addRoutes: (described: FastifyInstance) => Promise<void>,
): void {
  answerLater(app, (prefix) => makeDocumentation(kind, prefix, forest, addRoutes))
}

/** @param make the instance that answers for the pages, made when the first one is asked for; told what stands before all paths, in a scope */
export function answerLater(app: FastifyInstance, make: (prefix: string) => Promise<FastifyInstance>): void {
  let making: Promise<FastifyInstance> | undefined
  /** What failed once is tried anew for the next one who asks. */
  const made = (prefix: string): Promise<FastifyInstance> =>
    (making ??= make(prefix).catch((error: unknown) => {
      making = undefined
      throw error
    }))
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { statusCode, headers, rawPayload } = await (
      await made(prefixOf(request))
    ).inject({ method: 'GET', url: request.url })
    if (statusCode === 404) {
      reply.callNotFound()
      return reply
    }
    const { connection: _connection, 'content-length': _length, date: _date, ...others } = headers
    return reply.code(statusCode).headers(others).send(rawPayload)
  }
  for (const path of ['/openapi.json', '/docs', '/docs/*']) app.get(path, { schema: { hide: true } }, answer)
  // Whoever asked has heard of a failure.
  app.addHook('onClose', async () => (await making?.catch(() => undefined))?.close())
}

async function makeDocumentation(
  kind: ClusterKind,
  prefix: string,
  forestOf: () => Promise<Forest>,
  addRoutes: (described: FastifyInstance) => Promise<void>,
): Promise<FastifyInstance> {
  const forest = await forestOf()
  const spelled = <Given extends object>(specification: Given): Given =>
    JSON.parse(inForest(JSON.stringify(specification), forest)) as Given

  const [{ default: fastifySwagger }, { default: fastifySwaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const described = Fastify({
    schemaController: { compilersFactory: describing },
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true },
  })
  await described.register(fastifySwagger, openApiOptions(kind, prefix))
  await described.register(fastifySwaggerUi, {
    ...pagesLook(`rms-emulator, ${kind} server`),
    transformSpecificationClone: false,
    transformSpecification: spelled,
  })
  described.get('/openapi.json', { schema: { hide: true } }, async () => spelled(described.swagger()))
  await described.register(async (scope) => addRoutes(scope as unknown as FastifyInstance))
  await described.ready()
  return described
}
