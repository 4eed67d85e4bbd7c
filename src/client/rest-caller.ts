/** One call of a REST service: the challenge, the token, the JSON (rest-mde 2, 3, 8). */
import { adviceOnError } from './advice.js'
import { CallFailed, readBounded } from './soap-caller.js'
import { originOf, type AnswerOrigin } from './connections.js'
import type { Fetch } from './trusting-fetch.js'
import { answerWithin } from '../effects.js'

export interface RestCallContext {
  readonly userAgent: string
  readonly languages: string
  readonly timeoutMilliseconds: number
  readonly fetch: Fetch
}

export interface RestRequest {
  readonly url: string
  /** Sent as JSON; without one the call is a GET. */
  readonly body?: object | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export interface RestReply {
  readonly status: number
  readonly text: string
  /** Value of WWW-Authenticate. */
  readonly challenge: string
  readonly origin: AnswerOrigin
}

/** The server refused with a code. */
export class RestRefused extends Error {
  override readonly name = 'RestRefused'
  readonly url: string
  readonly status: number
  /** Such as `Microsoft.RightsManagement.Exceptions.BadInputException`; '' when the answer names none. */
  readonly code: string
  /** By which the server's request log has it; undefined where the server gives none. */
  readonly requestId: string | undefined
  /** The server that refused; undefined where it gives no name. */
  readonly server: string | undefined
  constructor(url: string, { status, origin }: Pick<RestReply, 'status' | 'origin'>, code: string, message: string) {
    super(
      `${url} refused with HTTP ${status}: ${[code, message].filter((part) => part !== '').join(': ') || 'no reason given'}`,
    )
    this.url = url
    this.status = status
    this.code = code
    this.requestId = origin.requestId
    this.server = origin.server
  }
}

/** The server granted nothing. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied'
  /** `AccessDenied` or `ContentExpired`. */
  readonly status: string
  /** Whom to ask for more rights. */
  readonly referrer: string | undefined
  constructor(status: string, user: string, referrer: string | undefined) {
    const why = status === 'ContentExpired' ? 'the content has expired' : `${user} has no rights to it`
    super(`The server granted nothing (${status}): ${why}${referrer === undefined ? '' : `. Ask ${referrer}`}`)
    this.status = status
    this.referrer = referrer
  }
}

const maximumBytes = 16 * 1024 * 1024

/**
 * Sends the request as it is, with the token when there is one.
 * @throws CallFailed when there is no answer
 */
export async function sendRest(
  { url, body, headers }: RestRequest,
  token: string | undefined,
  context: RestCallContext,
): Promise<RestReply> {
  const { timeoutMilliseconds } = context
  try {
    const response = await context.fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'accept-language': context.languages,
        'user-agent': context.userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: answerWithin(timeoutMilliseconds),
    })
    const bytes = await readBounded(response, url, maximumBytes)
    return {
      status: response.status,
      text: new TextDecoder().decode(bytes),
      challenge: response.headers.get('www-authenticate') ?? '',
      origin: originOf(response.headers),
    }
  } catch (error) {
    if (error instanceof CallFailed) throw error
    throw new CallFailed(
      url,
      undefined,
      `${url} cannot be called: ${adviceOnError(error, url, timeoutMilliseconds)}`,
      error,
    )
  }
}

/**
 * The JSON of an answer: exactly 200 is success.
 * @throws RestRefused, CallFailed for what is no JSON
 */
export function readReply(url: string, { status, text, origin }: RestReply): unknown {
  const value = parsed(text)
  if (status === 200 && value !== undefined) return value
  if (status === 200)
    throw new CallFailed(
      url,
      status,
      `${url} answered HTTP 200, but not with JSON. Is this the address of an RMS REST service?`,
    )
  const { Code: code, Message: message } = isObject(value) ? value : {}
  throw new RestRefused(url, { status, origin }, textOf(code), textOf(message))
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
