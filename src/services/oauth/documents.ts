/** What the sign-in service says of itself: OpenID Connect Discovery 1.0, and the user realm that clients ask for before a password grant. */
import type { ServerState } from '../../cluster/server-state.js'
import { signInOriginAt } from '../rest/addresses.js'
import { grantTypes } from './token-endpoint.js'
import { issuerOf } from './tokens.js'

export const oauthPaths = {
  authorize: '/adfs/oauth2/authorize',
  token: '/adfs/oauth2/token',
  keys: '/adfs/discovery/keys',
  discovery: '/adfs/.well-known/openid-configuration',
} as const

/**
 * The issuer has one name, as with AD FS; where its endpoints are follows the address that was asked.
 * @param host that the client used
 */
export function discoveryDocument(state: ServerState, host: string): object {
  const issuer = issuerOf(state)
  const origin = signInOriginAt(state, host)
  return {
    issuer,
    access_token_issuer: issuer,
    authorization_endpoint: `${origin}${oauthPaths.authorize}`,
    token_endpoint: `${origin}${oauthPaths.token}`,
    jwks_uri: `${origin}${oauthPaths.keys}`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    subject_types_supported: ['public'],
    scopes_supported: ['openid'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256', 'plain'],
    claims_supported: [
      'aud',
      'iss',
      'iat',
      'exp',
      'auth_time',
      'nonce',
      'sub',
      'oid',
      'upn',
      'unique_name',
      'email',
      'proxyAddresses',
    ],
  }
}

/** Managed: this service takes the password itself. */
export function userRealm(user: string): object {
  const domain = user.includes('@') ? user.slice(user.lastIndexOf('@') + 1) : ''
  return { ver: '1.0', account_type: 'managed', ...(domain === '' ? {} : { domain_name: domain }) }
}
