/** One SOAP call to an RMS server, for clients and for servers that ask other servers ([MS-RMPR] 2.1, 3.8). */
import { decodeText } from '../xml/decode.js'
import type { XmlElement } from '../xml/read.js'
import type { Markup } from '../xml/write.js'
import { contentType, readEnvelope, writeEnvelope } from '../soap/envelope.js'
import type { SoapMessage } from '../soap/envelope.js'
import { readFault } from '../soap/fault.js'
import type { Fault } from '../soap/fault.js'
import { soapAction } from '../soap/schema.js'
import { quoted, SoapProblem } from '../soap/soap-problem.js'
import type { SoapVersion } from '../soap/soap-problem.js'
import { plainVersions, versionDataHeader } from '../soap/version-data.js'
import type { VersionData } from '../soap/version-data.js'
import { adviceOnError } from './advice.js'
import {
  basicAuthorization,
  openConnections,
  TooManyBytes,
  type AnswerOrigin,
  type Connections,
  type Credentials,
  type HttpAnswer,
} from './connections.js'
import { answerWithin } from '../effects.js'

export interface SoapCall {
  readonly url: string
  /** Of the service. */
  readonly namespace: string
  readonly operation: string
  /** The request element, in the service's namespace. */
  readonly body: Markup
  /** 1.1 unless told otherwise. */
  readonly version?: SoapVersion
  /** 1.0.0.0 for both unless told otherwise; `none` leaves the header out. */
  readonly versions?: VersionData | 'none'
  /** For HTTP Basic, where no connections are given. */
  readonly credentials?: Credentials | undefined
  /** What the call goes out by, and signs in with. */
  readonly connections?: Connections | undefined
  readonly userAgent?: string
  /** For the whole call, 30 s unless told otherwise. */
  readonly timeoutMilliseconds?: number
  /** Of the answer, decompressed; 16 MiB unless told otherwise. */
  readonly maximumBytes?: number
  /** Told who answered, also when the answer is a refusal. */
  readonly onAnswer?: ((origin: AnswerOrigin) => void) | undefined
}

/** The server refused by a SOAP fault. */
export class SoapFault extends Error {
  override readonly name = 'SoapFault'
  readonly url: string
  /** HTTP status. */
  readonly status: number
  /** Without prefix: Server, Client, Receiver, Sender … */
  readonly code: string
  /** The faultstring. */
  readonly text: string
  /** The full name of the exception; undefined when the faultstring names none. */
  readonly exceptionName: string | undefined
  /** The operation that was called. */
  readonly operation: string
  /** By which the server's request log has it; undefined where the server gives none. */
  readonly requestId: string | undefined
  /** The server that refused; undefined where it gives no name. */
  readonly server: string | undefined

  constructor(url: string, status: number, fault: Fault, operation: string, origin?: AnswerOrigin) {
    super(`${url} refused: ${fault.text}`)
    this.url = url
    this.status = status
    this.operation = operation
    this.requestId = origin?.requestId
    this.server = origin?.server
    this.code = fault.code
    this.text = fault.text
    this.exceptionName = fault.exceptionNames.find((name) => name !== aspNetWrapper) ?? fault.exceptionNames[0]
  }
}

/** Genuine servers put this in front of the exception that matters. */
const aspNetWrapper = 'System.Web.Services.Protocols.SoapException'

/** There is no SOAP answer. The message says what to do. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly url: string
  /** HTTP status; undefined when there was no answer at all. */
  readonly status: number | undefined
  /** By which the server's request log has it; undefined where there was no answer, or none that says. */
  readonly requestId: string | undefined
  /** The server that answered; undefined where it gives no name. */
  readonly server: string | undefined

  constructor(url: string, status: number | undefined, message: string, cause?: unknown, origin?: AnswerOrigin) {
    super(message, { cause })
    this.url = url
    this.status = status
    this.requestId = origin?.requestId
    this.server = origin?.server
  }
}

/**
 * Calls the operation and returns the element `<operation>Response`. Connections are kept and used again.
 * @throws SoapFault, CallFailed
 */
export async function callSoap(call: SoapCall): Promise<XmlElement> {
  const { url } = call
  const answer = await post(call)
  call.onAnswer?.(answer.origin)
  const message = readAnswer(url, answer)
  const fault = readFault(message.body)
  if (fault !== undefined) throw new SoapFault(url, answer.status, fault, call.operation, answer.origin)
  if (message.body.name !== `${call.operation}Response` || message.body.namespace !== call.namespace) {
    const found = `${quoted(message.body.name)} of namespace ${quoted(message.body.namespace)}`
    const why = `${url} answered ${call.operation} with ${found}. Is this the address of that service?`
    throw new CallFailed(url, answer.status, why)
  }
  return message.body
}

async function post(call: SoapCall): Promise<HttpAnswer> {
  const { url, timeoutMilliseconds = 30_000, maximumBytes = 16 * 1024 * 1024 } = call
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CallFailed(url, undefined, `${quoted(url)} is not an http or https address. Check the URL.`)
  }
  const { connections = openConnections({ credentials: call.credentials }) } = call
  try {
    return await connections.post({
      url,
      headers: requestHeaders(call),
      body: requestBody(call),
      signal: answerWithin(timeoutMilliseconds),
      maximumBytes,
    })
  } catch (error) {
    if (error instanceof TooManyBytes) {
      throw new CallFailed(
        url,
        error.status,
        `${url} answered with more than ${maximumBytes} bytes. Raise the limit if this is right.`,
      )
    }
    throw new CallFailed(
      url,
      undefined,
      `${url} cannot be called: ${adviceOnError(error, url, timeoutMilliseconds)}`,
      error,
    )
  } finally {
    if (call.connections === undefined) await connections.close()
  }
}

/** What goes over HTTP, signed in by Basic: for callers that send it themselves. */
export function httpRequestOf(call: SoapCall): { readonly headers: Record<string, string>; readonly body: string } {
  const { credentials } = call
  const headers = {
    ...requestHeaders(call),
    ...(credentials === undefined ? {} : { Authorization: basicAuthorization(credentials) }),
  }
  return { headers, body: requestBody(call) }
}

function requestBody(call: SoapCall): string {
  return writeEnvelope(call.version ?? '1.1', requestHeader(call), call.body)
}

function requestHeaders({ namespace, operation, version = '1.1', userAgent }: SoapCall): Record<string, string> {
  const action = soapAction({ namespace }, operation)
  return {
    'Content-Type': contentType(version, action),
    ...(version === '1.1' ? { SOAPAction: `"${action}"` } : {}),
    ...(userAgent === undefined ? {} : { 'User-Agent': userAgent }),
  }
}

function requestHeader({ namespace, versions = plainVersions }: SoapCall): Markup | undefined {
  return versions === 'none' ? undefined : versionDataHeader(namespace, versions)
}

export async function readBounded(response: Response, url: string, maximumBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    // Leaving the loop cancels the rest of the answer
    if (length > maximumBytes) {
      const why = `${url} answered with more than ${maximumBytes} bytes. Raise the limit if this is right.`
      throw new CallFailed(url, response.status, why)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Faults come with 500 or 400 and are read as well; anything else that is not XML is explained by its status. */
function readAnswer(url: string, { status, type, bytes, origin }: HttpAnswer): SoapMessage {
  if (![200, 400, 500].includes(status) || !/xml/i.test(type)) {
    const why = `${url} answered HTTP ${status}: ${adviceOnStatus(status, type)}`
    throw new CallFailed(url, status, why, undefined, origin)
  }
  try {
    return readEnvelope(decodeText(bytes))
  } catch (error) {
    if (!(error instanceof SoapProblem) && !(error instanceof TypeError)) throw error
    throw new CallFailed(
      url,
      status,
      `${url} answered HTTP ${status}, but not with a SOAP message: ${error.message}`,
      error,
    )
  }
}

function adviceOnStatus(status: number, type: string): string {
  if (status >= 300 && status < 400) return 'it sends callers to another address. Use that address as the URL.'
  switch (status) {
    case 401:
      return 'the caller was not let in. Check user and password, and whether this account may use this service.'
    case 403:
      return 'this account may not use this service.'
    case 404:
      return 'there is no such service. Check the path of the URL, and whether a cluster of this kind has the service.'
    case 413:
      return 'the request is larger than the server accepts.'
    case 502:
    case 503:
    case 504:
      return 'the server cannot serve now. See whether the nodes behind the address are running, and try again.'
    default:
      return `this is no SOAP answer (${type === '' ? 'no Content-Type' : quoted(type)}). Is this the address of an RMS service?`
  }
}
