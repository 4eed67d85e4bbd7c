/**
 * Where exchanges meet the lab: hooks of the scope in which the services are. They ask once whether there is anything to do, and carry out what a control
 * wants done; which controls there are, they do not know.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerState } from '../cluster/server-state.js'
import type { Timers } from '../effects.js'
import { resetConnection, resetMark } from '../http/reset.js'
import type { LabAnswer, LabEffect, LabExchange, LabOutcome, LabPoint, LabRequest } from '../lab/exchange.js'
import type { StepObserver } from '../services/steps.js'
import { prefixOf } from './asked.js'
import type { NodeContext } from './context.js'
import { dropTakenIn, heldFor, heldUntil, takingIn, withoutTimeout } from './held-sockets.js'
import { listenerOf, showsKey } from './listener-mark.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** What the balancer shows. */
    balancerKey: string | undefined
  }
  interface FastifyRequest {
    /** What the lab has to do with this exchange: mostly nothing. */
    lab: LabExchange | undefined
    /** The body as octets in UTF-8, where it was sent so. */
    sentBytes: Uint8Array | undefined
  }
}

/** The lab ends the exchange: what it says, or that it says nothing, stands in place of the answer. Error handlers hand it to `endAsTold`. */
export class EndedByLab extends Error {
  override readonly name = 'EndedByLab'
  readonly effect: Ending
  constructor(effect: Ending) {
    super(`the lab ends the exchange: ${effect.kind}`)
    this.effect = effect
  }
}

/** To be called in the scope of the services, before their own hooks are added. */
export function followExchanges(scope: FastifyInstance, context: NodeContext): void {
  const { lab } = context
  scope.addHook('onRequest', (request, reply, done) => {
    if (lab.clock.steps()) return stepAndBegin(request, reply, context)
    if (!lab.isWatching()) return done()
    const exchange = begin(request, reply, context)
    return exchange?.mayAct === true ? beginActing(exchange, request, reply, context) : done()
  })
  scope.addHook('preHandler', (request, _reply, done) => {
    request.lab?.received(request.body, request.sentBytes)
    request.lab?.signedIn(request.caller)
    done()
  })
  scope.addHook('onSend', (request, reply, body, done) => {
    if (request.lab === undefined) return done(null, body)
    if (!request.lab.mayAct) return done(null, tellAnswer(request.lab, reply, bodyOf(body)))
    return send(request.lab, request, reply, context.timers, bodyOf(body))
  })
  scope.decorate('balancerKey', context.listenerKey)
}

async function stepAndBegin(request: FastifyRequest, reply: FastifyReply, context: NodeContext): Promise<unknown> {
  await takeStep(request, reply, context)
  const exchange = begin(request, reply, context)
  return exchange?.mayAct === true ? beginActing(exchange, request, reply, context) : undefined
}

function begin(request: FastifyRequest, reply: FastifyReply, context: NodeContext): LabExchange | undefined {
  const exchange = context.lab.begin(new Asked(request, context))
  if (exchange === undefined) return undefined
  request.lab = exchange
  // Of a client that went away while the step was counted, nothing is told any more.
  if (request.raw.socket.destroyed) exchange.ended()
  else reply.raw.on('close', () => exchange.ended())
  return exchange
}

async function beginActing(
  exchange: LabExchange,
  request: FastifyRequest,
  reply: FastifyReply,
  context: NodeContext,
): Promise<unknown> {
  const { last } = await waitFor(exchange, 'request', request, context.timers)
  if (last === undefined) return undefined
  dropTakenIn(request)
  return endAsTold(last, request, reply)
}

/** One step of the clock for each request, in one order for all nodes. While the database is away, time stands. */
async function takeStep(request: FastifyRequest, reply: FastifyReply, { store, lab }: NodeContext): Promise<void> {
  try {
    lab.clock.stepTo(await store.lab.takeStep())
  } catch (error) {
    request.log.warn({ err: error }, 'the step of the clock could not be counted: it says what it said before')
  }
  reply.header('date', lab.clock.now().toUTCString())
}

/** Read when it is asked for: most exchanges are watched alone, and of many nobody asks for more than half of it. */
class Asked implements LabRequest {
  readonly time: Date
  readonly #request: FastifyRequest
  readonly #context: NodeContext
  constructor(request: FastifyRequest, context: NodeContext) {
    this.time = context.clock.now()
    this.#request = request
    this.#context = context
  }
  get id(): string {
    return this.#request.id
  }
  get node(): string {
    return this.#context.nodeId
  }
  get cluster(): string {
    return this.#context.hasState() ? this.#context.state().name : ''
  }
  get listener(): string {
    return listenerOf(this.#request.headers, this.#context.listenerKey)
  }
  get method(): string {
    return this.#request.method
  }
  get url(): string {
    return this.#request.url
  }
  get origin(): string {
    return originOf(this.#request)
  }
  get httpVersion(): string {
    return this.#request.raw.httpVersion
  }
  get endpoint(): string {
    return this.#request.routeOptions.url ?? ''
  }
  get headers(): LabRequest['headers'] {
    return this.#request.headers
  }
  get rawHeaders(): readonly string[] {
    return this.#request.raw.rawHeaders
  }
  get from(): string {
    return this.#request.ip
  }
}

function originOf(request: FastifyRequest): string {
  const { asked, headers } = request
  // What has no legal host has been refused before anybody asked.
  const { scheme = 'http', host = headers.host ?? '' } = (asked as FastifyRequest['asked'] | undefined) ?? {}
  return `${scheme}://${host}${prefixOf(request)}`
}

/** What comes to no service is only told: no control has anything to do there. */
export function tellUnrouted(request: FastifyRequest, reply: FastifyReply, context: NodeContext, body: string): void {
  if (!context.lab.isWatching()) return
  const exchange = context.lab.begin(new Asked(request, context))
  exchange?.answered(answerOf(reply, body))
  exchange?.ended()
}

/**
 * The exchange is about to do this.
 * @returns what the server is to be for this request
 * @throws what a fault refuses with, as if a step had; EndedByLab; NotReady
 */
export async function beginOperation(
  lab: LabExchange,
  name: string,
  request: FastifyRequest,
  context: NodeContext,
): Promise<ServerState> {
  lab.operation(name)
  if (!lab.mayAct) return context.state()
  const { last, issuing } = await waitFor(lab, 'operation', request, context.timers)
  if (last?.kind === 'refuse') throw last.error
  if (last !== undefined) throw new EndedByLab(last)
  const state = context.state()
  if (issuing.length === 0) return state
  const workshop = { rules: state.rules, keyPairs: context.keyPairs, now: context.clock.now() }
  let good = state.issuing
  for (const effect of issuing) good = await effect.with(good, workshop)
  return { ...state, issuing: good }
}

/** Tells the lab of steps beside the one who hears of them always. */
export function alsoObserving({ lab }: FastifyRequest, observer: StepObserver): StepObserver {
  if (lab === undefined) return observer
  return (step, milliseconds) => {
    observer(step, milliseconds)
    lab.step(step, milliseconds)
  }
}

/** Nothing is made where nobody listens. */
export function tellOutcome({ lab }: FastifyRequest, outcome: () => LabOutcome): void {
  lab?.outcome(outcome())
}

interface Waited {
  /** The effect that ends the exchange, when there is one. */
  readonly last?: Ending
  readonly issuing: readonly Issuing[]
}

type Issuing = Extract<LabEffect, { readonly kind: 'issue' }>
type Ending = Exclude<LabEffect, { readonly kind: 'delay' | 'issue' | 'mark' }>

async function waitFor(lab: LabExchange, point: LabPoint, request: FastifyRequest, timers: Timers): Promise<Waited> {
  const issuing: Issuing[] = []
  const held = (wait: () => Promise<void>): Promise<void> =>
    withoutTimeout(request, timers, () => (point === 'request' ? takingIn(request, wait) : wait()))
  for (const { effect } of await lab.effects(point)) {
    if (effect.kind === 'mark') continue
    if (effect.kind === 'issue') issuing.push(effect)
    else if (effect.kind === 'delay') await held(() => heldFor(request, effect.milliseconds, timers))
    else if (effect.kind === 'hang') await held(() => heldUntil(request, effect.ends))
    else return { last: effect, issuing }
  }
  return { issuing }
}

/** In place of what the server would have answered. */
export function endAsTold(effect: Ending, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (effect.kind) {
    case 'answer':
      return withAnswer(reply, effect.answer).send(effect.answer.body)
    default:
      // Refusing or cutting short what is not there yet: the client has no answer either way.
      return cut(request, reply)
  }
}

/** A balancer of ours is told to cut the connection of its client: cutting its own, it would take this server for a dead one and ask another. */
function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { balancerKey } = request.server
  if (balancerKey !== undefined && showsKey(request.headers, balancerKey))
    return reply.code(502).header(resetMark, 'reset').send('')
  resetConnection(request.raw.socket)
  return reply.hijack()
}

function tellAnswer(exchange: LabExchange, reply: FastifyReply, body: string | Buffer): string | Buffer {
  exchange.answered(answerOf(reply, body))
  return body
}

async function send(
  exchange: LabExchange,
  request: FastifyRequest,
  reply: FastifyReply,
  timers: Timers,
  body: string | Buffer,
): Promise<unknown> {
  const { last } = await waitFor(exchange, 'answer', request, timers)
  const { socket } = request.raw
  if (last?.kind === 'reset') resetConnection(socket)
  const given = last?.kind === 'answer' ? last.answer : answerOf(reply, body)
  const answer = await exchange.rewrite(given)
  withAnswer(reply, answer)
  if (socket.destroyed) return answer.body
  exchange.answered(answer)
  return last?.kind === 'truncate' ? cutShort(reply, answer.body, last.bytes) : answer.body
}

function answerOf(reply: FastifyReply, body: string | Buffer): LabAnswer {
  return { status: reply.statusCode, headers: reply.getHeaders(), body }
}

function withAnswer(reply: FastifyReply, { status, headers }: LabAnswer): FastifyReply {
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) reply.removeHeader(name)
    else if (name !== 'content-length') reply.header(name, value)
  }
  return reply.code(status)
}

/** The services answer with text or octets, or with nothing. */
function bodyOf(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : ''
}

/** As much of it as is told, and then the end of the connection, as when a server dies. */
function cutShort(reply: FastifyReply, body: string | Buffer, bytes: number): Readable {
  const whole = Buffer.from(body as string)
  reply.header('content-length', whole.length)
  const { socket } = reply.request.raw
  return Readable.from(partOf(whole, bytes, socket))
}

async function* partOf(whole: Buffer, bytes: number, socket: Socket): AsyncGenerator<Buffer> {
  const part = whole.subarray(0, bytes)
  if (part.length > 0) yield part
  if (part.length < whole.length) socket.end()
}
