/** Bearer tokens (RFC 6750): JSON Web Tokens of the sign-in service, as the REST side takes them (rest-mde 2). */
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { Account, Directory } from '../directory/directory.js'
import { clockTolerance } from '../xrml/times.js'
import type { Caller } from './caller.js'

/** The resource that tokens for the REST services are issued for. */
export const restResource = 'api.rms.rest.com'

/** Whose tokens count. */
export interface TokenTrust {
  /** `iss` of the tokens; undefined for our own: the key alone says whose they are, and `sub` is the SID of the account. */
  readonly issuer?: string | undefined
  /** Finds the key by the token's header; rejects when there is none. */
  readonly keys: JWTVerifyGetKey
}

/** Who a token stands for, or why it does not count. */
export type TokenVerdict = { readonly caller: Caller & { readonly account: Account } } | { readonly why: string }

/** Asymmetric ones only: a token that names a symmetric algorithm, or none, was signed by nobody. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256']

/** @param header value of Authorization */
export async function authenticateBearer(
  header: string | undefined,
  trust: TokenTrust,
  directory: Directory,
  now: Date,
): Promise<TokenVerdict> {
  if (header === undefined) return { why: 'no token' }
  const token = /^bearer\s+([A-Za-z0-9._~+/=-]+)\s*$/i.exec(header)?.[1]
  if (token === undefined) return { why: 'the Authorization header is not Bearer and a token' }
  const claims = await verified(token, trust, now)
  if ('why' in claims) return claims
  const account =
    trust.issuer === undefined
      ? await directory.accountBySid(claims.payload.sub ?? '')
      : await accountOf(claims.payload, directory)
  if (account === undefined)
    return {
      why: `the directory has nobody of the claims of the token: ${namesIn(claims.payload).join(', ').slice(0, 300) || 'it has neither email nor upn'}`,
    }
  if (!account.enabled) return { why: `${account.name} is disabled` }
  return { caller: { isAuthenticated: true, authenticationType: 'Bearer', account } }
}

async function verified(
  token: string,
  { issuer, keys }: TokenTrust,
  now: Date,
): Promise<{ readonly payload: JWTPayload } | { readonly why: string }> {
  // Loaded with the first token: many nodes never see one.
  const { errors, jwtVerify } = await import('jose')
  try {
    const found = await jwtVerify(token, keys, {
      algorithms,
      ...(issuer === undefined ? {} : { issuer }),
      audience: restResource,
      currentDate: now,
      // Of its beginning alone: its end is looked at below.
      clockTolerance,
      requiredClaims: ['exp'],
    })
    const end = new Date((found.payload.exp ?? 0) * 1000)
    return now < end ? found : { why: `the token ended at ${end.toISOString()}` }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { why: `the token is not accepted: ${error.message}` }
    // What WebCrypto throws for a key or signature that cannot be one.
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)
      return { why: 'the token is malformed' }
    throw error
  }
}

/** Short names and, as some issuers write them, the URIs of the claim types. */
const mailClaims = ['email', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress']
const upnClaims = ['upn', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn']
const aliasClaims = ['proxyAddresses', 'proxyaddresses', 'http://schemas.xmlsoap.org/claims/ProxyAddresses']

/** In tokens of others: by mail address first, as certificates name people; then by principal name, then by a further address of the mailbox. */
async function accountOf(claims: JWTPayload, directory: Directory): Promise<Account | undefined> {
  for (const mail of textsOf(claims, mailClaims)) {
    const account = await directory.accountByMail(mail)
    if (account !== undefined) return account
  }
  for (const name of textsOf(claims, upnClaims).filter((text) => text.includes('@'))) {
    const account = await directory.accountByName(name)
    if (account !== undefined) return account
  }
  for (const address of textsOf(claims, aliasClaims)) {
    const account = await directory.accountByMail(address.replace(/^smtp:/i, ''))
    if (account !== undefined) return account
  }
  return undefined
}

function namesIn(claims: JWTPayload): readonly string[] {
  return textsOf(claims, [...mailClaims, ...upnClaims])
}

const longestText = 256
const mostTexts = 20

function textsOf(claims: JWTPayload, names: readonly string[]): readonly string[] {
  const values = names.flatMap((name) => claims[name] ?? []) as readonly unknown[]
  return values
    .filter((value): value is string => typeof value === 'string' && value !== '' && value.length <= longestText)
    .slice(0, mostTexts)
}
