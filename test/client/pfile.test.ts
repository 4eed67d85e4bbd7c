import t from 'tap'
import { PfileError, readPfile, writePfile, writePfileHeader } from '../../src/client/pfile.js'
import { ContentCipherError, decryptContent, encryptContent } from '../../src/crypto/content-cipher.js'
import { fc } from '../fixtures/property.js'

const key = Buffer.alloc(16, 7)
const license = '<?xml version="1.0"?><XrML xmlns="" version="1.2"><BODY>größer</BODY></XrML>'
const plaintext = Buffer.from('The quick brown fox jumps over the lazy dog, twice.')
const good = writePfile({
  extension: '.txt',
  publishingLicense: license,
  originalSize: plaintext.length,
  encryptedContent: encryptContent('CBC4K', key, plaintext),
})
/** Where the header of a version 3 file stands: behind magic, version and notice. */
const header = 6 + 8 + 4 + 396

function withWord(offset: number, value: number, bytes: Buffer = good): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt32LE(value, offset)
  return copy
}

/** A file of an older version, or with a license in another encoding, put together by hand. */
function older(minor: number, licenseBytes: Buffer): Buffer {
  const size = minor === 0 ? 24 : 40
  const extension = Buffer.from('.doc')
  const start = Buffer.alloc(6 + 12 + 5 + size)
  start.write('.pfile')
  start.writeUInt32LE(2, 6)
  start.writeUInt32LE(minor, 10)
  start.writeUInt32LE(5, 14)
  start.write('Hello', 18)
  const contentOffset = start.length + extension.length + licenseBytes.length
  const words = [
    size,
    start.length,
    extension.length,
    start.length + extension.length,
    licenseBytes.length,
    contentOffset,
  ]
  for (const [index, word] of words.entries()) start.writeUInt32LE(word, 23 + index * 4)
  if (minor > 0) start.fill(0xff, 23 + 24, 23 + 32)
  return Buffer.concat([start, extension, licenseBytes, Buffer.alloc(32)])
}

t.test('a written file is read back with all its parts', async (t) => {
  const pfile = readPfile(good)
  const { length } = plaintext
  t.match(pfile, {
    majorVersion: 3,
    minorVersion: 0,
    extension: '.txt',
    publishingLicense: license,
    originalSize: length,
  })
  t.match(pfile.notice, /^This file holds protected content of a rights management lab\./)
  t.ok(decryptContent('CBC4K', key, pfile.encryptedContent).equals(plaintext))
})

t.test(
  'the layout is that of version 3.0, with a notice of 396 bytes and a license in UTF-8 with byte order mark',
  async (t) => {
    const licenseLength = Buffer.byteLength(license) + 3
    t.equal(good.toString('latin1', 0, 6), '.pfile')
    t.same([good.readUInt32LE(6), good.readUInt32LE(10), good.readUInt32LE(14)], [3, 0, 396])
    t.same(
      [0, 4, 8, 12, 16, 20, 32, 36].map((offset) => good.readUInt32LE(header + offset)),
      [40, 454, 4, 458, licenseLength, 458 + licenseLength, 458 + licenseLength, 0],
    )
    t.equal(good.readBigUInt64LE(header + 24), BigInt(plaintext.length))
    t.equal(good.toString('hex', 458, 461), 'efbbbf')
    const unknownSize = writePfileHeader({ extension: '', publishingLicense: license, originalSize: undefined })
    t.equal(unknownSize.readBigUInt64LE(header + 24), 2n ** 64n - 1n)
  },
)

t.test('every file that can be written is read back the same', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 200, size: 'max' })
  const extension = text
    .map((value) => value.slice(0, 20).replace(/[\\/:\p{Cc}]/gu, ''))
    .filter((value) => value.isWellFormed())
  const blocks = fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { maxLength: 20 })
  fc.assert(
    fc.property(extension, text, blocks, fc.uint8Array(), fc.option(fc.nat()), (ext, body, content, metadata, size) => {
      const encryptedContent = Buffer.concat(content)
      const originalSize = size === null ? undefined : size % (encryptedContent.length + 1)
      const publishingLicense = `<XrML>${body}</XrML>`
      const read = readPfile(
        writePfile({ extension: ext, publishingLicense, originalSize, encryptedContent, metadata }),
      )
      return (
        read.extension === ext &&
        read.publishingLicense === publishingLicense &&
        read.originalSize === originalSize &&
        read.metadata.equals(metadata) &&
        read.encryptedContent.equals(encryptedContent)
      )
    }),
  )
})

t.test('a file cut anywhere is refused, here or when its content is decrypted', async (t) => {
  let passedOn = 0
  for (let length = 0; length < good.length; length++) {
    try {
      const pfile = readPfile(good.subarray(0, length))
      passedOn++
      t.throws(() => decryptContent('CBC4K', key, pfile.encryptedContent), ContentCipherError, `cut to ${length} bytes`)
    } catch (error) {
      if (!(error instanceof PfileError)) t.fail(`cut to ${length} bytes: ${String(error)}`)
    }
  }
  t.equal(passedOn, 0, 'this content is shorter than its original as soon as a block is missing')

  const unknown = writePfile({ ...readPfile(good), originalSize: undefined })
  const cut = readPfile(unknown.subarray(0, unknown.length - 16))
  t.throws(() => decryptContent('CBC4K', key, cut.encryptedContent), ContentCipherError)
})

t.test('offsets and lengths that point over each other or beyond the end are refused', async (t) => {
  const refused: readonly (readonly [string, Buffer, RegExp])[] = [
    ['other magic', Buffer.from('PK\u0003\u0004 and so on'), /does not begin with/],
    ['version 1', withWord(6, 1), /version 1\.0/],
    ['version 4', withWord(6, 4), /version 4\.0/],
    ['huge minor version', withWord(10, 0xffffffff), /version 3\.4294967295/],
    ['huge notice', withWord(14, 0xffffffff), /notice goes beyond the end/],
    ['notice up to the last byte', withWord(14, good.length - 18), /header size goes beyond the end/],
    ['small header', withWord(header, 24), /needs 40/],
    ['huge header', withWord(header, 0xfffffff0), /header goes beyond the end/],
    ['extension in the header', withWord(header + 4, header + 8), /extension begins at .* inside/],
    ['extension over the license', withWord(header + 8, 20), /license begins at .* inside/],
    ['huge extension offset', withWord(header + 4, 0xffffffff), /extension ends at 4294967299/],
    ['license over the extension', withWord(header + 12, 455), /license begins at .* inside/],
    ['license into the content', withWord(header + 16, Buffer.byteLength(license) + 4), /license ends at/],
    ['huge license', withWord(header + 16, 0xffffffff), /license ends at/],
    ['no license', withWord(header + 16, 0), /no publishing license/],
    ['content before the license', withWord(header + 20, 460), /license ends at .* content begins at 460/],
    ['content beyond the end', withWord(header + 20, good.length + 1), /content goes beyond the end/],
    ['metadata over the license', withWord(header + 32, 460, withWord(header + 36, 5)), /metadata begins at .* inside/],
    ['huge metadata', withWord(header + 36, 0xffffffff), /metadata ends at/],
    ['u64 size beyond exact numbers', withWord(header + 28, 0x7fffffff), /no content is that long/],
    ['size above the content', withWord(header + 24, 1000), /64 bytes, the original 1000/],
  ]
  for (const [title, bytes, message] of refused)
    t.throws(() => readPfile(bytes), { name: 'PfileError', message }, title)
})

t.test('any changed byte gives a file or a PfileError, nothing else', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = Buffer.from(good)
      for (const [offset, value] of changes) bytes[offset] = value
      try {
        readPfile(bytes)
      } catch (error) {
        return error instanceof PfileError
      }
      return true
    }),
    { numRuns: 500 },
  )
})

t.test('versions 2.0 and 2.1 and licenses in UTF-16LE are read', async (t) => {
  const utf16 = Buffer.from(license, 'utf16le')
  const parts = { publishingLicense: license, originalSize: undefined, notice: 'Hello', extension: '.doc' }
  t.match(readPfile(older(0, utf16)), { minorVersion: 0, ...parts })
  t.match(readPfile(older(1, Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))), { minorVersion: 1, ...parts })
  t.match(readPfile(older(1, Buffer.from(`${license}\0`))), { publishingLicense: license })
  t.throws(() => readPfile(older(1, Buffer.from([0x3c, 0xff, 0xff]))), {
    name: 'PfileError',
    message: /neither UTF-8 nor/,
  })
})

t.test('an extension that could name another folder is refused when read and when written', async (t) => {
  for (const bytes of [Buffer.from('/..x'), Buffer.from('\\..x'), Buffer.from('.a\0b'), Buffer.from('C:.x')]) {
    const copy = Buffer.from(good)
    bytes.copy(copy, 454)
    t.throws(() => readPfile(copy), { name: 'PfileError', message: /extension/ })
    const content = { publishingLicense: license, originalSize: 0, encryptedContent: Buffer.alloc(0) }
    t.throws(() => writePfile({ extension: bytes.toString(), ...content }), {
      name: 'PfileError',
      message: /extension/,
    })
  }
})

t.test('values that no file can hold are refused when written', async (t) => {
  const base = { extension: '.txt', publishingLicense: license, originalSize: 16, encryptedContent: Buffer.alloc(16) }
  t.throws(() => writePfile({ ...base, publishingLicense: '' }), { name: 'PfileError', message: /empty/ })
  t.throws(() => writePfile({ ...base, publishingLicense: '\ud800' }), { name: 'PfileError', message: /surrogate/ })
  t.throws(() => writePfile({ ...base, originalSize: -1 }), { name: 'PfileError', message: /-1/ })
  t.throws(() => writePfile({ ...base, originalSize: 17 }), { name: 'PfileError', message: /original 17/ })
  t.throws(() => writePfile({ ...base, encryptedContent: Buffer.alloc(15) }), {
    name: 'PfileError',
    message: /multiple of 16/,
  })
  t.throws(() => writePfile({ ...base, extension: `.${'x'.repeat(255)}` }), {
    name: 'PfileError',
    message: /255 bytes/,
  })
})
