/** Calls of the management API of a running installation, with its token. */
import { once } from 'node:events'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { adviceOnError } from '../client/advice.js'
import { Failure, systemCode } from './failure.js'
import { findToken } from './management-token.js'
import { runningManage } from './running-installations.js'
import { answerWithin } from '../effects.js'
import { siteOf } from '../http/scoped-path.js'
import { commandLine } from '../command-line.js'
import { withPlace } from './next-command.js'

export interface ManagementSettings {
  /** undefined: that of the running installation. */
  readonly manage: string | undefined
  readonly token: string | undefined
  /** Of the installation, when it is about one. */
  readonly scope?: string | undefined
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** In place of a body in JSON. */
  readonly bytes?: Uint8Array
  /** The answer is no JSON. */
  readonly isText?: boolean
  /** Ends it before it is answered. */
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds. A server that is removed finishes its requests first, a cluster that is added makes its keys. */
const longestWait = 120_000

/**
 * @returns the body of the answer, as JSON; undefined when it has none
 * @throws Failure with the reason of the installation
 */
export async function callManagement(settings: ManagementSettings, call: Call): Promise<unknown> {
  return callAt(await managementBase(settings), settings.token, call)
}

/** Address of the management of an installation, or of a scope of it: `http://127.0.0.1:7080/f/NAME`. */
export async function managementBase({ manage, scope }: Omit<ManagementSettings, 'token'>): Promise<string> {
  const given = manage ?? (await runningManage())
  return scope === undefined ? given : `${new URL(given).origin}/f/${encodeURIComponent(scope)}`
}

async function callAt(manage: string, token: string | undefined, call: Call): Promise<unknown> {
  const url = managementUrl(manage, call.path)
  const bearer = token ?? findToken(manage)
  const headers = {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...typeOf(call),
  }
  const sent = send(url, { method: call.method, headers }, bodyOf(call), call.signal)
  const { status, text } = await sent.catch((error: unknown) => {
    throw new Failure(`${url.href} does not answer${whyNot(error, url)}`)
  })
  if (isGood(status) && call.isText === true) return text
  const answer = parsed(text)
  if (isGood(status) && (text === '' || answer !== undefined)) return answer
  if (status === 401) {
    const why =
      bearer === undefined
        ? 'asks for a management token, and none was found on this machine'
        : 'has another management token'
    throw new Failure(
      `The installation at ${manage} ${why}. Give the one that ${commandLine('up')} prints: --token TEXT, or RMS_TOKEN`,
    )
  }
  const reason = answer !== undefined && 'message' in answer ? answer.message : undefined
  // Fastify's own words for a path that it does not have: that is another server, or an installation in one process.
  if (typeof reason === 'string' && !reason.startsWith('Route '))
    throw new Failure(withPlace(reason), status === 400 ? 2 : 1)
  throw new Failure(
    `${url.href} answers HTTP ${status}, but not as an installation does. Is this its management address? ${commandLine('up')} prints it`,
  )
}

/** @param manage management address, of the installation or of a scope: `http://127.0.0.1:7080/f/NAME` */
export function managementUrl(manage: string, path: string): URL {
  return new URL(`${siteOf(manage)}${path}`)
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300
}

function typeOf({ body, bytes }: Call): { readonly 'content-type'?: string } {
  if (bytes !== undefined) return { 'content-type': 'application/octet-stream' }
  return body === undefined ? {} : { 'content-type': 'application/json' }
}

function bodyOf({ body, bytes }: Call): string | Uint8Array {
  return bytes ?? (body === undefined ? '' : JSON.stringify(body))
}

function whyNot(error: unknown, url: URL): string {
  const code = systemCode(error)
  return code === 'ECONNREFUSED'
    ? ` (${code}). Start an installation with ${commandLine('up')}, or name a running one with --manage URL`
    : `: ${adviceOnError(error, url.href, longestWait)}`
}

/** Not by fetch: to load it takes as long as all the rest of a command. */
async function send(
  url: URL,
  options: RequestOptions,
  body: string | Uint8Array,
  ended: AbortSignal | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const late = answerWithin(longestWait)
  const signal = ended === undefined ? late : AbortSignal.any([late, ended])
  try {
    const asked = request(url, { ...options, signal })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, text: await readText(answer) }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
