/**
 * Refresh tokens: signed, for the sign-in service alone, and kept nowhere. Every node takes those of every other one, again and again until they end, as
 * AD FS does; a request that is sent twice because a node died does no harm.
 */
import { OAuthRefusal } from './parameters.js'
import { signed, times, type AccessTokenFields, type TokenIssuer } from './tokens.js'

/** Seconds. */
export const refreshTokenLifetime = 8 * 3600

/** `aud`: no service takes it. */
const audience = 'urn:rms-emulator:refresh'
const longestToken = 4096

export function refreshToken(
  issuer: TokenIssuer,
  { account, now, clientId }: Pick<AccessTokenFields, 'account' | 'now' | 'clientId'>,
): Promise<string> {
  return signed(issuer, { aud: audience, sub: account.sid, client_id: clientId, ...times(now, refreshTokenLifetime) })
}

/**
 * @returns SID of the account, and the client
 * @throws OAuthRefusal
 */
export async function readRefreshToken(
  { tokenKeys }: TokenIssuer,
  token: string,
  now: Date,
): Promise<{ readonly account: string; readonly clientId: string }> {
  const refuse = (): never => {
    throw new OAuthRefusal('invalid_grant', 'The refresh token is none of this service, or has ended')
  }
  if (token.length > longestToken || !/^[\w.-]+$/.test(token)) return refuse()
  const { createLocalJWKSet, errors, jwtVerify } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(await tokenKeys.published()), {
      algorithms: ['RS256'],
      audience,
      currentDate: now,
      requiredClaims: ['exp', 'sub'],
    })
    return { account: payload.sub ?? '', clientId: String(payload['client_id']) }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return refuse()
    throw error
  }
}
