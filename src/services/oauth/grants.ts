/**
 * Authorization codes and refresh tokens. They are random, and the database knows their hash: what one node issued another one redeems, and nobody
 * who reads the database can. A code is good once; a refresh token, as that of AD FS, again and again until it ends.
 */
import { createHash } from 'node:crypto'
import type { SignInGrantStore } from '../../cluster/store/sign-in-grant-store.js'
import type { Random } from '../../effects.js'
import { addSeconds } from '../../xrml/times.js'
import { OAuthRefusal } from './parameters.js'

/** What the sign-in was about. */
export interface Grant {
  /** SID of the account. */
  readonly account: string
  readonly clientId: string
  readonly nonce?: string | undefined
}

export interface CodeGrant extends Grant {
  readonly redirectUri: string
  /** PKCE (RFC 7636). */
  readonly challenge?: { readonly value: string; readonly method: 'S256' | 'plain' } | undefined
}

export interface GrantKeeper {
  readonly grants: SignInGrantStore
  readonly random: Random
  readonly now: Date
}

/** Seconds. */
const codeLifetime = 600
export const refreshTokenLifetime = 8 * 3600

export function issueCode(keeper: GrantKeeper, grant: CodeGrant): Promise<string> {
  return issue(keeper, 'code', grant, codeLifetime)
}

export function issueRefreshToken(keeper: GrantKeeper, { account, clientId }: Grant): Promise<string> {
  return issue(keeper, 'refresh', { account, clientId }, refreshTokenLifetime)
}

async function issue({ grants, random, now }: GrantKeeper, kind: 'code' | 'refresh', grant: Grant, lifetime: number): Promise<string> {
  const token = random.bytes(32).toString('base64url')
  await grants.add(hashOf(token), { kind, content: JSON.stringify(grant), expires: addSeconds(now, lifetime).toISOString() }, now.toISOString())
  return token
}

/**
 * Takes the code away, also when the rest of the request is wrong.
 * @throws OAuthRefusal
 */
export async function redeemCode({ grants, now }: GrantKeeper, code: string): Promise<CodeGrant> {
  const found = await grants.take(hashOf(code))
  if (found?.kind !== 'code' || found.expires <= now.toISOString()) throw new OAuthRefusal('invalid_grant', 'The code is not known here, has been used, or has ended')
  return JSON.parse(found.content) as CodeGrant
}

/** @throws OAuthRefusal */
export async function findRefreshToken({ grants, now }: GrantKeeper, token: string): Promise<Grant> {
  const found = await grants.find(hashOf(token))
  if (found?.kind !== 'refresh' || found.expires <= now.toISOString()) throw new OAuthRefusal('invalid_grant', 'The refresh token is not known here, or has ended')
  return JSON.parse(found.content) as Grant
}

/** Looked up by its hash, a guess learns nothing from the time that a comparison takes. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
