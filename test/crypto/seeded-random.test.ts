import { checkPrimeSync, constants, createHash, privateDecrypt, publicEncrypt } from 'node:crypto'
import t from 'tap'
import { BadSeed, longestSeed, seedText } from '../../src/config/seed-text.js'
import { generateKeyPair, privateKeyToPem } from '../../src/crypto/keys.js'
import { padOaep, padPkcs1 } from '../../src/crypto/encryption-padding.js'
import { modes } from '../../src/crypto/modes.js'
import { drawPrimes } from '../../src/crypto/primes.js'
import { seal, unseal } from '../../src/crypto/seal.js'
import { randomSeed, seededRandom } from '../../src/crypto/seeded-random.js'
import { createSigner } from '../../src/crypto/signer.js'
import { fc } from '../fixtures/property.js'

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

t.test('a number and its digits are one seed, and nothing else is', async (t) => {
  t.equal(seedText(42), '42')
  t.equal(seedText('42'), '42')
  t.equal(seedText(0), '0')
  t.equal(seedText(Number.MAX_SAFE_INTEGER), '9007199254740991')
  t.equal(seedText('a test of Tuesday'), 'a test of Tuesday')
  t.equal(seedText('x'.repeat(longestSeed)).length, longestSeed)
  t.equal(seedText('e\u0301'), '\u00e9', 'however an accent is written')
})

t.test('what is no seed says why', async (t) => {
  for (const [given, why] of [
    [-1, /^-1 is no seed: it must be a whole number from 0 to 9007199254740991$/],
    [-0, /whole/],
    [1.5, /whole/],
    [NaN, /whole/],
    [2 ** 53, /whole/],
    ['-1', /in its digits alone/],
    ['042', /in its digits alone/],
    ['4.2', /in its digits alone/],
    ['1e3', /in its digits alone/],
    ['9007199254740993', /in its digits alone/],
    ['', /1 to 128 characters/],
    ['x'.repeat(129), /must have 1 to 128 characters/],
    [' 42', /no blanks at its ends/],
    ['4\n2', /control characters/],
    ['\uD800', /control characters/],
    [undefined, /a whole number from 0 on, or a text/],
    [{}, /a whole number from 0 on, or a text/],
  ] as const) {
    t.throws(() => seedText(given), { name: 'BadSeed', message: why }, JSON.stringify(given))
    t.throws(() => seedText(given), BadSeed)
  }
})

t.test('a stream follows from seed and purpose, and from nothing else', async (t) => {
  const bytes = (seed: string | number, ...purpose: readonly (string | number)[]): string =>
    seededRandom(seed, ...purpose)
      .bytes(64)
      .toString('hex')
  t.equal(bytes(42, 'a', 1), bytes('42', 'a', '1'))
  const others = [bytes(42, 'a', 1), bytes(43, 'a', 1), bytes(42, 'a'), bytes(42, 'a1'), bytes(42, 'a,1'), bytes(42)]
  t.equal(new Set(others).size, others.length)
  // For ever: what was made from a seed by one version of this program is made by the next.
  t.equal(bytes(42, 'a', 1).slice(0, 32), 'b0aa8790b2d071c563c547e2fd2aeafe')
})

t.test('however much is taken at a time, the bytes are the same ones, and none comes twice', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }), (lengths) => {
      const [one, other] = [seededRandom(1, 'x'), seededRandom(1, 'x')]
      const parts = Buffer.concat(lengths.map((length) => one.bytes(length)))
      return parts.equals(other.bytes(parts.length))
    }),
  )
})

for (const bits of [1024, 2048])
  t.test(`a key pair of ${bits} bits follows from its stream`, async (t) => {
    const seed = randomSeed(42)
    const [one, same, other] = await Promise.all([
      generateKeyPair(bits, seed.stream('key', 1)),
      generateKeyPair(bits, seed.stream('key', 1)),
      generateKeyPair(bits, seed.stream('key', 2)),
    ])
    t.equal(privateKeyToPem(one), privateKeyToPem(same))
    t.not(one.publicKey.modulus, other.publicKey.modulus)
    t.equal(one.publicKey.bits, bits)
    t.equal(
      sha256(one.publicKey.modulus),
      {
        1024: '2881c8baf94e342ab3bdde3ece5450aed4ec6799cfe8e31368d1298e23ecc03d',
        2048: 'ee79bddecb781a299f0082c19f5a490193210059bf0a50d2899369425fa411f1',
      }[bits],
      'in each version of this program',
    )
    const signer = createSigner('openssl', one)
    const rules = Object.values(modes).find(({ keyBits }) => keyBits === bits) ?? modes[2]
    const sealed = [1, 1, 2].map((n) => seal(rules, one.publicKey, Buffer.from('key'), '<A />', seed.stream('seal', n)))
    t.ok(sealed[0]?.bytes.equals(sealed[1]?.bytes ?? Buffer.alloc(0)), 'and so does what is sealed to it')
    t.notOk(sealed[0]?.bytes.equals(sealed[2]?.bytes ?? Buffer.alloc(0)))
    for (const { type, bytes } of sealed) {
      const opened = await unseal(signer, type, bytes)
      t.equal(opened.payload.toString(), 'key')
      t.ok(opened.belongsTo('<A />'))
    }
  })

t.test('drawn primes are primes of their length, with their two highest bits set', async (t) => {
  for (let n = 0; n < 10; n++)
    for (const prime of await drawPrimes(256, seededRandom('primes', n))) {
      t.ok(checkPrimeSync(prime))
      t.equal(prime >> 254n, 3n)
    }
})

t.test('from the very end of the numbers of a length, the search goes on at their beginning', async (t) => {
  const random = { isRepeatable: true, bytes: (length: number) => Buffer.alloc(length, 0xff) }
  const [one, other] = await drawPrimes(64, random)
  t.equal(one, other)
  t.ok(checkPrimeSync(one))
  t.equal(one >> 62n, 3n)
})

t.test('OpenSSL opens what our OAEP has filled, of any length that fits', async () => {
  const key = await generateKeyPair(1024, seededRandom('oaep'))
  const oaep = { key: key.key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  const raw = { key: key.key, padding: constants.RSA_NO_PADDING }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 - 42 }), fc.nat(), (message, n) => {
      const block = padOaep(Buffer.from(message), 128, seededRandom('oaep', n))
      const encrypted = rawEncrypt(block)
      return (
        privateDecrypt(oaep, encrypted).equals(Buffer.from(message)) && privateDecrypt(raw, encrypted).equals(block)
      )
    }),
    { numRuns: 50 },
  )

  function rawEncrypt(block: Buffer): Buffer {
    return publicEncrypt({ key: key.publicKey.key, padding: constants.RSA_NO_PADDING }, block)
  }
})

t.test('the filler of PKCS#1 v1.5 has no zero, and eight bytes at least', async (t) => {
  const message = Buffer.from('message')
  for (let n = 0; n < 200; n++) {
    const block = padPkcs1(message, 128, seededRandom('pkcs1', n))
    t.equal(block.length, 128)
    t.equal(block.indexOf(0, 2), 128 - message.length - 1)
    t.same([block[0], block[1]], [0, 2])
  }
  t.throws(() => padPkcs1(Buffer.alloc(118), 128, seededRandom(1)), /too many/)
  t.equal(padPkcs1(Buffer.alloc(117), 128, seededRandom(1)).length, 128)
  t.throws(() => padOaep(Buffer.alloc(87), 128, seededRandom(1)), /too many/)
})
