/**
 * Authorization codes. They are random, and the database knows their hash: what one node issued another one redeems, once, and nobody who reads the
 * database can.
 */
import { createHash } from 'node:crypto'
import type { AuthorizationCodeStore } from '../../cluster/store/authorization-code-store.js'
import type { Random } from '../../effects.js'
import { addSeconds } from '../../xrml/times.js'
import { OAuthRefusal } from './parameters.js'

/** What the sign-in was about. */
export interface CodeGrant {
  /** SID of the account. */
  readonly account: string
  readonly clientId: string
  readonly redirectUri: string
  readonly nonce?: string | undefined
  /** PKCE (RFC 7636). */
  readonly challenge?: { readonly value: string; readonly method: 'S256' | 'plain' } | undefined
}

export interface CodeKeeper {
  readonly codes: AuthorizationCodeStore
  readonly random: Random
  readonly now: Date
}

/** Seconds. */
const codeLifetime = 600

export async function issueCode({ codes, random, now }: CodeKeeper, grant: CodeGrant): Promise<string> {
  const code = random.bytes(32).toString('base64url')
  await codes.add(
    hashOf(code),
    { content: JSON.stringify(grant), expires: addSeconds(now, codeLifetime).toISOString() },
    now.toISOString(),
  )
  return code
}

/**
 * Takes the code away, also when the rest of the request is wrong.
 * @throws OAuthRefusal
 */
export async function redeemCode({ codes, now }: CodeKeeper, code: string): Promise<CodeGrant> {
  const found = await codes.take(hashOf(code))
  if (found === undefined || found.expires <= now.toISOString())
    throw new OAuthRefusal('invalid_grant', 'The code is not known here, has been used, or has ended')
  return JSON.parse(found.content) as CodeGrant
}

/** Looked up by its hash, a guess learns nothing from the time that a comparison takes. */
function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url')
}
