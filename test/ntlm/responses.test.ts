/** What is computed from a password: the example values of [MS-NLMP] 4.2. */
import t from 'tap'
import { avIds, buildAvPairs } from '../../src/ntlm/av-pairs.js'
import { flagsOf } from '../../src/ntlm/flags.js'
import {
  buildClientBlob,
  ntHash,
  ntlmV1Response,
  ntlmV2Key,
  ntlmV2Proof,
  parseClientBlob,
  sessionChallenge,
} from '../../src/ntlm/responses.js'
import { exportedKey, sessionKeyV1, sessionKeyV2 } from '../../src/ntlm/session.js'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const hash = ntHash('Password')
const serverChallenge = hex('0123456789abcdef')
const clientChallenge = hex('aaaaaaaaaaaaaaaa')
const sessionKey = hex('c5dad2544fc9799094ce1ce90bc9d03e')
const keyExchange = flagsOf(['keyExchange'])

t.test('the NT hash', async (t) => t.equal(hash.toString('hex'), 'a4f49c406510bdcab6824ee7c30fd852'))

t.test('NTLMv1', async (t) => {
  t.equal(ntlmV1Response(hash, serverChallenge).toString('hex'), '67c43011f30298a2ad35ece64f16331c44bdbed927841f94')
  t.equal(
    sessionKeyV1(hash, { flags: 0, lmResponse: Buffer.alloc(24) }, serverChallenge).toString('hex'),
    'd87262b0cde4b1cb7499becccdf10784',
  )
})

t.test('NTLMv1 with extended session security', async (t) => {
  const lmResponse = Buffer.concat([clientChallenge, Buffer.alloc(16)])
  t.equal(
    ntlmV1Response(hash, sessionChallenge(serverChallenge, clientChallenge)).toString('hex'),
    '7537f803ae367128ca458204bde7caf81e97ed2683267232',
  )
  t.equal(
    sessionKeyV1(hash, { flags: flagsOf(['extendedSessionSecurity']), lmResponse }, serverChallenge).toString('hex'),
    'eb93429a8bd952f8b89c55b87f475edc',
  )
})

t.test('NTLMv2', async (t) => {
  const pairs = buildAvPairs([
    { id: avIds.netbiosDomainName, value: Buffer.from('Domain', 'utf16le') },
    { id: avIds.netbiosComputerName, value: Buffer.from('Server', 'utf16le') },
  ])
  const blob = buildClientBlob({ timestamp: Buffer.alloc(8), challenge: clientChallenge }, pairs)
  const key = ntlmV2Key(hash, 'User', 'Domain')
  t.equal(key.toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f')
  const proof = ntlmV2Proof(key, serverChallenge, blob)
  t.equal(proof.toString('hex'), '68cd0ab851e51c96aabc927bebef6a1c')
  const exchange = sessionKeyV2(key, proof)
  t.equal(exchange.toString('hex'), '8de40ccadbc14a82f15cb0ad0de95ca3')
  t.equal(exportedKey(exchange, { flags: keyExchange, sessionKey }).toString('hex'), '55'.repeat(16))
  t.same(parseClientBlob(blob).challenge, clientChallenge)
})

t.test('the user is taken in capitals, a letter at a time; the domain as it is', async (t) => {
  t.same(ntlmV2Key(hash, 'user', 'Domain'), ntlmV2Key(hash, 'USER', 'Domain'))
  t.notSame(ntlmV2Key(hash, 'user', 'DOMAIN'), ntlmV2Key(hash, 'user', 'Domain'))
  t.same(ntlmV2Key(hash, 'jérôme', 'D'), ntlmV2Key(hash, 'JÉRÔME', 'D'))
  t.notSame(ntlmV2Key(hash, 'strauß', 'D'), ntlmV2Key(hash, 'STRAUSS', 'D'))
})
