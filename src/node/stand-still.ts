/** A server that the lab has paused: it takes connections and requests, and answers nobody but the lab. What it was about to answer waits, too. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { NodeContext } from './context.js'
import { heldUntil, takingIn } from './held-sockets.js'
import { showsKey } from './listener-mark.js'

/** To be called before any other hook is added. */
export function standStillWhilePaused(app: FastifyInstance, { lab: { pause }, listenerKey }: NodeContext): void {
  const isHeld = (request: FastifyRequest): boolean => pause.isPaused() && !isOfLab(request)
  // Its end is seen behind the body alone: of one that was left in the middle, or moved to another server, nothing may be done here.
  app.addHook('onRequest', (request, reply, done) =>
    isHeld(request) ? takingIn(request, () => hold(request, reply)) : done(),
  )
  app.addHook('onSend', (request, reply, body, done) =>
    isHeld(request) ? hold(request, reply).then(() => body) : done(null, body),
  )

  const hold = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    // It may be paused again, just as it goes on.
    while (pause.isPaused() && !request.raw.socket.destroyed) await heldUntil(request, pause.over())
    if (isGone(request, listenerKey)) {
      // Nobody is there to answer to.
      reply.hijack()
      request.raw.socket.destroy()
    } else reply.header('x-lab', 'server=paused')
  }
}

/** A client may end its half of the connection and wait for its answer. A balancer of ours that ends it has gone, with the request, to another server. */
function isGone({ headers, raw: { socket } }: FastifyRequest, listenerKey: string | undefined): boolean {
  return socket.destroyed || (socket.readableEnded && listenerKey !== undefined && showsKey(headers, listenerKey))
}

function isOfLab({ routeOptions: { url } }: FastifyRequest): boolean {
  return url?.startsWith('/lab/') === true
}
