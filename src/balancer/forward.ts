/** One request: to the node whose turn it is; to the next one, once each, when a node dies or refuses before it has answered. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type { Timers } from '../effects.js'
import { resetConnection, resetMark } from '../http/reset.js'
import { scopedPath } from '../http/scoped-path.js'
import type { BalancedCluster } from './cluster.js'
import { isRefusedConnection, isShortage } from './failure.js'
import {
  answerHeaders,
  askedOf,
  continuesDialogue,
  nodeHeaders,
  signsInConnection,
  targetOf,
  type BadTarget,
  type Trust,
} from './headers.js'
import { tellWhenIdle, type BalancedNode } from './node.js'
import type { Limits } from './options.js'
import type { Pin, Pinning } from './pinning.js'
import { refusals, refusedFraming, type Refusal, type Refuse } from './refusals.js'
import { clientGone, receiveBody, type KeptBytes, type RequestBody } from './request-body.js'

export interface Forwarding {
  readonly cluster: BalancedCluster
  /** Headers that tell nodes by which listener the client came. */
  readonly mark: readonly string[]
  /** By which another balancer of ours is known from a foreign proxy. */
  readonly listenerKey: string | undefined
  readonly connectionName: (socket: Socket) => string
  readonly limits: Limits
  readonly pinning: Pinning
  /** Where requests below `/f/` go instead. */
  readonly scopes?: { readonly cluster: BalancedCluster; readonly pinning: Pinning } | undefined
  readonly kept: KeptBytes
  readonly refuse: Refuse
  /** Whose word on how the client asked is passed on. */
  readonly trust: Trust
  /** The balancer stops: connections end with their running request. */
  readonly isClosing: () => boolean
  /** Told of every request when it is over; status 0 for a client that went away before its answer. */
  readonly observe: (status: number, milliseconds: number) => void
  readonly monotonic: () => number
  readonly timers: Timers
}

/** A node's answer is given up for this reason: it says 503, and another node is there. */
const passedOn = new Error('the node is not ready; another one is asked')

/** A node says nothing any more, to checks or to anybody. */
const fellSilent = new Error('the node does not answer any more; another one is asked')

/** A way to a node: shared connections, or the client connection's own. */
interface Way {
  readonly node: BalancedNode
  readonly dispatcher: Dispatcher
  readonly pin: Pin | undefined
}

/** Forwards a request whose headers are there. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
  whole: Forwarding,
): void {
  const target = targetOf(request)
  const isScoped = typeof target !== 'string' && scopedPath(target.path) !== undefined
  const forwarding = isScoped ? { ...whole, ...whole.scopes } : whole
  const started = forwarding.monotonic()
  const refusal = refusedFraming(request)
  response.once('close', () =>
    forwarding.observe(response.headersSent ? response.statusCode : 0, forwarding.monotonic() - started),
  )
  if (refusal !== undefined || typeof target === 'string') {
    request.resume()
    forwarding.refuse.answer(response, refusal ?? refusals[target as BadTarget])
    return
  }
  if (Number(request.headers['content-length'] ?? 0) > forwarding.limits.bodyBytes) {
    refuseUnread(forwarding, response, refusals.tooLarge, expectsContinue)
    return
  }
  if (!forwarding.cluster.hasReady() && forwarding.pinning.openWay(request.socket) === undefined) {
    refuseUnread(forwarding, response, refusals.noNode, expectsContinue)
    return
  }
  if (expectsContinue) response.writeContinue()
  if (signsInConnection(request.headers.authorization)) forwarding.pinning.mark(request.socket)
  const { mark, listenerKey: key } = forwarding
  const connection = forwarding.connectionName(request.socket)
  const asked = askedOf(request, target.host, forwarding.trust)
  const headers = nodeHeaders(request, asked, { mark, connection, key })
  let exchange: Exchange | undefined
  receiveBody(request, forwarding.limits, forwarding.kept, {
    begin: (body) => {
      exchange = createExchange(request, response, { path: target.path, headers, body }, forwarding)
      exchange.send()
    },
    tooLarge: () => {
      if (exchange === undefined) forwarding.refuse.answer(response, refusals.tooLarge)
      else exchange.refuse(refusals.tooLarge)
    },
  })
}

/** A client that waits for 100 Continue may leave out the body now or send it: only a new connection is safe. */
function refuseUnread(
  { refuse }: Forwarding,
  response: ServerResponse,
  refusal: Refusal,
  expectsContinue: boolean,
): void {
  response.req.resume()
  refuse.answer(response, expectsContinue ? { ...refusal, closes: true } : refusal)
}

interface Exchange {
  send(): void
  /** Ends it from the client's side: what the node is doing for it does not matter any more. */
  refuse(refusal: Refusal): void
}

interface Outgoing {
  readonly path: string
  readonly headers: readonly string[]
  readonly body: RequestBody
}

function createExchange(
  request: IncomingMessage,
  response: ServerResponse,
  outgoing: Outgoing,
  forwarding: Forwarding,
): Exchange {
  const { cluster, pinning, isClosing } = forwarding
  const { body } = outgoing
  const { socket } = request
  const authorization = request.headers.authorization
  const tried = new Set<BalancedNode>()
  let way: Way | undefined
  let controller: Dispatcher.DispatchController | undefined
  let answered = false
  let inDialogue = false
  /** It left a node that had fallen silent: a second one that does may do so because of it, and the others are spared. */
  let hasLeftSilent = false
  let gone = response.destroyed

  response.once('close', () => {
    gone = true
    if (!response.writableFinished) controller?.abort(clientGone)
    body.discard()
    way?.pin?.end(inDialogue)
    leave()
  })
  // In a turn of its own: this may be told while another node's answer is being parsed, for a later request of the same client, and two of undici's
  // parsers cannot run one within the other.
  response.on('drain', () => process.nextTick(() => controller?.resume()))

  function leave(): void {
    if (way === undefined) return
    const { node } = way
    way = undefined
    node.waiting.delete(moveOn)
    node.running--
    tellWhenIdle(node)
  }

  function moveOn(): void {
    if (answered || hasLeftSilent || controller === undefined) return
    hasLeftSilent = true
    controller.abort(fellSilent)
  }

  function chooseWay(): Way | undefined {
    if (!pinning.isPinned(socket)) {
      const node = cluster.next(tried)
      return node && { node, dispatcher: node.pool, pin: undefined }
    }
    const pin = pinning.wayOf(socket, tried)
    return pin && { node: pin.node, dispatcher: pin.client, pin }
  }

  /** The node that knows the first half of the sign-in is gone; a node that sees the second half only would say that the password is wrong. */
  function isSignInLost(): boolean {
    return continuesDialogue(authorization) && pinning.hadWay(socket) && pinning.openWay(socket) === undefined
  }

  function giveUp(refusal: Refusal): void {
    body.discard()
    forwarding.refuse.answer(response, refusal)
  }

  function send(): void {
    if (gone) return
    if (isSignInLost()) {
      giveUp(refusals.signInLost)
      return
    }
    way = chooseWay()
    if (way === undefined) {
      giveUp(tried.size === 0 ? refusals.noNode : refusals.nodeDied)
      return
    }
    const { node, dispatcher, pin } = way
    tried.add(node)
    node.running++
    node.waiting.add(moveOn)
    node.counters.requests++
    pin?.begin()
    const content = body.take()
    const length = request.headers['content-length']
    const isStream = content !== null && !Buffer.isBuffer(content)
    const headers =
      isStream && length !== undefined ? [...outgoing.headers, 'Content-Length', length] : [...outgoing.headers]
    const options = {
      path: outgoing.path,
      method: request.method ?? 'GET',
      headers,
      body: content,
      servername: node.serverName,
    }
    // A node's connection that belongs to a signed-in client is kept open also after HEAD.
    dispatcher.dispatch(pin === undefined ? options : { ...options, reset: false }, handler(way))
  }

  function handler(mine: Way): Dispatcher.DispatchHandler {
    return {
      onRequestStart: (given) => {
        controller = given
        if (gone) given.abort(clientGone)
        // It had to wait for a connection, and nobody could tell it meanwhile. The node has not seen it.
        else if (mine.node.isSilent) given.abort(fellSilent)
      },
      onResponseStart: (given, status, { 'x-lab': touched, [resetMark]: mark }, message) => {
        if (status < 200) return
        countAnswer(mine.node, status)
        if (mark === 'reset') cutOff(given)
        // What a lab wants a client to hear, it hears.
        else if (status === 503 && touched === undefined && mine.pin === undefined && body.repeatable() && hasAnother())
          given.abort(passedOn)
        else sendHead(status, message, given.rawHeaders)
      },
      onResponseData: (given, chunk) => {
        if (!response.write(chunk)) given.pause()
      },
      onResponseEnd: () => void response.end(),
      onResponseError: (_given, error) => fail(mine, error),
    }
  }

  /** A lab lets a server cut the connection: to the client that is this one. */
  function cutOff(given: Dispatcher.DispatchController): void {
    given.abort(clientGone)
    resetConnection(socket)
  }

  function hasAnother(): boolean {
    return cluster.nodes().some((node) => node.state === 'ready' && !tried.has(node))
  }

  function sendHead(
    status: number,
    message: string | undefined,
    raw: Dispatcher.DispatchController['rawHeaders'],
  ): void {
    answered = true
    way?.node.waiting.delete(moveOn)
    body.forget()
    const answer = answerHeaders(Array.isArray(raw) ? raw : [])
    const pin = way?.pin
    inDialogue =
      status === 401 && pin !== undefined && signsInConnection(authorization) && !continuesDialogue(authorization)
    if (isClosing() || (pin !== undefined && (answer.closes || (pin.isLeaving() && !inDialogue))))
      answer.headers.push('Connection', 'close')
    response.writeHead(status, message ?? '', answer.headers)
    // A body that lets wait for itself should not keep the head back.
    process.nextTick(() => {
      if (!response.writableEnded && !response.destroyed && response.writableLength === 0) response.flushHeaders()
    })
  }

  function fail(mine: Way, error: NodeJS.ErrnoException): void {
    controller = undefined
    if (gone) return
    if (answered || error === clientGone) {
      // Part of the answer has gone out: cutting the connection is the only way to say that it is not whole.
      response.destroy()
      return
    }
    const refusal = error === passedOn ? undefined : judge(mine, error)
    const moves = refusal === undefined && body.repeatable()
    if (moves) mine.node.counters.movedAway++
    if (moves || mine.pin?.isClosed() === true) mine.pin?.abandon()
    else mine.pin?.end(false)
    leave()
    if (moves) send()
    else giveUp(refusal ?? refusals.nodeDiedOnce)
  }

  /** The refusal to answer, or undefined when another node may be asked. The node is looked at, unless it has nothing to do with it. */
  function judge({ node, pin }: Way, error: NodeJS.ErrnoException): Refusal | undefined {
    const code = error.code ?? ''
    if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') return refusals.badRequest
    if (isShortage(error)) return refusals.noConnection
    node.counters.failures++
    if (isRefusedConnection(error)) node.refused(error.message)
    else node.suspect()
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return refusals.slowAnswer
    if (error.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') return refusals.badAnswer
    return pin !== undefined && continuesDialogue(authorization) ? refusals.signInLost : undefined
  }

  return {
    send,
    refuse: (refusal) => {
      if (gone || answered) return
      gone = true
      controller?.abort(clientGone)
      forwarding.refuse.answer(response, refusal)
    },
  }
}

function countAnswer({ counters }: BalancedNode, status: number): void {
  const family = Math.floor(status / 100)
  counters.answers[family] = (counters.answers[family] ?? 0) + 1
}
