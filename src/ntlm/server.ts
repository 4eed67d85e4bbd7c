/** The server's side of a dialogue: message 2, and the judgement of message 3 ([MS-NLMP] 3.2.5). Whose password it is, others find out. */
import { timingSafeEqual } from 'node:crypto'
import { avIds, buildAvPairs, fromFileTime, micPresent, toFileTime, valueOfPair } from './av-pairs.js'
import { flags, flagsOf, hasFlag } from './flags.js'
import { MalformedMessage } from './malformed-message.js'
import { buildChallenge, micOf, parseAuthenticate, parseNegotiate, type AuthenticateMessage } from './messages.js'
import {
  desResponseLength,
  ntHash,
  ntlmV1Response,
  ntlmV2Key,
  ntlmV2Proof,
  parseClientBlob,
  proofLength,
  sessionChallenge,
} from './responses.js'
import { exportedKey, messageIntegrityCode, sessionKeyV1, sessionKeyV2 } from './session.js'

/** The weakest response that is taken: NTLMv2; NTLMv1 with extended session security; NTLMv1 of any kind. */
export const ntlmLevels = ['v2', 'v1-ess', 'v1'] as const
export type NtlmLevel = (typeof ntlmLevels)[number]

/** What a server tells of itself. */
export interface ServerNames {
  readonly netbiosDomain: string
  readonly dnsDomain: string
  readonly netbiosComputer: string
  readonly dnsComputer: string
}

/** The first half of a dialogue. */
export interface Challenged {
  readonly first: Buffer
  /** Message 2, for the client. */
  readonly second: Buffer
  readonly challenge: Buffer
  /** Flags of message 2. */
  readonly agreed: number
}

/** Why a message 3 does not sign in, for the log. */
export class ResponseRefused extends Error {
  override readonly name = 'ResponseRefused'
}

/** A message 3, as it came and as it reads. */
export interface Answer {
  readonly bytes: Buffer
  readonly message: AuthenticateMessage
}

/** A right message 3. */
export interface Verified {
  readonly sessionKey: Buffer
  readonly flags: number
}

/** How far the client's clock may be off: 36 hours, as in Windows. Clients mostly repeat the server's time. */
const longestLifetime = 36 * 3600_000

/** Bytes of a message 1, which waits for its answer in memory; names in it are short. */
const longestFirst = 2048

/** Agreed on when the client asks for them. */
const optional = flagsOf([
  'requestTarget',
  'sign',
  'seal',
  'alwaysSign',
  'extendedSessionSecurity',
  'identify',
  'version',
  'key128',
  'keyExchange',
  'key56',
])

/**
 * @param first message 1 as it came
 * @param challenge 8 unpredictable bytes, never used again
 * @throws MalformedMessage
 */
export function challengeClient(first: Buffer, challenge: Buffer, names: ServerNames, now: Date): Challenged {
  if (first.length > longestFirst) throw new MalformedMessage('it is too long')
  const { flags: offered } = parseNegotiate(first)
  const encoding = hasFlag(offered, 'unicode') || !hasFlag(offered, 'oem') ? flags.unicode : flags.oem
  const agreed =
    ((offered & optional) | encoding | flagsOf(['ntlm', 'targetInfo', 'targetIsDomain', 'requestTarget'])) >>> 0
  const text = (value: string): Buffer => Buffer.from(value, 'utf16le')
  const targetInfo = buildAvPairs([
    { id: avIds.netbiosDomainName, value: text(names.netbiosDomain) },
    { id: avIds.netbiosComputerName, value: text(names.netbiosComputer) },
    { id: avIds.dnsDomainName, value: text(names.dnsDomain) },
    { id: avIds.dnsComputerName, value: text(names.dnsComputer) },
    { id: avIds.dnsTreeName, value: text(names.dnsDomain) },
    { id: avIds.timestamp, value: toFileTime(now) },
  ])
  const second = buildChallenge({ flags: agreed, targetName: names.netbiosDomain, challenge, targetInfo })
  return { first: Buffer.from(first), second, challenge, agreed }
}

/** The answer to a challenge, which names its user. @throws MalformedMessage */
export function readAnswer({ agreed }: Challenged, bytes: Buffer): Answer {
  return { bytes, message: parseAuthenticate(bytes, agreed) }
}

/**
 * @param password of the user whom the answer names
 * @throws ResponseRefused, MalformedMessage
 */
export function verifyAnswer(
  challenged: Challenged,
  { bytes, message }: Answer,
  password: string,
  { level, now }: { readonly level: NtlmLevel; readonly now: Date },
): Verified {
  const hash = ntHash(password)
  const isV1 = message.ntResponse.length === desResponseLength
  const flags = (message.flags & challenged.agreed) >>> 0
  const exchangeKey = isV1
    ? verifyV1(challenged, { ...message, flags }, hash, level)
    : verifyV2(challenged, message, hash, now)
  const sessionKey = exportedKey(exchangeKey, { ...message, flags })
  if (
    !isV1 &&
    saysProtected(message) &&
    !isSame(micOf(bytes), messageIntegrityCode(sessionKey, challenged.first, challenged.second, bytes))
  ) {
    throw new ResponseRefused('the message integrity code is wrong')
  }
  return { sessionKey, flags }
}

function verifyV2(
  { challenge }: Challenged,
  { ntResponse, user, domain }: AuthenticateMessage,
  hash: Buffer,
  now: Date,
): Buffer {
  const [proof, blob] = [ntResponse.subarray(0, proofLength), ntResponse.subarray(proofLength)]
  const { timestamp } = parseClientBlob(blob)
  const key = ntlmV2Key(hash, user, domain)
  if (!isSame(proof, ntlmV2Proof(key, challenge, blob))) throw new ResponseRefused('wrong password')
  if (Math.abs(fromFileTime(timestamp) - now.getTime()) > longestLifetime)
    throw new ResponseRefused('the clock of the client is off by more than 36 hours')
  return sessionKeyV2(key, proof)
}

function verifyV1({ challenge }: Challenged, message: AuthenticateMessage, hash: Buffer, level: NtlmLevel): Buffer {
  const isExtended = hasFlag(message.flags, 'extendedSessionSecurity')
  if (level === 'v2' || (level === 'v1-ess' && !isExtended)) {
    throw new ResponseRefused(
      `the client speaks NTLMv1 with${isExtended ? '' : 'out'} extended session security; see --ntlm`,
    )
  }
  const { lmResponse, ntResponse } = message
  const mixed = isExtended ? sessionChallenge(challenge, lmResponse.subarray(0, 8)) : challenge
  if (!isSame(ntResponse, ntlmV1Response(hash, mixed))) throw new ResponseRefused('wrong password')
  return sessionKeyV1(hash, message, challenge)
}

function saysProtected({ ntResponse }: AuthenticateMessage): boolean {
  const value = valueOfPair(parseClientBlob(ntResponse.subarray(proofLength)).pairs, 'flags')
  return value?.length === 4 && (value.readUInt32LE() & micPresent) !== 0
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
