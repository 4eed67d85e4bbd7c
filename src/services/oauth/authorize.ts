/** The authorization endpoint (RFC 6749, 4.1.1; RFC 7636): from the request of a client to a redirect with a code. */
import type { RegisteredClient } from '../../cluster/oauth-clients.js'
import type { Account } from '../../directory/directory.js'
import { restResource } from '../../identity/bearer.js'
import { mayRedirect } from './clients.js'
import { issueCode, type CodeKeeper } from './codes.js'
import { OAuthRefusal, required, type Parameters } from './parameters.js'

/** A client that may be answered by a redirect. */
export interface Redirection {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string | undefined
}

/** What is asked for. */
export interface AuthorizeRequest extends Redirection {
  readonly loginHint: string | undefined
  readonly nonce: string | undefined
  readonly challenge: { readonly value: string; readonly method: 'S256' | 'plain' } | undefined
}

/**
 * Client and address, before anything else: nobody is sent anywhere that is not theirs.
 * @param own clients of the configuration
 * @throws OAuthRefusal, to be shown, not sent
 */
export function readRedirection(parameters: Parameters, own: readonly RegisteredClient[]): Redirection {
  const clientId = required(parameters, 'client_id')
  const redirectUri = required(parameters, 'redirect_uri')
  if (!mayRedirect(clientId, redirectUri, own)) {
    throw new OAuthRefusal(
      'invalid_request',
      'This redirect_uri is not registered for the client. Use http://127.0.0.1 with any port and path, or urn:ietf:wg:oauth:2.0:oob, or register it: --oauth-client ID=URI',
    )
  }
  return { clientId, redirectUri, state: parameters.get('state') }
}

/** @throws OAuthRefusal, to be sent to the client */
export function readAuthorizeRequest(parameters: Parameters, redirection: Redirection): AuthorizeRequest {
  if (parameters.get('response_type') !== 'code')
    throw new OAuthRefusal('unsupported_response_type', 'response_type must be code')
  if ((parameters.get('response_mode') ?? 'query') !== 'query')
    throw new OAuthRefusal('invalid_request', 'response_mode must be query')
  requireResource(parameters)
  return {
    ...redirection,
    loginHint: parameters.get('login_hint') || undefined,
    nonce: parameters.get('nonce'),
    challenge: readChallenge(parameters),
  }
}

/** Tokens are for the REST services alone. @throws OAuthRefusal */
export function requireResource(parameters: Parameters): void {
  const resource = parameters.get('resource') || restResource
  if (resource.toLowerCase() !== restResource)
    throw new OAuthRefusal('invalid_resource', `The resource must be ${restResource}`)
}

function readChallenge(parameters: Parameters): AuthorizeRequest['challenge'] {
  const value = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method') ?? 'plain'
  if (value === undefined) return undefined
  if (method !== 'S256' && method !== 'plain')
    throw new OAuthRefusal('invalid_request', 'code_challenge_method must be S256 or plain')
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(value))
    throw new OAuthRefusal('invalid_request', 'code_challenge must have 43 to 128 characters of base64url')
  return { value, method }
}

/** @returns where the client gets its code */
export async function codeRedirect(keeper: CodeKeeper, request: AuthorizeRequest, account: Account): Promise<string> {
  const { clientId, redirectUri, nonce, challenge, state } = request
  const code = await issueCode(keeper, { account: account.sid, clientId, redirectUri, nonce, challenge })
  return withParameters(redirectUri, { code, state })
}

export function errorRedirect({ redirectUri, state }: Redirection, { code, message }: OAuthRefusal): string {
  return withParameters(redirectUri, { error: code, error_description: message, state })
}

/** Appended as text: a URN has no query that a URL parser would know. */
function withParameters(address: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams(given).toString()}`
}
