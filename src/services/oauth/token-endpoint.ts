/** The token endpoint (RFC 6749, 4.1.3, 4.3, 6; RFC 7636, 4.6): codes, refresh tokens and passwords become access tokens. */
import { createHash } from 'node:crypto'
import type { Account } from '../../directory/directory.js'
import { restResource } from '../../identity/bearer.js'
import { isSameSecret } from '../../same-secret.js'
import { requireResource } from './authorize.js'
import { ownClientId } from './clients.js'
import { redeemCode, type CodeGrant, type CodeKeeper } from './codes.js'
import { OAuthRefusal, printable, required, type Parameters } from './parameters.js'
import { readRefreshToken, refreshToken, refreshTokenLifetime } from './refresh-tokens.js'
import { accessToken, accessTokenLifetime, idToken, type TokenIssuer } from './tokens.js'

/** What tokens are made with. */
export type TokenService = TokenIssuer & CodeKeeper

/** The answer, with the members that the open client reads; none of them is ever null. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly resource: string
  readonly refresh_token: string
  readonly refresh_token_expires_in: number
  readonly scope: string
  readonly id_token: string
}

interface SignedIn {
  readonly account: Account
  readonly clientId: string
  readonly nonce?: string | undefined
  /** The one that was used stays in use. */
  readonly used?: string
}

/** @throws OAuthRefusal */
export async function exchangeToken(
  parameters: Parameters,
  service: TokenService,
): Promise<{ readonly answer: TokenAnswer; readonly account: Account }> {
  const grantType = required(parameters, 'grant_type')
  const exchange = exchanges.get(grantType)
  if (exchange === undefined)
    throw new OAuthRefusal(
      'unsupported_grant_type',
      `grant_type is ${printable(grantType)}, it must be one of ${grantTypes.join(', ')}`,
    )
  requireResource(parameters)
  const signedIn = await exchange(parameters, service)
  return { answer: await answerFor(signedIn, service), account: signedIn.account }
}

type Exchange = (parameters: Parameters, service: TokenService) => Promise<SignedIn>

const exchanges: ReadonlyMap<string, Exchange> = new Map([
  ['authorization_code', byCode],
  ['refresh_token', byRefreshToken],
  ['password', byPassword],
])
export const grantTypes: readonly string[] = [...exchanges.keys()]

async function byCode(parameters: Parameters, service: TokenService): Promise<SignedIn> {
  const [clientId, code] = [required(parameters, 'client_id'), required(parameters, 'code')]
  const grant = await redeemCode(service, code)
  if (grant.clientId !== clientId) throw new OAuthRefusal('invalid_grant', 'The code was issued to another client')
  if (grant.redirectUri !== parameters.get('redirect_uri'))
    throw new OAuthRefusal('invalid_grant', 'redirect_uri is not the one that the code was asked for with')
  requireVerifier(grant, parameters.get('code_verifier'))
  return { account: await accountOf(grant.account, service), clientId, nonce: grant.nonce }
}

/** A verifier without a challenge is refused too: somebody took the challenge away. */
function requireVerifier({ challenge }: CodeGrant, verifier: string | undefined): void {
  if (challenge === undefined && verifier === undefined) return
  const found =
    challenge?.method === 'S256'
      ? createHash('sha256')
          .update(verifier ?? '')
          .digest('base64url')
      : (verifier ?? '')
  if (isSameSecret(found, challenge?.value ?? '')) return
  throw new OAuthRefusal('invalid_grant', 'code_verifier does not belong to the code_challenge of the code')
}

async function byRefreshToken(parameters: Parameters, service: TokenService): Promise<SignedIn> {
  const used = parameters.get('refresh_token') ?? ''
  if (used === '') throw new OAuthRefusal('invalid_request', 'The parameter refresh_token is missing')
  const grant = await readRefreshToken(service, used, service.now)
  const clientId = parameters.get('client_id') || grant.clientId
  if (grant.clientId !== clientId)
    throw new OAuthRefusal('invalid_grant', 'The refresh token was issued to another client')
  return { account: await accountOf(grant.account, service), clientId, used }
}

async function byPassword(parameters: Parameters, { directory }: TokenService): Promise<SignedIn> {
  const [name, password] = [parameters.get('username') ?? '', parameters.get('password') ?? '']
  if (name === '' || password === '')
    throw new OAuthRefusal('invalid_request', 'The parameter username or password is missing')
  const clientId = parameters.has('client_id') ? required(parameters, 'client_id') : ownClientId
  const account = await directory.authenticate(name, password)
  if (account === undefined)
    throw new OAuthRefusal('invalid_grant', 'The user name or password is wrong, or the account is disabled')
  return { account, clientId }
}

/** Who signed in may have been disabled since. */
async function accountOf(sid: string, { directory }: TokenService): Promise<Account> {
  const account = await directory.accountBySid(sid)
  if (account?.enabled === true) return account
  throw new OAuthRefusal('invalid_grant', 'The account is not there any more, or is disabled')
}

async function answerFor({ account, clientId, nonce, used }: SignedIn, service: TokenService): Promise<TokenAnswer> {
  const { now } = service
  return {
    access_token: await accessToken(service, { account, now, clientId }),
    token_type: 'bearer',
    expires_in: accessTokenLifetime,
    resource: restResource,
    refresh_token: used ?? (await refreshToken(service, { account, now, clientId })),
    refresh_token_expires_in: refreshTokenLifetime,
    scope: 'openid',
    id_token: await idToken(service, { account, now, clientId, nonce }),
  }
}
