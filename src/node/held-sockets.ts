/** Connections on which nothing is said, or not yet, because the lab wants it so. */
import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { pause, type Timers } from '../effects.js'
import { showsKey } from './listener-mark.js'

interface HeldSockets {
  readonly hold: (socket: Socket) => void
  readonly free: (socket: Socket) => void
  /** A server that stops ends them, and those that would be held from now on. */
  readonly letGo: () => void
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
}

declare module 'fastify' {
  interface FastifyInstance {
    held: HeldSockets
  }
  interface FastifyRequest {
    /** The body, where it was taken in before anybody was to read it. */
    takenIn: PassThrough | undefined
  }
}

/** To be called before there are routes. */
export function canHold(app: FastifyInstance): void {
  const held = heldSockets()
  app.decorate('held', held)
  app.decorateRequest('takenIn')
  app.addHook('preParsing', (request, _reply, payload, done) => done(null, request.takenIn ?? payload))
  app.addHook('preClose', (done) => {
    held.letGo()
    done()
  })
}

function heldSockets(): HeldSockets {
  const held = new Set<Socket>()
  const over = new AbortController()
  // Each request that is late listens to it.
  setMaxListeners(0, over.signal)
  return {
    stopping: over.signal,
    hold: (socket) => {
      if (over.signal.aborted) socket.destroy()
      held.add(socket)
    },
    free: (socket) => void held.delete(socket),
    letGo: () => {
      over.abort()
      for (const socket of held) socket.destroy()
    },
  }
}

/** Nothing is said to the client until then, or until it is gone. */
export function heldUntil({ raw: { socket }, server: { held } }: FastifyRequest, ends: AbortSignal): Promise<void> {
  held.hold(socket)
  return new Promise((resolve) => {
    const goOn = (): void => {
      socket.removeListener('close', goOn)
      ends.removeEventListener('abort', goOn)
      held.free(socket)
      resolve()
    }
    if (ends.aborted || socket.destroyed) {
      goOn()
      return
    }
    ends.addEventListener('abort', goOn, { once: true })
    socket.once('close', goOn)
  })
}

/** Nothing is said for that long, or until the client is gone, or the server stops: whoever waits for an answer is then not kept waiting. */
export async function heldFor(request: FastifyRequest, milliseconds: number, timers: Timers): Promise<void> {
  const { socket } = request.raw
  const { stopping } = request.server.held
  const over = new AbortController()
  const end = (): void => over.abort()
  socket.once('close', end)
  stopping.addEventListener('abort', end)
  if (stopping.aborted || socket.destroyed) end()
  await pause(timers, milliseconds, over.signal)
  stopping.removeEventListener('abort', end)
  socket.removeListener('close', end)
}

/** Every balancer of ours waits longer than this for an answer: two seconds at least. */
const betweenSigns = 1000

/**
 * No time-out of this server or of a balancer of ours cuts the connection meanwhile. A balancer hears that there is an answer to come (102, RFC 2518 10.1):
 * a client might not know that status, and gets nothing.
 */
export async function withoutTimeout(
  request: FastifyRequest,
  timers: Timers,
  held: () => Promise<void>,
): Promise<void> {
  const { socket } = request.raw
  suspendTimeout(socket)
  const { balancerKey } = request.server
  const hasBalancer = balancerKey !== undefined && showsKey(request.headers, balancerKey)
  const signs = hasBalancer ? timers.every(betweenSigns, () => sayProcessing(socket)) : undefined
  try {
    await held()
  } finally {
    signs?.stop()
    resumeTimeout(socket)
  }
}

/** Connections without a time-out: which one they had, and how many of their requests wait. Several may come before the first is answered. */
const suspended = new WeakMap<Socket, { readonly before: number; readonly waiting: number }>()

function suspendTimeout(socket: Socket): void {
  const { before, waiting } = suspended.get(socket) ?? { before: socket.timeout ?? 0, waiting: 0 }
  suspended.set(socket, { before, waiting: waiting + 1 })
  socket.setTimeout(0)
}

/** The last one that waits has it back. */
function resumeTimeout(socket: Socket): void {
  const { before, waiting } = suspended.get(socket) ?? { before: 0, waiting: 1 }
  if (waiting > 1) {
    suspended.set(socket, { before, waiting: waiting - 1 })
    return
  }
  suspended.delete(socket)
  if (!socket.destroyed) socket.setTimeout(before)
}

/** Answers on this connection come one after another: this one has not begun. */
function sayProcessing(socket: Socket): void {
  if (socket.writable) socket.write('HTTP/1.1 102 Processing\r\n\r\n')
}

/** While a request waits before its body is read, the body comes all the same: otherwise it would be refused for not having come in its time. */
export async function takingIn(request: FastifyRequest, held: () => Promise<void>): Promise<void> {
  const { raw, routeOptions } = request
  if (!raw.complete && request.takenIn === undefined) {
    const body = new PassThrough({ highWaterMark: routeOptions.bodyLimit })
    // Whoever reads it hears of a client that goes away in the middle.
    raw.once('close', () => (raw.complete ? undefined : body.destroy(new Error('the client went away'))))
    body.on('error', () => undefined)
    request.takenIn = raw.pipe(body)
  }
  await held()
}

/** Nobody reads the body any more, unless it is to be read away. */
export function dropTakenIn({ raw, takenIn }: FastifyRequest): void {
  if (takenIn !== undefined) raw.unpipe(takenIn)
}
