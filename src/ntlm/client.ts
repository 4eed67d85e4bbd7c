/** The client's side of a dialogue: messages 1 and 3, as Windows sends them ([MS-NLMP] 3.1.5). NTLMv2 only. */
import { avIds, buildAvPairs, micPresent, parseAvPairs, toFileTime, valueOfPair, type AvPair } from './av-pairs.js'
import { flagsOf, hasFlag } from './flags.js'
import { buildAuthenticate, buildNegotiate, parseChallenge, withMic, type ChallengeMessage } from './messages.js'
import { buildClientBlob, ntHash, ntlmV2Key, ntlmV2Proof } from './responses.js'
import { exportedKey, messageIntegrityCode, sessionKeyV2 } from './session.js'
import { rc4 } from './rc4.js'

export interface NtlmAccount {
  readonly domain: string
  readonly user: string
  readonly password: string
}

/** What the client puts in besides the password. */
export interface ClientInputs {
  readonly now: Date
  readonly random: (length: number) => Buffer
}

const wanted = flagsOf([
  'unicode',
  'requestTarget',
  'sign',
  'ntlm',
  'alwaysSign',
  'extendedSessionSecurity',
  'targetInfo',
  'version',
  'key128',
  'keyExchange',
  'key56',
])

/** `CONTOSO\alice` and `alice@contoso.test`; the second is sent whole, without a domain. */
export function ntlmAccount(name: string, password: string): NtlmAccount {
  const [, domain = '', user = name] = /^([^\\]+)\\(.*)$/s.exec(name) ?? []
  return { domain, user, password }
}

export function negotiate(): Buffer {
  return buildNegotiate({ flags: wanted, domain: '', workstation: '' })
}

/**
 * @param first message 1 as it was sent
 * @param second message 2 as it came
 * @throws MalformedMessage
 */
export function authenticate(first: Buffer, second: Buffer, account: NtlmAccount, inputs: ClientInputs): Buffer {
  const challenge = parseChallenge(second)
  const agreed = (challenge.flags & wanted) >>> 0
  const { ntResponse, exchangeKey, isProtected } = respond(challenge, account, inputs)
  const ownKey = inputs.random(16)
  const sessionKey: Buffer = hasFlag(agreed, 'keyExchange') ? rc4(exchangeKey, ownKey) : Buffer.alloc(0)
  const { domain, user } = account
  const message = buildAuthenticate({
    flags: agreed,
    lmResponse: Buffer.alloc(24),
    ntResponse,
    domain,
    user,
    workstation: '',
    sessionKey,
  })
  if (!isProtected) return message
  const key = exportedKey(exchangeKey, { flags: agreed, sessionKey })
  return withMic(message, messageIntegrityCode(key, first, second, message))
}

function respond(
  { challenge, targetInfo }: ChallengeMessage,
  { domain, user, password }: NtlmAccount,
  { now, random }: ClientInputs,
) {
  const offered = targetInfo.length === 0 ? [] : parseAvPairs(targetInfo)
  const serverTime = valueOfPair(offered, 'timestamp')
  const isProtected = serverTime?.length === 8
  const pairs: readonly AvPair[] = isProtected
    ? [...offered, { id: avIds.flags, value: Buffer.from([micPresent, 0, 0, 0]) }]
    : offered
  const blob = buildClientBlob(
    { timestamp: isProtected ? serverTime : toFileTime(now), challenge: random(8) },
    buildAvPairs(pairs),
  )
  const key = ntlmV2Key(ntHash(password), user, domain)
  const proof = ntlmV2Proof(key, challenge, blob)
  return { ntResponse: Buffer.concat([proof, blob]), exchangeKey: sessionKeyV2(key, proof), isProtected }
}
