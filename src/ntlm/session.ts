/** Session keys, and what they protect: the message integrity code, and checksums of SPNEGO ([MS-NLMP] 3.1.5.1.2, 3.4). */
import { createHash } from 'node:crypto'
import { hasFlag } from './flags.js'
import { withMic, type AuthenticateMessage } from './messages.js'
import { md4 } from './md4.js'
import { rc4 } from './rc4.js'
import { hmacMd5 } from './responses.js'

export type Direction = 'client-to-server' | 'server-to-client'

/** NTLMv2: from the key of the account and the proof. */
export function sessionKeyV2(key: Buffer, proof: Buffer): Buffer {
  return hmacMd5(key, proof)
}

/** NTLMv1; with extended session security it depends on both challenges. */
export function sessionKeyV1(
  hash: Buffer,
  { flags, lmResponse }: Pick<AuthenticateMessage, 'flags' | 'lmResponse'>,
  serverChallenge: Buffer,
): Buffer {
  const base = md4(hash)
  return hasFlag(flags, 'extendedSessionSecurity') ? hmacMd5(base, serverChallenge, lmResponse.subarray(0, 8)) : base
}

/** The key that the client chose, or the one that both have computed. */
export function exportedKey(
  exchangeKey: Buffer,
  { flags, sessionKey }: Pick<AuthenticateMessage, 'flags' | 'sessionKey'>,
): Buffer {
  return hasFlag(flags, 'keyExchange') && sessionKey.length === 16 ? rc4(exchangeKey, sessionKey) : exchangeKey
}

/** Over all three messages as they were sent, the code itself taken as zero. 16 bytes. */
export function messageIntegrityCode(key: Buffer, negotiate: Buffer, challenge: Buffer, authenticate: Buffer): Buffer {
  return hmacMd5(key, negotiate, challenge, withMic(authenticate))
}

/** NTLM signature of the first message in this direction, with extended session security. 16 bytes. */
export function signatureOf(message: Buffer, key: Buffer, agreed: number, direction: Direction): Buffer {
  const sequence = Buffer.alloc(4)
  const plain = hmacMd5(directedKey(key, direction, 'signing'), sequence, message).subarray(0, 8)
  const checksum = hasFlag(agreed, 'keyExchange')
    ? rc4(directedKey(weakened(key, agreed), direction, 'sealing'), plain)
    : plain
  return Buffer.concat([Buffer.from([1, 0, 0, 0]), checksum, sequence])
}

function directedKey(key: Buffer, direction: Direction, use: 'signing' | 'sealing'): Buffer {
  return createHash('md5')
    .update(key)
    .update(`session key to ${direction} ${use} key magic constant\0`, 'latin1')
    .digest()
}

function weakened(key: Buffer, agreed: number): Buffer {
  if (hasFlag(agreed, 'key128')) return key
  return key.subarray(0, hasFlag(agreed, 'key56') ? 7 : 5)
}
