/** The tokens that the sign-in service issues, with the claims of AD FS that the REST side and its clients read (rest-mde 2). */
import type { TokenKeys } from '../../cluster/token-keys.js'
import type { ServerState } from '../../cluster/server-state.js'
import type { Account, Directory } from '../../directory/directory.js'
import { restResource } from '../../identity/bearer.js'
import { signInOrigin } from '../rest/addresses.js'

/** Seconds. */
export const accessTokenLifetime = 3600

export interface TokenIssuer {
  /** Of the root: its nodes sign. */
  readonly state: ServerState
  readonly tokenKeys: TokenKeys
  readonly directory: Directory
}

/** `iss`, and where the discovery document is. */
export function issuerOf(state: ServerState): string {
  return `${signInOrigin(state)}/adfs`
}

export interface AccessTokenFields {
  readonly account: Account
  readonly now: Date
  readonly clientId: string
  /** Seconds; negative for one that has ended already, as tests of clients need it. */
  readonly lifetime?: number
  /** `aud`; the REST services' unless told. */
  readonly audience?: string
}

/** @returns a JWT, signed RS256 */
export async function accessToken(issuer: TokenIssuer, fields: AccessTokenFields): Promise<string> {
  const { account, now, clientId, lifetime = accessTokenLifetime, audience = restResource } = fields
  const claims = {
    ...(await accountClaims(account, issuer)),
    proxyAddresses: addressesOf(account),
    appid: clientId,
    apptype: 'Public',
    ver: '1.0',
  }
  return signed(issuer, { aud: audience, ...times(now, lifetime), ...claims })
}

/** OpenID Connect Core 2. Its audience is the client: no service takes it. */
export async function idToken(
  issuer: TokenIssuer,
  {
    account,
    now,
    clientId,
    nonce,
  }: Pick<AccessTokenFields, 'account' | 'now' | 'clientId'> & { readonly nonce: string | undefined },
): Promise<string> {
  const claims = {
    ...(await accountClaims(account, issuer)),
    oid: account.sid,
    ...(nonce === undefined ? {} : { nonce }),
  }
  return signed(issuer, { aud: clientId, ...times(now, accessTokenLifetime), ...claims })
}

/** @param lifetime seconds */
export function times(now: Date, lifetime: number): object {
  const issued = Math.floor(now.getTime() / 1000)
  // A token that has ended began before it did.
  return { iat: Math.min(issued, issued + lifetime), exp: issued + lifetime, auth_time: issued }
}

async function accountClaims(account: Account, { state, directory }: TokenIssuer): Promise<object> {
  const { dnsName } = await directory.forest()
  const user = account.name.slice(account.name.indexOf('\\') + 1)
  return {
    iss: issuerOf(state),
    sub: account.sid,
    upn: `${user}@${dnsName}`,
    unique_name: account.name,
    ...(account.mail === undefined ? {} : { email: account.mail }),
  }
}

/** Tokens travel in a header, which has bounds. */
const mostAddresses = 20

function addressesOf({ mail, proxyAddresses }: Account): readonly string[] {
  return [...(mail === undefined ? [] : [`SMTP:${mail}`]), ...proxyAddresses.map((address) => `smtp:${address}`)].slice(
    0,
    mostAddresses,
  )
}

/** A JWT of these claims. */
export async function signed({ state, tokenKeys }: TokenIssuer, claims: object): Promise<string> {
  const { kid, privateKey } = await tokenKeys.signing(state)
  const { CompactSign } = await import('jose')
  return new CompactSign(Buffer.from(plainJson(claims)))
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
    .sign(privateKey)
}

/**
 * JSON whose base64url is plain base64 too: the open client decodes it as that. Only these characters can bring forth a `-` or `_`.
 */
function plainJson(claims: object): string {
  return JSON.stringify(claims).replaceAll(
    /[>?~\u007F-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
