/**
 * Whoever is refused before the whole request is there: a body that is too large, a wrong password, no such path. An answer that comes in the middle of a
 * request is often lost, as the client is still sending, and the connection cannot go on. So what is left of the request is read away first.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mostReadAway } from '../http/read-away.js'

/** From now on: answers of the app wait until their request has been read. */
export function readUnreadBodies(app: FastifyInstance, most: number = mostReadAway): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const send = (): void => {
      if (request.raw.complete) goOn(request, reply)
      else reply.header('connection', 'close')
      done(null, payload)
    }
    // Of one that came on no connection, only its end is known.
    if (request.raw.complete || request.raw.readableEnded) send()
    else readAway(request.raw, most, send)
  })
}

/**
 * Fastify ends the connection after every body that it could not take, which is not needed when all of it is there. What the response itself says stays.
 * Taking back a header that is not there would not be harmless: Node forgets by it that the client has ended its half.
 */
function goOn({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (reply.hasHeader('connection') && !reply.raw.hasHeader('connection') && !raw.socket.readableEnded)
    reply.removeHeader('connection')
}

/** @param done called once: at the end of the request, or of the connection, or when there is more than that */
function readAway(raw: IncomingMessage, most: number, done: () => void): void {
  let size = 0
  const finish = (): void => {
    raw.off('data', count).off('end', finish).off('close', finish)
    done()
  }
  const count = (chunk: Buffer): void => {
    size += chunk.length
    if (size > most) finish()
  }
  raw.on('data', count).once('end', finish).once('close', finish)
  raw.resume()
}
