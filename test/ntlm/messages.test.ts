/** Messages, pairs and SPNEGO: what is built is read again, and what is none is refused. */
import t from 'tap'
import { buildAvPairs, fromFileTime, parseAvPairs, toFileTime } from '../../src/ntlm/av-pairs.js'
import { flags } from '../../src/ntlm/flags.js'
import { MalformedMessage } from '../../src/ntlm/malformed-message.js'
import {
  buildAuthenticate,
  buildChallenge,
  buildNegotiate,
  micOf,
  parseAuthenticate,
  parseChallenge,
  parseNegotiate,
  withMic,
} from '../../src/ntlm/messages.js'
import { buildInitial, buildResponse, mechanismListOf, mechanisms, parseSpnego } from '../../src/ntlm/spnego.js'
import { fc } from '../fixtures/property.js'

const bytes = (most: number) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array))
const eightBytes = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((array) => Buffer.from(array))
const plain = { noNullPrototype: true } as const
const word = fc.nat({ max: 0xffff_ffff })
const unicode = fc.string({ unit: 'binary', maxLength: 40 })
const latin = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
})

t.test('a type 1 message', async (t) => {
  const supplied = flags.domainSupplied | flags.workstationSupplied
  const message = fc.record(
    { flags: word.map((all) => (all | supplied) >>> 0), domain: latin, workstation: latin },
    plain,
  )
  fc.assert(
    fc.property(message, (given) => t.strictSame(parseNegotiate(buildNegotiate(given)), given)),
    { numRuns: 50 },
  )
  const short = buildNegotiate({ flags: 0x8207, domain: '', workstation: '' }).subarray(0, 16)
  t.same(parseNegotiate(short), { flags: 0x8207, domain: '', workstation: '' }, 'old clients send 16 bytes')
})

t.test('a type 2 message, in Unicode and OEM', async (t) => {
  const rest = { challenge: eightBytes, targetInfo: bytes(200) }
  const inUnicode = fc.record(
    { flags: word.map((all) => (all | flags.unicode) >>> 0), targetName: unicode, ...rest },
    plain,
  )
  const inOem = fc.record({ flags: word.map((all) => (all & ~flags.unicode) >>> 0), targetName: latin, ...rest }, plain)
  fc.assert(
    fc.property(fc.oneof(inUnicode, inOem), (given) => t.strictSame(parseChallenge(buildChallenge(given)), given)),
    { numRuns: 100 },
  )
})

t.test('a type 3 message, in Unicode and OEM', async (t) => {
  const rest = { lmResponse: bytes(24), ntResponse: bytes(500), sessionKey: bytes(16) }
  const inUnicode = fc.record(
    {
      flags: word.map((all) => (all | flags.unicode) >>> 0),
      domain: unicode,
      user: unicode,
      workstation: unicode,
      ...rest,
    },
    plain,
  )
  const inOem = fc.record(
    { flags: word.map((all) => (all & ~flags.unicode) >>> 0), domain: latin, user: latin, workstation: latin, ...rest },
    plain,
  )
  fc.assert(
    fc.property(fc.oneof(inUnicode, inOem), (given) =>
      t.strictSame(parseAuthenticate(buildAuthenticate(given)), given),
    ),
    { numRuns: 100 },
  )
})

t.test('a type 3 message of an old client has no flags: those of the challenge count', async (t) => {
  const whole = Buffer.alloc(52 + 5)
  whole.write('NTLMSSP\0\x03', 'latin1')
  whole.writeUInt16LE(5, 36)
  whole.writeUInt32LE(52, 40)
  whole.write('alice', 52)
  t.match(parseAuthenticate(whole, flags.oem), {
    flags: flags.oem,
    user: 'alice',
    domain: '',
    sessionKey: Buffer.alloc(0),
  })
})

t.test('the integrity code is put in its place and taken out', async (t) => {
  const message = buildAuthenticate({
    flags: 1,
    lmResponse: Buffer.alloc(24),
    ntResponse: Buffer.alloc(60),
    domain: 'D',
    user: 'u',
    workstation: '',
    sessionKey: Buffer.alloc(0),
  })
  const code = Buffer.alloc(16, 7)
  t.same(micOf(withMic(message, code)), code)
  t.same(withMic(withMic(message, code)), message)
  t.throws(() => micOf(message.subarray(0, 80)), MalformedMessage)
})

t.test('pairs of the target information, and Windows times', async (t) => {
  const pair = fc.record({ id: fc.integer({ min: 1, max: 20 }), value: bytes(60) }, plain)
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 20 }), bytes(8), (pairs, padding) =>
      t.strictSame(parseAvPairs(Buffer.concat([buildAvPairs(pairs), padding])), pairs),
    ),
  )
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true, min: new Date('1601-01-01'), max: new Date('9000-01-01') }),
      (date) => fromFileTime(toFileTime(date)) === date.getTime(),
    ),
  )
  t.equal(toFileTime(new Date(0)).readBigUInt64LE(), 116_444_736_000_000_000n)
  t.throws(() => parseAvPairs(Buffer.from([1, 0, 9, 0, 1])), MalformedMessage)
  t.throws(() => parseAvPairs(Buffer.alloc(0)), MalformedMessage)
  t.throws(
    () => parseAvPairs(Buffer.concat(Array.from({ length: 65 }, () => Buffer.from([1, 0, 0, 0])))),
    MalformedMessage,
  )
})

t.test('tokens of SPNEGO', async (t) => {
  const list = fc.array(fc.constantFrom(...Object.values(mechanisms)), { minLength: 1, maxLength: 16 })
  fc.assert(
    fc.property(list, bytes(3000), (mechanisms, token) => {
      t.strictSame(parseSpnego(buildInitial(mechanisms, token)), {
        kind: 'initial',
        mechanisms,
        mechanismList: mechanismListOf(mechanisms),
        token,
      })
    }),
    { numRuns: 50 },
  )
  t.throws(() => parseSpnego(buildInitial([Buffer.alloc(2000)], Buffer.alloc(1))), MalformedMessage)
  const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
  const response = fc.record(
    {
      state: maybe(fc.constantFrom('completed', 'incomplete', 'rejected', 'request-mic')),
      mechanism: maybe(fc.constant(mechanisms.ntlm)),
      token: maybe(bytes(70_000)),
      checksum: maybe(bytes(16)),
    },
    plain,
  )
  fc.assert(
    fc.property(response, (given) => {
      if ((given.token?.length ?? 0) < 65_000)
        t.strictSame(parseSpnego(buildResponse(given)), { kind: 'response', ...given })
    }),
    { numRuns: 50 },
  )
})

t.test('noise, and messages cut anywhere, are read or refused as malformed, nothing else', async (t) => {
  const initial = buildInitial([mechanisms.ntlm], buildNegotiate({ flags: 1, domain: '', workstation: '' }))
  const samples = [
    buildNegotiate({ flags: flags.domainSupplied | flags.workstationSupplied, domain: 'A', workstation: 'B' }),
    buildChallenge({ flags: 1, targetName: 'A', challenge: Buffer.alloc(8), targetInfo: Buffer.alloc(9) }),
    buildAuthenticate({
      flags: 1,
      lmResponse: Buffer.alloc(24),
      ntResponse: Buffer.alloc(60),
      domain: 'D',
      user: 'u',
      workstation: 'w',
      sessionKey: Buffer.alloc(16),
    }),
    initial,
    buildResponse({ state: 'incomplete', mechanism: mechanisms.ntlm, token: Buffer.alloc(300) }),
  ]
  const readers = [parseNegotiate, parseChallenge, parseAuthenticate, parseSpnego, parseAvPairs] as const
  const harmless = (input: Buffer): void => {
    for (const read of readers) {
      try {
        read(input)
      } catch (error) {
        if (!(error instanceof MalformedMessage)) throw error
      }
    }
  }
  for (const sample of samples)
    for (let length = 0; length <= sample.length; length++) harmless(sample.subarray(0, length))
  const changed = fc
    .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }))
    .map(([sample, changes]) => {
      const copy = Buffer.from(sample)
      for (const [at, value] of changes) copy[at % copy.length] = value
      return copy
    })
  t.doesNotThrow(() => fc.assert(fc.property(fc.oneof(changed, bytes(200)), harmless), { numRuns: 2000 }))
})
