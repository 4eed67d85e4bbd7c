import forge from 'node-forge'
import t from 'tap'
import type { CipherMode } from '../../src/crypto/content-key.js'
import {
  ContentCipherError,
  decryptCbc4kChunks,
  decryptContent,
  encryptCbc4kChunks,
  encryptContent,
  encryptedSize,
} from '../../src/crypto/content-cipher.js'
import { fc } from '../fixtures/property.js'

const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const longKey = Buffer.concat([key, Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex')])
const sample = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff))

/** The same cipher by another library, one block at a time. */
function forgeAes(
  algorithm: 'AES-ECB' | 'AES-CBC',
  aesKey: Buffer,
  iv: string,
  plain: Buffer,
  padded: boolean,
): Buffer {
  const cipher = forge.cipher.createCipher(algorithm, aesKey.toString('binary'))
  cipher.start({ iv })
  cipher.update(forge.util.createBuffer(plain.toString('binary')))
  cipher.finish()
  const output = Buffer.from(cipher.output.getBytes(), 'binary')
  return padded ? output : output.subarray(0, plain.length)
}

function forgeBlocks(aesKey: Buffer, plain: Buffer, size: number, step: number, padded: boolean): Buffer {
  const parts: Buffer[] = []
  const blocks = padded ? Math.floor(plain.length / size) + 1 : Math.ceil(plain.length / size)
  for (let block = 0; block < blocks; block++) {
    const counter = Buffer.alloc(16)
    counter.writeUInt32LE(block * step)
    const iv = forgeAes('AES-ECB', aesKey, '', counter, false).toString('binary')
    const bytes = plain.subarray(block * size, (block + 1) * size)
    parts.push(forgeAes('AES-CBC', aesKey, iv, bytes, padded && bytes.length < size))
  }
  return Buffer.concat(parts)
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

t.test('ECB is plain AES: the examples of FIPS 197', async (t) => {
  const plain = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
  t.equal(encryptContent('ECB', key, plain).toString('hex'), '69c4e0d86a7b0430d8cdb78070b4c55a')
  t.equal(encryptContent('ECB', longKey, plain).toString('hex'), '8ea2b7ca516745bfeafc49904b496089')
})

t.test('CBC4K and CBC512 give what another AES implementation gives with the same vectors', async (t) => {
  for (const aesKey of [key, longKey]) {
    for (const length of [0, 1, 15, 16, 4080, 4095, 4096, 4097, 8192, 10_000]) {
      const expected = forgeBlocks(aesKey, sample(length), 4096, 1, true)
      t.ok(
        encryptContent('CBC4K', aesKey, sample(length)).equals(expected),
        `CBC4K ${length} bytes, ${aesKey.length}-byte key`,
      )
    }
    for (const length of [16, 512, 528, 1536]) {
      const expected = forgeBlocks(aesKey, sample(length), 512, 512, false)
      t.ok(encryptContent('CBC512.NOPADDING', aesKey, sample(length)).equals(expected), `CBC512 ${length} bytes`)
    }
    t.ok(
      encryptContent('CBC4K.NOPADDING', aesKey, sample(8208)).equals(forgeBlocks(aesKey, sample(8208), 4096, 1, false)),
    )
  }
})

t.test('a content that ends with a full block gets a block of padding alone behind it', async (t) => {
  const encrypted = encryptContent('CBC4K', key, sample(4096))
  t.equal(encrypted.length, 4112)
  const firstOfTwo = encryptContent('CBC4K', key, sample(5000)).subarray(0, 4096)
  t.notOk(encrypted.subarray(4096).equals(firstOfTwo.subarray(0, 16)))
  t.ok(decryptContent('CBC4K', key, encrypted).equals(sample(4096)))
})

t.test('what is encrypted comes back, in every mode, and has the size that was announced', async () => {
  const modes: readonly CipherMode[] = ['CBC4K', 'CBC4K.NOPADDING', 'CBC512.NOPADDING', 'ECB']
  const content = fc.uint8Array({ maxLength: 9000, size: 'max' })
  fc.assert(
    fc.property(fc.constantFrom(...modes), fc.constantFrom(key, longKey), content, (mode, k, bytes) => {
      const plain = mode === 'CBC4K' ? bytes : bytes.subarray(0, bytes.length - (bytes.length % 16))
      const encrypted = encryptContent(mode, k, plain)
      return encrypted.length === encryptedSize(mode, plain.length) && decryptContent(mode, k, encrypted).equals(plain)
    }),
    { numRuns: 60 },
  )
})

t.test('the streaming form gives the same bytes, however the content is cut', async (t) => {
  for (const length of [0, 1, 4080, 4095, 4096, 4097, 8176, 8192, 20_000]) {
    const whole = encryptContent('CBC4K', key, sample(length))
    for (const size of [1000, 4096, 4097, 65_536]) {
      t.ok(
        (await collect(encryptCbc4kChunks(key, pieces(sample(length), size)))).equals(whole),
        `${length} in pieces of ${size}`,
      )
      t.ok((await collect(decryptCbc4kChunks(key, pieces(whole, size)))).equals(sample(length)), `${length} bytes back`)
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000, size: 'max' }), { maxLength: 12 }), async (chunks) => {
      const plain = Buffer.concat(chunks)
      return (await collect(decryptCbc4kChunks(key, encryptCbc4kChunks(key, chunks)))).equals(plain)
    }),
    { numRuns: 40 },
  )
})

t.test('a stream lets go of its blocks before the end has come', async (t) => {
  let taken = 0
  function* source(): Generator<Buffer> {
    for (; taken < 100; taken++) yield sample(8192)
  }
  const first = await encryptCbc4kChunks(key, source()).next()
  t.equal(first.done, false)
  t.ok(taken <= 1, `${taken} pieces were read for the first output`)
})

t.test('wrong lengths, keys and paddings are refused with the reason', async (t) => {
  const refuses = (run: () => unknown, message: RegExp): void => {
    t.throws(run, { name: 'ContentCipherError', message })
  }
  refuses(() => encryptContent('ECB', key, sample(17)), /17 bytes; ECB needs a multiple of 16/)
  refuses(() => encryptContent('CBC512.NOPADDING', key, sample(8)), /8 bytes; CBC512/)
  refuses(() => encryptedSize('ECB', 5), /5 bytes/)
  refuses(() => decryptContent('CBC4K', key, sample(31)), /31 bytes; CBC4K needs a multiple of 16/)
  refuses(() => decryptContent('CBC4K', key, Buffer.alloc(0)), /empty/)
  refuses(() => encryptContent('CBC4K', key.subarray(1), sample(3)), /16, 24 or 32 bytes, this one 15/)
  refuses(() => decryptContent('CBC4K', longKey, encryptContent('CBC4K', key, sample(100))), /another key/)
  refuses(() => decryptContent('CBC4K', key, encryptContent('CBC4K', key, sample(100)).subarray(0, 96)), /padding/)
  await t.rejects(collect(decryptCbc4kChunks(key, [sample(4099)])), {
    name: 'ContentCipherError',
    message: /4099 bytes/,
  })
  await t.rejects(collect(decryptCbc4kChunks(key, [])), ContentCipherError)
})
