import { constants, createPublicKey, createSign, createVerify, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { Padding } from '../../src/crypto/engine.js'
import {
  generateKeyPair,
  privateKeyFromPem,
  privateKeyToPem,
  publicKeyFromModulus,
  publicKeyToPkcs1,
} from '../../src/crypto/keys.js'
import { hashes, modes, type HashName } from '../../src/crypto/modes.js'
import { isSignatureGood, surfaceDigest } from '../../src/crypto/signed-octets.js'
import { blockPrefix, createSigner, DecryptionFailed, type SigningPlace } from '../../src/crypto/signer.js'
import { startSigningThreads, usefulThreads } from '../../src/crypto/signing-threads.js'
import { fc } from '../fixtures/property.js'

const threads = { openssl: await startSigningThreads(2, 'openssl'), forge: await startSigningThreads(1, 'forge') }
t.teardown(() => Promise.all(Object.values(threads).map((one) => one.close())))
const places: Readonly<Record<string, SigningPlace>> = {
  openssl: 'openssl',
  forge: 'forge',
  'openssl on threads': threads.openssl,
  'forge on a thread': threads.forge,
}
const keys = { 1024: await generateKeyPair(1024), 2048: await generateKeyPair(2048) } as const

for (const rules of Object.values(modes)) {
  const key = keys[rules.keyBits]
  const name: HashName = rules.hash

  t.test(`mode ${rules.mode}: engines make the signature that the platform makes, wherever they are`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (surface) => {
        const digest = surfaceDigest(surface, name)
        const platform = createSign(`RSA-${name}`).update(Buffer.from(surface, 'utf16le')).sign(key.key)
        for (const place of Object.values(places)) {
          const signature = await createSigner(place, key).sign(digest, name)
          if (!signature.equals(platform) || !isSignatureGood(key.publicKey, digest, name, signature)) return false
        }
        return createVerify(`RSA-${name}`).update(Buffer.from(surface, 'utf16le')).verify(key.publicKey.key, platform)
      }),
      { numRuns: 12 },
    )
  })

  t.test(`mode ${rules.mode}: engines open what the platform sealed, and nothing else`, async (t) => {
    for (const [where, place] of Object.entries(places)) {
      const signer = createSigner(place, key)
      const paddings: Readonly<Record<Padding, number>> = {
        PKCS1: constants.RSA_PKCS1_PADDING,
        OAEP: constants.RSA_PKCS1_OAEP_PADDING,
      }
      for (const [padding, number] of Object.entries(paddings) as [Padding, number][]) {
        const block = publicEncrypt(
          { key: key.publicKey.key, padding: number, oaepHash: 'sha1' },
          Buffer.from('content'),
        )
        t.equal((await signer.decrypt(block, padding)).toString(), 'content', `${where} ${padding}`)
        t.equal(
          await signer.decrypt(block, padding === 'OAEP' ? 'PKCS1' : 'OAEP').catch(String),
          String(new DecryptionFailed()),
          'the other padding',
        )
        for (const at of [0, 1, block.length - 1]) {
          const changed = Buffer.from(block)
          changed.writeUInt8((changed[at] ?? 0) ^ 1, at)
          await t.rejects(signer.decrypt(changed, padding), DecryptionFailed, `${where} ${padding}, byte ${at}`)
        }
        await t.rejects(signer.decrypt(block.subarray(1), padding), DecryptionFailed, 'too short')
        await t.rejects(signer.decrypt(Buffer.concat([block, block]), padding), DecryptionFailed, 'too long')
        await t.rejects(signer.decrypt(Buffer.alloc(block.length), padding), DecryptionFailed, 'zero')
        await t.rejects(
          signer.decrypt(Buffer.alloc(block.length, 0xff), padding),
          DecryptionFailed,
          'above the modulus',
        )
      }
    }
  })

  t.test(`mode ${rules.mode}: a signature with anything else in it is not good`, async (t) => {
    const signer = createSigner('openssl', key)
    const digest = surfaceDigest('<BODY />', name)
    const signature = await signer.sign(digest, name)
    for (let at = 0; at < signature.length; at += 9) {
      const changed = Buffer.from(signature)
      changed.writeUInt8((changed[at] ?? 0) ^ 0x80, at)
      t.notOk(isSignatureGood(key.publicKey, digest, name, changed), `byte ${at}`)
    }
    t.notOk(isSignatureGood(key.publicKey, surfaceDigest('<BODY/>', name), name, signature), 'another digest')
    t.notOk(isSignatureGood(key.publicKey, digest, name === 'SHA1' ? 'SHA256' : 'SHA1', signature), 'another hash')
    t.notOk(isSignatureGood(keys[rules.mode === 1 ? 2048 : 1024].publicKey, digest, name, signature), 'another key')
    t.notOk(isSignatureGood(key.publicKey, digest, name, signature.subarray(1)), 'too short')
    t.notOk(isSignatureGood(key.publicKey, digest, name, Buffer.alloc(0)), 'empty')
    t.notOk(isSignatureGood(key.publicKey, digest, name, Buffer.alloc(signature.length, 0xff)), 'above the modulus')
  })
}

t.test('on threads, each of many operations at once gets its own answer, with its own key', async (t) => {
  const signers = Object.values(keys).map((key) => createSigner(threads.openssl, key))
  const surfaces = Array.from({ length: 100 }, (_, index) => `<BODY>${index}</BODY>`)
  await Promise.all(
    surfaces.flatMap((surface) =>
      signers.map(async (signer) => {
        const digest = surfaceDigest(surface, 'SHA256')
        const [signature, opened] = await Promise.all([
          signer.sign(digest, 'SHA256'),
          signer.decrypt(publicEncrypt(signer.publicKey.key, Buffer.from(surface)), 'OAEP'),
        ])
        t.ok(isSignatureGood(signer.publicKey, digest, 'SHA256', signature))
        t.equal(opened.toString(), surface)
      }),
    ),
  )
})

t.test('while a thread computes, the event loop goes on', async (t) => {
  const digest = surfaceDigest('<BODY />', 'SHA256')
  const order: string[] = []
  const sign = async (place: SigningPlace): Promise<void> => {
    const signing = createSigner(place, keys[2048])
      .sign(digest, 'SHA256')
      .then(() => order.push('signed'))
    await nextTurn()
    order.push('next turn')
    await signing
  }
  // It takes tens of milliseconds: nobody answers that before the next turn.
  await sign(threads.forge)
  t.same(order, ['next turn', 'signed'])
  await sign('forge')
  t.same(order.slice(2), ['signed', 'next turn'], 'and without threads it stands still')
})

t.test('threads do what they were asked for before they end; afterwards it is computed by whoever asks', async (t) => {
  const short = await startSigningThreads(1, 'forge')
  const signer = createSigner(short, keys[1024])
  const digest = surfaceDigest('<BODY />', 'SHA1')
  const signing = Array.from({ length: 100 }, () => signer.sign(digest, 'SHA1'))
  await short.close()
  const signatures = await Promise.all([...signing, signer.sign(digest, 'SHA1')])
  t.ok(signatures.every((signature) => isSignatureGood(keys[1024].publicKey, digest, 'SHA1', signature)))
})

t.test('what a thread leaves undone when it fails is done by whoever asked', async (t) => {
  const failures: unknown[] = []
  const failing = await startSigningThreads(1, 'forge', (error) => failures.push(error))
  // node-forge cannot read such a key.
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const compute = failing.engineOf({ ...keys[1024], key }, () => Buffer.from('here'))
  const asked = await Promise.all([compute('exponentiate', Buffer.alloc(128)), compute('OAEP', Buffer.alloc(128))])
  t.same(asked.map(String), ['here', 'here'])
  t.equal(failures.length, 1)
  t.equal(String(await compute('OAEP', Buffer.alloc(128))), 'here')
  await failing.close()
})

t.test('there is no half a thread', async (t) => {
  for (const count of [0, -1, 0.5, NaN, 17])
    await t.rejects(startSigningThreads(count, 'openssl'), RangeError, String(count))
})

t.test('threads are useful where the event loop leaves cores over', async (t) => {
  t.same([0.5, 1, 1.9, 2, 64].map(usefulThreads), [0, 0, 0, 1, 1])
})

t.test('the encoded block has the DigestInfo of the standard', async (t) => {
  const infos = { SHA1: '3021300906052b0e03021a05000414', SHA256: '3031300d060960864801650304020105000420' } as const
  for (const hash of ['SHA1', 'SHA256'] as const) {
    const prefix = blockPrefix(keys[1024].publicKey, hash)
    t.equal(prefix.length + hashes[hash].bytes, 128)
    t.match(prefix.toString('hex'), new RegExp(`^0001(ff){8,}00${infos[hash]}$`))
  }
})

t.test('a short filler or trailing bytes do not make a signature', async (t) => {
  const { key, publicKey } = keys[1024]
  const digest = surfaceDigest('x', 'SHA1')
  const info = blockPrefix(publicKey, 'SHA1').subarray(-15)
  const forged = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(8, 0xff),
    Buffer.from([0]),
    info,
    digest,
    Buffer.alloc(128 - 11 - 35),
  ])
  const { privateEncrypt } = await import('node:crypto')
  t.notOk(
    isSignatureGood(publicKey, digest, 'SHA1', privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, forged)),
  )
})

t.test('keys come back from PEM, modulus and PKCS#1', async (t) => {
  for (const key of Object.values(keys)) {
    t.equal(privateKeyFromPem(privateKeyToPem(key)).publicKey.modulus, key.publicKey.modulus)
    const again = publicKeyFromModulus(key.publicKey.modulus)
    t.equal(again.bits, key.publicKey.bits)
    t.ok(again.key.equals(key.publicKey.key))
    const pkcs1 = createPublicKey({ key: Buffer.from(publicKeyToPkcs1(again), 'base64'), format: 'der', type: 'pkcs1' })
    t.ok(pkcs1.equals(key.publicKey.key))
    t.equal(Buffer.from(key.publicKey.modulus, 'base64').length * 8, key.publicKey.bits, 'full length')
    t.equal((Buffer.from(key.publicKey.modulus, 'base64')[0] ?? 0) & 1, 1, 'little-endian: the odd byte is in front')
  }
})

t.test('what is not a modulus is refused', async (t) => {
  const even = Buffer.alloc(128, 0xfe)
  const leadingZero = Buffer.concat([Buffer.alloc(127, 1), Buffer.alloc(1)])
  const cases = {
    empty: '',
    garbage: '%%%%',
    short: Buffer.alloc(63, 1).toString('base64'),
    long: Buffer.alloc(513, 1).toString('base64'),
    even: even.toString('base64'),
    leadingZero: leadingZero.toString('base64'),
  }
  for (const [name, modulus] of Object.entries(cases)) t.throws(() => publicKeyFromModulus(modulus), RangeError, name)
})
