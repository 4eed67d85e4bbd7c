/** One step of a sign-in dialogue by NTLM, as it is or inside SPNEGO (RFC 4559, RFC 4178). What must be remembered between two steps goes out and comes in. */
import { timingSafeEqual } from 'node:crypto'
import { hasFlag } from '../ntlm/flags.js'
import { MalformedMessage } from '../ntlm/malformed-message.js'
import { isNtlmMessage, messageType } from '../ntlm/messages.js'
import { ResponseRefused, type Challenged } from '../ntlm/server.js'
import { signatureOf } from '../ntlm/session.js'
import {
  buildResponse,
  isKerberos,
  isSpnego,
  mechanisms,
  parseSpnego,
  type InitialToken,
  type ResponseToken,
} from '../ntlm/spnego.js'
import type { Account } from '../directory/directory.js'
import { challengeByNtlm, proveByNtlm, type NtlmContext, type Proven } from './ntlm.js'
import type { ConnectionScheme } from './schemes.js'

/** What the server has said so far. */
export interface Dialogue {
  readonly scheme: ConnectionScheme
  /** In SPNEGO: the mechanisms that the client named, as it wrote them. */
  readonly mechanismList?: Buffer
  /** Absent while the client has only been told to speak NTLM. */
  readonly challenged?: Challenged
}

export type Step =
  | { readonly kind: 'goes on'; readonly token: Buffer; readonly dialogue: Dialogue }
  | { readonly kind: 'signed in'; readonly account: Account; readonly token?: Buffer }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * @param begun the dialogue of this connection, when there is one
 * @throws what the directory throws
 */
export async function takeStep(
  context: NtlmContext,
  begun: Dialogue | undefined,
  scheme: ConnectionScheme,
  token: Buffer,
): Promise<Step> {
  try {
    const known = begun?.scheme === scheme ? begun : undefined
    if (isNtlmMessage(token)) return await plainStep(context, known, scheme, token)
    if (scheme === 'ntlm' || !isSpnego(token)) return { kind: 'refused', why: 'the token is none of this scheme' }
    if (isKerberos(token)) return { kind: 'refused', why: 'the client speaks Kerberos and offers nothing else' }
    return await wrappedStep(context, known, parseSpnego(token))
  } catch (error) {
    if (error instanceof MalformedMessage) return { kind: 'refused', why: `the token is malformed: ${error.message}` }
    if (error instanceof ResponseRefused) return { kind: 'refused', why: error.message }
    throw error
  }
}

async function plainStep(
  context: NtlmContext,
  begun: Dialogue | undefined,
  scheme: ConnectionScheme,
  token: Buffer,
): Promise<Step> {
  if (messageType(token) === 1) {
    const challenged = await challengeByNtlm(context, token)
    return { kind: 'goes on', token: challenged.second, dialogue: { scheme, challenged } }
  }
  if (begun?.challenged === undefined || begun.mechanismList !== undefined) return nothingBegun
  const { account } = await proveByNtlm(context, begun.challenged, token)
  return { kind: 'signed in', account }
}

const nothingBegun: Step = { kind: 'refused', why: 'no challenge waits for an answer on this connection' }

async function wrappedStep(
  context: NtlmContext,
  begun: Dialogue | undefined,
  token: InitialToken | ResponseToken,
): Promise<Step> {
  if (token.kind === 'initial') return firstStep(context, token)
  const mechanismList = begun?.mechanismList
  if (mechanismList === undefined || token.token === undefined) return nothingBegun
  if (begun?.challenged === undefined) return challengeStep(context, mechanismList, token.token)
  const proven = await proveByNtlm(context, begun.challenged, token.token)
  return { kind: 'signed in', account: proven.account, token: lastToken(proven, mechanismList, token.checksum) }
}

async function firstStep(
  context: NtlmContext,
  { mechanisms: named, mechanismList, token }: InitialToken,
): Promise<Step> {
  if (!named.some((mechanism) => mechanism.equals(mechanisms.ntlm)))
    return { kind: 'refused', why: 'the client does not speak NTLM inside Negotiate' }
  // The token is for the mechanism that the client likes best; when that is another one, it is asked for NTLM's.
  if (named[0]?.equals(mechanisms.ntlm) === true && token !== undefined)
    return challengeStep(context, mechanismList, token)
  const answer = buildResponse({ state: 'incomplete', mechanism: mechanisms.ntlm })
  return { kind: 'goes on', token: answer, dialogue: { scheme: 'negotiate', mechanismList } }
}

async function challengeStep(context: NtlmContext, mechanismList: Buffer, first: Buffer): Promise<Step> {
  const challenged = await challengeByNtlm(context, first)
  const token = buildResponse({ state: 'incomplete', mechanism: mechanisms.ntlm, token: challenged.second })
  return { kind: 'goes on', token, dialogue: { scheme: 'negotiate', mechanismList, challenged } }
}

/** A checksum over the mechanisms is answered by one ([MS-SPNG] 3.3.5.1). @throws ResponseRefused when it is wrong */
function lastToken({ sessionKey, flags }: Proven, mechanismList: Buffer, checksum: Buffer | undefined): Buffer {
  if (checksum === undefined || !hasFlag(flags, 'extendedSessionSecurity')) return buildResponse({ state: 'completed' })
  const expected = signatureOf(mechanismList, sessionKey, flags, 'client-to-server')
  if (checksum.length !== expected.length || !timingSafeEqual(checksum, expected))
    throw new ResponseRefused('the list of mechanisms was changed on its way')
  return buildResponse({
    state: 'completed',
    checksum: signatureOf(mechanismList, sessionKey, flags, 'server-to-client'),
  })
}
