import openssl, { checkPrimeSync, createPublicKey, publicEncrypt } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import t from 'tap'
import { generateKeyPair, privateKeyFromPem, privateKeyToPem } from '../../src/crypto/keys.js'
import { seededRandom } from '../../src/crypto/seeded-random.js'
import { createSigner } from '../../src/crypto/signer.js'

for (const bits of [1024, 2048]) {
  t.test(`a new key pair of ${bits} bits has the numbers of RFC 8017, 3.2, and OpenSSL takes it`, async (t) => {
    const pair = await generateKeyPair(bits)
    const jwk = pair.key.export({ format: 'jwk' })
    const number = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi'): bigint =>
      BigInt(`0x${Buffer.from(String(jwk[name]), 'base64url').toString('hex')}`)
    const [n, e, d, p, q] = [number('n'), number('e'), number('d'), number('p'), number('q')]
    t.equal(n.toString(2).length, bits)
    t.equal(pair.publicKey.bits, bits)
    t.equal(e, 65537n)
    t.equal(p * q, n)
    for (const prime of [p, q]) {
      t.equal(prime.toString(2).length, bits / 2)
      t.ok(checkPrimeSync(prime))
      t.equal((e * d) % (prime - 1n), 1n)
    }
    t.ok(p > q)
    t.equal(number('dp'), d % (p - 1n))
    t.equal(number('dq'), d % (q - 1n))
    t.equal((number('qi') * q) % p, 1n)

    const kept = privateKeyFromPem(privateKeyToPem(pair))
    t.equal(kept.publicKey, pair.publicKey)
    t.same(createPublicKey(pair.key).export({ format: 'jwk' }), pair.publicKey.key.export({ format: 'jwk' }))
    const sealed = publicEncrypt(pair.publicKey.key, Buffer.from('content'))
    for (const engine of ['openssl', 'forge'] as const)
      t.equal((await createSigner(engine, kept).decrypt(sealed, 'OAEP')).toString(), 'content', engine)
    t.not((await generateKeyPair(bits)).publicKey.modulus, pair.publicKey.modulus)
  })
}

t.test(
  'a seeded pair is made once, whoever wants it; one that could not be made is made for the next one',
  async (t) => {
    const make = () => generateKeyPair(1024, seededRandom(42, 'made once'))
    const { checkPrime } = openssl
    const put = (check: unknown): void => {
      Object.assign(openssl, { checkPrime: check })
      syncBuiltinESMExports()
    }
    t.teardown(() => put(checkPrime))
    put((_candidate: bigint, done: (error: Error) => void) => done(new Error('no memory')))
    const outcomes = await Promise.allSettled([make(), make()])
    t.match(outcomes, [{ reason: { message: 'no memory' } }, { reason: { message: 'no memory' } }])
    put(checkPrime)
    const [one, other] = await Promise.all([make(), make()])
    t.equal(one, other)
    t.equal(await make(), one)
  },
)
