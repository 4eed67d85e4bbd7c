import { constants, publicEncrypt } from 'node:crypto'
import t from 'tap'
import type { EngineName } from '../../src/crypto/engine.js'
import {
  BadKeyBlob,
  decryptZeroFilled,
  encryptZeroFilled,
  readKeyBlob,
  writeKeyBlob,
  type CipherMode,
} from '../../src/crypto/content-key.js'
import { generateKeyPair } from '../../src/crypto/keys.js'
import { modes } from '../../src/crypto/modes.js'
import { readPrivateKeyBlob, writePrivateKeyBlob } from '../../src/crypto/private-key-blob.js'
import { seal, SealBroken, unseal } from '../../src/crypto/seal.js'
import { createSigner } from '../../src/crypto/signer.js'
import { systemRandom } from '../../src/effects.js'
import { fc } from '../fixtures/property.js'

const engines: readonly EngineName[] = ['openssl', 'forge']
const keys = { 1024: await generateKeyPair(1024), 2048: await generateKeyPair(2048) } as const
const others = { 1024: await generateKeyPair(1024), 2048: await generateKeyPair(2048) } as const
const cipherModes: readonly CipherMode[] = ['ECB', 'CBC4K', 'CBC4K.NOPADDING', 'CBC512.NOPADDING']
const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
const anyKey = fc.record({ key: fc.constantFrom(16, 24, 32).chain(bytes), cipherMode: fc.constantFrom(...cipherModes) })
const issuer = '<ISSUER><OBJECT type="MS-DRM-Server"><NAME>Žluť</NAME></OBJECT></ISSUER>'

t.test('a key blob comes back as it was written', async () => {
  fc.assert(
    fc.property(anyKey, (symmetric) => {
      const read = readKeyBlob(writeKeyBlob(symmetric))
      return read.key.equals(symmetric.key) && read.cipherMode === symmetric.cipherMode
    }),
  )
})

t.test('a key blob is written to the byte as decided', async (t) => {
  t.equal(
    writeKeyBlob({ key: Buffer.alloc(16, 0xaa), cipherMode: 'ECB' }).toString('hex'),
    `1c00ffff1000100001100000${'aa'.repeat(16)}`,
  )
  t.equal(
    writeKeyBlob({ key: Buffer.alloc(32, 0xbb), cipherMode: 'CBC4K' }).toString('hex'),
    `2c00fdff2000100001200000${'bb'.repeat(32)}`,
  )
})

t.test('a key blob with sizes in bits is read; one that is not an AES key is refused', async (t) => {
  const blob = writeKeyBlob({ key: Buffer.alloc(16, 1), cipherMode: 'ECB' })
  const changed = (at: number, ...values: readonly number[]): Buffer =>
    Buffer.concat([blob.subarray(0, at), Buffer.from(values), blob.subarray(at + values.length)])
  t.same(readKeyBlob(changed(4, 128, 0, 128, 0)).key, Buffer.alloc(16, 1))
  const refused = {
    empty: Buffer.alloc(0),
    'shorter than its header': blob.subarray(0, 11),
    'cut short': blob.subarray(0, -1),
    'a size above what is there': changed(0, 0xff, 0xff),
    'a size below the header': changed(0, 0),
    'a key size that does not fit': changed(4, 17),
    'a cipher mode that there is not': changed(2, 0, 0),
  }
  for (const [name, broken] of Object.entries(refused))
    t.throws(() => readKeyBlob(broken), { name: 'BadKeyBlob', des: false }, name)
  t.throws(() => readKeyBlob(changed(8, 0)), { name: 'BadKeyBlob', des: true }, 'DES')
  t.throws(
    () => readKeyBlob(changed(8, 0).subarray(0, 20)),
    { name: 'BadKeyBlob', des: true },
    'DES is told before any length is checked',
  )
})

t.test('whatever the bytes are, a key blob is read or refused', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 48 }), (array) => {
      try {
        return [16, 24, 32].includes(readKeyBlob(Buffer.from(array)).key.length)
      } catch (error) {
        return error instanceof BadKeyBlob
      }
    }),
  )
})

t.test('zero-filled encryption comes back with its filler, in whole blocks without more', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16, 24, 32).chain(bytes),
      fc.uint8Array({ maxLength: 70 }).map((array) => Buffer.from(array)),
      (key, plain) => {
        const encrypted = encryptZeroFilled(key, plain)
        const back = decryptZeroFilled(key, encrypted)
        return (
          encrypted.length === Math.ceil(plain.length / 16) * 16 &&
          back.subarray(0, plain.length).equals(plain) &&
          back.subarray(plain.length).every((byte) => byte === 0)
        )
      },
    ),
  )
})

for (const rules of Object.values(modes)) {
  const key = keys[rules.keyBits]

  t.test(`mode ${rules.mode}: a private key blob comes back as the same key`, async (t) => {
    const blob = writePrivateKeyBlob(key)
    t.equal(blob.length, 20 + (rules.keyBits / 8) * 4.5)
    const read = readPrivateKeyBlob(blob)
    t.ok(read.key.equals(key.key))
    t.equal(read.publicKey.modulus, key.publicKey.modulus)
    t.ok(readPrivateKeyBlob(Buffer.concat([blob, Buffer.alloc(8)])).key.equals(key.key), 'filler behind it')
    for (const broken of [
      Buffer.alloc(0),
      blob.subarray(0, 19),
      blob.subarray(0, -1),
      Buffer.concat([Buffer.from([6]), blob.subarray(1)]),
    ]) {
      t.throws(() => readPrivateKeyBlob(broken), RangeError, `${broken.length} bytes`)
    }
    const huge = Buffer.from(blob)
    huge.writeUInt32LE(0xffffffff, 12)
    t.throws(() => readPrivateKeyBlob(huge), RangeError, 'a huge declared size')
    t.throws(
      () => readPrivateKeyBlob(Buffer.concat([blob.subarray(0, 20), Buffer.alloc(blob.length - 20)])),
      RangeError,
      'zeros',
    )
  })

  for (const engine of engines) {
    t.test(
      `mode ${rules.mode}, ${engine}: what is sealed opens, belongs to its text only, and has the genuine size`,
      async () => {
        const signer = createSigner(engine, key)
        await fc.assert(
          fc.asyncProperty(anyKey, fc.string({ unit: 'binary', maxLength: 30 }), async (symmetric, text) => {
            const sealed = seal(rules, key.publicKey, writeKeyBlob(symmetric), text, systemRandom)
            const sizes: Readonly<Record<number, readonly number[]>> = { 1: [192, 208, 208], 2: [336, 352, 352] }
            const opened = await unseal(signer, sealed.type, sealed.bytes)
            return (
              sealed.bytes.length === sizes[rules.mode]?.[symmetric.key.length / 8 - 2] &&
              readKeyBlob(opened.payload).key.equals(symmetric.key) &&
              opened.belongsTo(text) &&
              !opened.belongsTo(`${text} `)
            )
          }),
          { numRuns: 9 },
        )
      },
    )
  }

  t.test(`mode ${rules.mode}: a sealed private key has the genuine size`, async (t) => {
    const sealed = seal(rules, key.publicKey, writePrivateKeyBlob(key), issuer, systemRandom)
    t.equal(sealed.bytes.length, rules.mode === 1 ? 768 : 1488)
    const opened = await unseal(createSigner('openssl', key), sealed.type, sealed.bytes)
    t.ok(readPrivateKeyBlob(opened.payload).key.equals(key.key))
    t.ok(opened.belongsTo(issuer))
  })

  t.test(`mode ${rules.mode}: any one byte changed is noticed`, async (t) => {
    const signer = createSigner('openssl', key)
    const payload = writeKeyBlob({ key: Buffer.alloc(16, 7), cipherMode: 'CBC4K' })
    const sealed = seal(rules, key.publicKey, payload, issuer, systemRandom)
    let noticed = 0
    for (let at = 0; at < sealed.bytes.length; at++) {
      const changed = Buffer.from(sealed.bytes)
      changed.writeUInt8((changed[at] ?? 0) ^ 0x10, at)
      try {
        const opened = await unseal(signer, sealed.type, changed)
        if (!opened.payload.equals(payload) || !opened.belongsTo(issuer)) noticed++
      } catch (error) {
        if (error instanceof SealBroken) noticed++
        else throw error
      }
    }
    t.equal(noticed, sealed.bytes.length)
  })

  t.test(`mode ${rules.mode}: hostile seals are refused as broken`, async (t) => {
    const signer = createSigner('openssl', key)
    const rsa = rules.keyBits / 8
    const sealed = seal(
      rules,
      key.publicKey,
      writeKeyBlob({ key: Buffer.alloc(16, 7), cipherMode: 'ECB' }),
      issuer,
      systemRandom,
    )
    const broken = (bits: Buffer, why: RegExp, type: string = sealed.type): Promise<unknown> =>
      t.rejects(unseal(signer, type, bits), { name: 'SealBroken', message: why })
    await broken(Buffer.alloc(0), /0 bytes/)
    await broken(sealed.bytes.subarray(0, rsa), /do not fit/)
    await broken(sealed.bytes.subarray(0, -1), /do not fit/)
    await broken(Buffer.concat([sealed.bytes, Buffer.alloc(1)]), /do not fit/)
    await broken(Buffer.alloc(rsa + 16 * 1000), /do not fit/)
    await broken(sealed.bytes, /no ENABLINGBITS/, 'sealed-key-v3')
    await broken(sealed.bytes, /no ENABLINGBITS/, '__proto__')
    await broken(sealed.bytes, /not for a key of/, rules.mode === 1 ? 'sealed-key-v2' : 'sealed-key')

    const foreign = seal(rules, others[rules.keyBits].publicKey, Buffer.alloc(28), issuer, systemRandom)
    await broken(foreign.bytes, /not sealed to this key/)

    const padding = rules.mode === 1 ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING
    const withSession = (session: Buffer): Buffer =>
      Buffer.concat([publicEncrypt({ key: key.publicKey.key, padding, oaepHash: 'sha1' }, session), Buffer.alloc(64)])
    const des = Buffer.concat([Buffer.from('1400ffff0800080000100000', 'hex'), Buffer.alloc(8)])
    await t.rejects(unseal(signer, sealed.type, withSession(des)), { name: 'SealBroken', des: true })
    await broken(withSession(Buffer.alloc(3)), /session key/)
    for (const noHeader of ['1400fff00800080000100000', '1400ffff0800080000100080']) {
      await t.rejects(
        unseal(signer, sealed.type, withSession(Buffer.concat([Buffer.from(noHeader, 'hex'), Buffer.alloc(8)]))),
        { name: 'SealBroken', des: false },
        'what is no header is not called DES',
      )
    }

    const session = Buffer.alloc(16, 3)
    const withHeader = (version: number, length: number): Buffer => {
      const header = Buffer.alloc(16)
      header.writeUInt32LE(version, 0)
      header.writeUInt32LE(length, 4)
      const rest = encryptZeroFilled(session, Buffer.concat([header, Buffer.alloc(80)]))
      return Buffer.concat([withSession(writeKeyBlob({ key: session, cipherMode: 'ECB' })).subarray(0, rsa), rest])
    }
    await broken(withHeader(rules.mode, 0xffffffff), /4294967295 bytes/)
    await broken(withHeader(rules.mode, 81), /81 bytes/)
    await broken(withHeader(rules.mode, 3), /3 bytes/)
    await broken(withHeader(3 - rules.mode, 80), /version/)
    t.equal((await unseal(signer, sealed.type, withHeader(rules.mode, 80))).belongsTo(issuer), false)
  })
}
