/** From the challenge of a REST service to an access token, by the password grant (rest-mde 2). */
import { adviceOnError } from './advice.js'
import { CallFailed, readBounded } from './soap-caller.js'
import { isObject, textOf, type RestCallContext } from './rest-caller.js'
import { answerWithin } from '../effects.js'

/** What a challenge says. */
export interface Challenge {
  /** Authorize endpoint of the sign-in service. */
  readonly authorization: string
  /** What the token is to be for. */
  readonly resource: string
}

/** The server sends its users to a sign-in service elsewhere; the address comes from the server. */
export class ForeignSignInService extends Error {
  override readonly name = 'ForeignSignInService'
  constructor(url: string) {
    super(
      `The server sends its users to ${url} to sign in, a host this client has not been told of. Your password would be sent there: name the host in \`signInHosts\` if that is right, or give a token.`,
    )
  }
}

/** @throws CallFailed when it is no Bearer challenge that names a sign-in service */
export function readChallenge(url: string, header: string): Challenge {
  const parts = /^bearer\s+/i.test(header) ? header.replace(/^bearer\s+/i, '').split(',') : []
  const values = new Map(
    parts
      .map((part) => part.split('='))
      .flatMap(([name = '', value, ...more]) =>
        value === undefined || more.length > 0
          ? []
          : [[name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')] as const],
      ),
  )
  const authorization = values.get('authorization_uri') ?? values.get('authorization') ?? ''
  if (!URL.canParse(authorization))
    throw new CallFailed(
      url,
      401,
      `${url} asks for a sign-in, but does not say where: WWW-Authenticate is "${header.slice(0, 200)}"`,
    )
  return { authorization, resource: values.get('resource') ?? values.get('realm') ?? new URL(url).host }
}

export interface SignIn {
  readonly user: string
  readonly password: string
  /** Hosts that the password may go to. */
  readonly hosts: readonly string[]
}

/** Client id of the client's own. */
const clientId = 'rms-emulator'
const maximumBytes = 256 * 1024

/**
 * Signs in by password at the token endpoint, which stands beside the authorize endpoint.
 * @throws ForeignSignInService, CallFailed
 */
export async function signInByPassword(
  { authorization, resource }: Challenge,
  { user, password, hosts }: SignIn,
  context: RestCallContext,
): Promise<string> {
  const { origin, pathname, hostname } = new URL(authorization)
  if (!hosts.includes(hostname)) throw new ForeignSignInService(authorization)
  const folder = /^(.*\/oauth2)\/authorize$/i.exec(pathname)?.[1] ?? `/${pathname.split('/')[1] ?? ''}/oauth2`
  const url = `${origin}${folder}/token`
  const form = { grant_type: 'password', username: user, password, client_id: clientId, resource }
  try {
    const response = await context.fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        'user-agent': context.userAgent,
      },
      body: new URLSearchParams(form).toString(),
      redirect: 'manual',
      signal: answerWithin(context.timeoutMilliseconds),
    })
    const text = new TextDecoder().decode(await readBounded(response, url, maximumBytes))
    return readToken(url, response.status, text, user)
  } catch (error) {
    if (error instanceof CallFailed) throw error
    throw new CallFailed(
      url,
      undefined,
      `${url} cannot be called: ${adviceOnError(error, url, context.timeoutMilliseconds)}`,
      error,
    )
  }
}

function readToken(url: string, status: number, text: string, user: string): string {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = undefined
  }
  const token = isObject(answer) ? textOf(answer['access_token']) : ''
  if (status === 200 && token !== '') return token
  const reason = isObject(answer) ? textOf(answer['error_description']) || textOf(answer['error']) : ''
  throw new CallFailed(url, status, `${url} did not sign in ${user}: ${reason || `HTTP ${status}`}`)
}
