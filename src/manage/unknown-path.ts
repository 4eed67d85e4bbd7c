/** What nobody serves on the management listener: no such path, with the nearest one that there is; or not by this method. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { nearest } from '../config/nearest.js'

interface Route {
  readonly method: string
  /** As `/clusters/:cluster/nodes` */
  readonly url: string
  readonly pattern: RegExp
}

/** Before the routes are added: it takes note of each. A body, whatever it is, does not matter then. */
export function refuseUnknownPaths(app: FastifyInstance): void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    const isShown = schema?.hide !== true
    if (isShown) for (const name of [method].flat()) routes.push({ method: name, url, pattern: patternOf(url) })
  })
  const refuse = (request: FastifyRequest, reply: FastifyReply): FastifyReply => answerUnknown(routes, request, reply)
  app.addHook('onRequest', async (request, reply) => (request.is404 ? refuse(request, reply) : undefined))
  app.setNotFoundHandler(refuse)
}

function answerUnknown(routes: readonly Route[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ''] = request.url.split('?')
  const methods = new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))
  if (methods.size > 0 && !methods.has(request.method)) {
    const allowed = [...methods].join(', ')
    const message = `${request.method} is not supported at ${shown(path)}: it takes ${allowed}`
    return reply.code(405).header('allow', allowed).send({ error: 'MethodNotAllowed', message })
  }
  const urls = [...new Set(routes.map(({ url }) => url))]
  const near = nearest(path, urls)
  const hint = near === undefined ? '' : `did you mean ${near.replace(/:(\w+)/g, '{$1}')}? `
  const message = `There is nothing at ${shown(path)}: ${hint}/docs shows all that there is`
  return reply.code(404).send({ error: 'NotFound', message })
}

function patternOf(url: string): RegExp {
  return new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+').replace(/\*/g, '.*')}$`)
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 200))
}
