/** Whose access tokens a node takes: those of the installation's own sign-in service, or of one that is trusted instead (rest-mde 2). */
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import type { ServerState } from '../cluster/server-state.js'
import type { TokenTrust } from '../identity/bearer.js'
import { signInOriginFor } from '../services/rest/addresses.js'
import type { NodeContext } from './context.js'

/**
 * Where the challenge sends clients to sign in.
 * @param host that the client used
 */
export function authorizationUrl(state: ServerState, host: string): string {
  return state.configuration.tokenIssuer?.authorizationUrl ?? `${signInOriginFor(state, host)}/adfs/oauth2/authorize`
}

export function tokenTrust({ tokenKeys }: NodeContext, state: ServerState): TokenTrust {
  const { tokenIssuer } = state.configuration
  if (tokenIssuer !== null)
    return {
      issuer: tokenIssuer.issuer,
      keys: async (header, token) => (await keySet(tokenIssuer.jwks))(header, token),
    }
  // Nobody else has this key. The address of the root may change, or be another one to a licensing-only cluster: its tokens stay good.
  return { keys: async (header, token) => (await keySet(JSON.stringify(await tokenKeys.published())))(header, token) }
}

/** Importing keys is slow: the sets that were used last stay. */
const known = new Map<string, JWTVerifyGetKey>()
const mostKnown = 20

async function keySet(jwks: string): Promise<JWTVerifyGetKey> {
  const found = known.get(jwks)
  if (found !== undefined) return found
  const { createLocalJWKSet } = await import('jose')
  const made = createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet)
  if (known.size >= mostKnown) known.clear()
  known.set(jwks, made)
  return made
}
