/** Calls of the management API of a running installation, with its token. */
import { adviceOnError } from '../client/advice.js'
import { Failure, systemCode } from './failure.js'
import { findToken } from './management-token.js'

export interface ManagementSettings {
  readonly manage: string
  readonly token: string | undefined
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: object
}

/** Milliseconds. A server that is removed finishes its requests first, a cluster that is added makes its keys. */
const longestWait = 120_000

/**
 * @returns the body of the answer, as JSON; undefined when it has none
 * @throws Failure with the reason of the installation
 */
export async function callManagement(
  { manage, token }: ManagementSettings,
  { method, path, body }: Call,
): Promise<unknown> {
  const url = new URL(path, manage)
  const bearer = token ?? findToken(manage)
  const response = await fetch(url, {
    method,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(longestWait),
  }).catch((error: unknown) => {
    throw new Failure(`${url.href} does not answer${whyNot(error, url)}`)
  })
  const text = await response.text()
  const answer = parsed(text)
  if (response.ok && (text === '' || answer !== undefined)) return answer
  if (response.status === 401) {
    const why =
      bearer === undefined
        ? 'asks for a management token, and none was found on this machine'
        : 'has another management token'
    throw new Failure(
      `The installation at ${manage} ${why}. Give the one that rms-emulator up prints: --token TEXT, or RMS_TOKEN`,
    )
  }
  const reason = answer !== undefined && 'message' in answer ? answer.message : undefined
  // Fastify's own words for a path that it does not have: that is another server, or an installation in one process.
  if (typeof reason === 'string' && !reason.startsWith('Route '))
    throw new Failure(reason, response.status === 400 ? 2 : 1)
  throw new Failure(
    `${url.href} answers HTTP ${response.status}, but not as an installation does. Is this its management address? rms-emulator up prints it`,
  )
}

function whyNot(error: unknown, url: URL): string {
  const code = systemCode(error)
  return code === 'ECONNREFUSED'
    ? ` (${code}). Start an installation with rms-emulator up, or name a running one with --manage URL`
    : `: ${adviceOnError(error, url.href, longestWait)}`
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
