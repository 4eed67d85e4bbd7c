/** The answer to a request for which the queue of the emulated server has no place. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { NodeContext } from './context.js'
import type { QueueFull } from './service-queue.js'

/** As IIS does it, before SOAP and REST alike: HTML, no fault, and the connection ends. */
export function answerQueueFull(
  context: NodeContext,
  error: QueueFull,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  request.log.info({ path: request.url.slice(0, 200), status: 503, why: error.message }, 'refused')
  context.metrics.refusedByQueue()
  const page =
    '<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1><p>HTTP 503: the queue is full.</p></body></html>\n'
  // On the response itself: Fastify's own headers say so of every body that could not be read, and are taken back.
  reply.raw.setHeader('Connection', 'close')
  return reply.code(503).type('text/html; charset=us-ascii').send(page)
}
