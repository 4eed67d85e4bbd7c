/** Both sides of a dialogue against each other, and every way in which an answer is wrong. */
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { avIds, buildAvPairs, micPresent, parseAvPairs, toFileTime, valueOfPair } from '../../src/ntlm/av-pairs.js'
import { authenticate, negotiate, ntlmAccount } from '../../src/ntlm/client.js'
import { flagsOf, hasFlag } from '../../src/ntlm/flags.js'
import { MalformedMessage } from '../../src/ntlm/malformed-message.js'
import { buildAuthenticate, buildNegotiate, micOf, parseAuthenticate, parseChallenge } from '../../src/ntlm/messages.js'
import {
  buildClientBlob,
  ntHash,
  ntlmV1Response,
  ntlmV2Key,
  ntlmV2Proof,
  parseClientBlob,
  sessionChallenge,
} from '../../src/ntlm/responses.js'
import {
  challengeClient,
  readAnswer,
  ResponseRefused,
  verifyAnswer,
  type Challenged,
  type NtlmLevel,
} from '../../src/ntlm/server.js'
import { signatureOf } from '../../src/ntlm/session.js'

const password = 'Passw0rd!'
const account = ntlmAccount('CONTOSO\\alice', password)
const now = new Date('2026-11-27T12:00:00Z')
const inputs = { now, random: (length: number) => randomBytes(length) }
const names = {
  netbiosDomain: 'CONTOSO',
  dnsDomain: 'contoso.test',
  netbiosComputer: 'ROOT-1',
  dnsComputer: 'root-1.contoso.test',
}

const begin = (first = negotiate()): Challenged => challengeClient(first, randomBytes(8), names, now)
const verify = (
  challenged: Challenged,
  third: Buffer,
  { level = 'v2', secret = password, at = now }: { level?: NtlmLevel; secret?: string; at?: Date } = {},
) => verifyAnswer(challenged, readAnswer(challenged, third), secret, { level, now: at })

t.test('the right password signs in, with an integrity code over all three messages', async (t) => {
  const challenged = begin()
  const third = authenticate(challenged.first, challenged.second, account, inputs)
  t.equal(verify(challenged, third).sessionKey.length, 16)
  t.match(readAnswer(challenged, third).message, { user: 'alice', domain: 'CONTOSO' })
  t.throws(() => verify(challenged, third, { secret: 'Passw0rd' }), new ResponseRefused('wrong password'))
  t.throws(() => verify({ ...challenged, challenge: randomBytes(8) }, third), new ResponseRefused('wrong password'))
  const pairs = parseClientBlob(parseAuthenticate(third).ntResponse.subarray(16)).pairs
  t.same(valueOfPair(pairs, 'flags'), Buffer.from([micPresent, 0, 0, 0]))
  t.notSame(micOf(third), Buffer.alloc(16))
})

t.test('a change of any byte of the first two messages shows in the integrity code', async (t) => {
  const challenged = begin()
  const third = authenticate(challenged.first, challenged.second, account, inputs)
  for (const part of ['first', 'second'] as const) {
    const changed = Buffer.from(challenged[part])
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    t.throws(
      () => verify({ ...challenged, [part]: changed }, third),
      new ResponseRefused('the message integrity code is wrong'),
      part,
    )
  }
})

t.test('a change of any byte of the third message is refused, apart from what is only told', async (t) => {
  const challenged = begin()
  const third = authenticate(challenged.first, challenged.second, account, inputs)
  for (let at = 0; at < third.length; at++) {
    const changed = Buffer.from(third)
    changed[at] = (third[at] ?? 0) ^ 0x41
    t.throws(() => verify(challenged, changed), `byte ${at}`)
  }
})

t.test('the target information is that of Windows, with the time', async (t) => {
  const { flags, targetName, targetInfo } = parseChallenge(begin().second)
  t.equal(targetName, 'CONTOSO')
  const pairs = parseAvPairs(targetInfo)
  t.same(
    pairs.map(({ id }) => id),
    [2, 1, 4, 3, 5, 7],
  )
  t.same(valueOfPair(pairs, 'timestamp'), toFileTime(now))
  for (const flag of [
    'unicode',
    'ntlm',
    'targetInfo',
    'targetIsDomain',
    'extendedSessionSecurity',
    'keyExchange',
  ] as const)
    t.ok(hasFlag(flags, flag), flag)
})

t.test('strings are OEM for a client without Unicode', async (t) => {
  const challenged = begin(buildNegotiate({ flags: flagsOf(['oem', 'ntlm']), domain: '', workstation: '' }))
  const { flags, targetName } = parseChallenge(challenged.second)
  t.notOk(hasFlag(flags, 'unicode'))
  t.equal(targetName, 'CONTOSO')
  t.ok(challenged.second.includes('CONTOSO', 0, 'latin1'))
  t.ok(verify(challenged, authenticate(challenged.first, challenged.second, account, inputs)))
})

/** What an old client computes. */
function oldAnswer({ challenge, agreed }: Challenged, isExtended: boolean): Buffer {
  const own = randomBytes(8)
  const hash = ntHash(password)
  const ntResponse = ntlmV1Response(hash, isExtended ? sessionChallenge(challenge, own) : challenge)
  const lmResponse = isExtended ? Buffer.concat([own, Buffer.alloc(16)]) : ntResponse
  return buildAuthenticate({
    flags: agreed,
    lmResponse,
    ntResponse,
    domain: 'CONTOSO',
    user: 'alice',
    workstation: '',
    sessionKey: Buffer.alloc(0),
  })
}

t.test('NTLMv1 is taken only where the setting says so, in its two forms', async (t) => {
  const plain = begin(buildNegotiate({ flags: flagsOf(['unicode', 'ntlm']), domain: '', workstation: '' }))
  const extended = begin()
  const taken = (challenged: Challenged, level: NtlmLevel): boolean => {
    try {
      return verify(challenged, oldAnswer(challenged, challenged === extended), { level }).sessionKey.length === 16
    } catch (error) {
      t.match(error, ResponseRefused)
      return false
    }
  }
  t.same(
    (['v2', 'v1-ess', 'v1'] as const).map((level) => [taken(plain, level), taken(extended, level)]),
    [
      [false, false],
      [false, true],
      [true, true],
    ],
  )
  t.throws(
    () => verify(extended, oldAnswer(extended, true), { level: 'v1', secret: 'other' }),
    new ResponseRefused('wrong password'),
  )
  t.throws(
    () => verify(plain, oldAnswer(plain, false), { level: 'v1', secret: 'other' }),
    new ResponseRefused('wrong password'),
  )
})

t.test(
  'a client whose clock is more than 36 hours off is refused when it does not take the time of the server',
  async (t) => {
    const challenged = begin()
    const hour = 3600_000
    const answerAt = (time: Date): Buffer => {
      const blob = buildClientBlob(
        { timestamp: toFileTime(time), challenge: randomBytes(8) },
        buildAvPairs([{ id: avIds.netbiosDomainName, value: Buffer.from('X', 'utf16le') }]),
      )
      const proof = ntlmV2Proof(ntlmV2Key(ntHash(password), 'alice', 'CONTOSO'), challenged.challenge, blob)
      return buildAuthenticate({
        flags: challenged.agreed,
        lmResponse: Buffer.alloc(24),
        ntResponse: Buffer.concat([proof, blob]),
        domain: 'CONTOSO',
        user: 'alice',
        workstation: '',
        sessionKey: Buffer.alloc(0),
      })
    }
    t.ok(verify(challenged, answerAt(new Date(now.getTime() + 35 * hour))))
    t.ok(verify(challenged, answerAt(new Date(now.getTime() - 35 * hour))))
    t.throws(() => verify(challenged, answerAt(new Date(now.getTime() - 37 * hour))), /36 hours/)
    t.throws(() => verify(challenged, answerAt(new Date(now.getTime() + 37 * hour))), /36 hours/)
  },
)

t.test('nobody signs in with responses that are empty or of another length', async (t) => {
  const challenged = begin()
  for (const length of [0, 1, 16, 23, 25, 43, 60]) {
    const message = {
      flags: challenged.agreed,
      lmResponse: Buffer.alloc(24),
      ntResponse: Buffer.alloc(length),
      domain: 'CONTOSO',
      user: 'alice',
      workstation: '',
      sessionKey: Buffer.alloc(0),
    }
    t.throws(() => verify(challenged, buildAuthenticate(message), { level: 'v1' }), String(length))
  }
  t.throws(() => verify(challenged, negotiate()), MalformedMessage)
})

t.test('a first message that is too long to be kept is refused', async (t) => {
  const long = (length: number) =>
    buildNegotiate({ flags: flagsOf(['unicode', 'domainSupplied']), domain: 'D'.repeat(length), workstation: '' })
  t.ok(begin(long(2000)))
  t.throws(() => begin(long(2100)), MalformedMessage)
})

t.test('an account is written with its domain, or as an address that is sent whole', async (t) => {
  t.same(ntlmAccount('CONTOSO\\alice', 'x'), { domain: 'CONTOSO', user: 'alice', password: 'x' })
  t.same(ntlmAccount('alice@contoso.test', 'x'), { domain: '', user: 'alice@contoso.test', password: 'x' })
})

t.test('checksums of both directions differ, and depend on the message', async (t) => {
  const key = createHash('md5').update('key').digest()
  const flags = flagsOf(['extendedSessionSecurity', 'keyExchange', 'key128'])
  const sign = (text: string, direction: 'client-to-server' | 'server-to-client', agreed = flags) =>
    signatureOf(Buffer.from(text), key, agreed, direction).toString('hex')
  const all = [
    sign('a', 'client-to-server'),
    sign('a', 'server-to-client'),
    sign('b', 'client-to-server'),
    sign('a', 'client-to-server', flagsOf(['key128'])),
  ]
  t.equal(new Set(all).size, 4)
  for (const one of all) t.match(one, /^01000000[0-9a-f]{16}00000000$/)
})
