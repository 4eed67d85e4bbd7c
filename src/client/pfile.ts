/**
 * The `.pfile` container of protected files: publishing license, original extension and encrypted content in one file, all numbers
 * little-endian (layout of Microsoft's open-source client, versions 2.0 to 3.0).
 */
import { decodeText } from '../xml/decode.js'

export interface Pfile {
  readonly majorVersion: number
  readonly minorVersion: number
  /** What somebody sees who opens the file in a text editor. */
  readonly notice: string
  /** Extension of the file before protection, with its dot; '' when it had none. Never holds a path. */
  readonly extension: string
  /** The PL chain as text, without byte order mark and trailing NULs. */
  readonly publishingLicense: string
  /** Bytes of the content before encryption; undefined when the file does not say. */
  readonly originalSize: number | undefined
  readonly metadata: Buffer
  /** Shares memory with the bytes it was read from. */
  readonly encryptedContent: Buffer
}

export interface NewPfile {
  readonly extension: string
  readonly publishingLicense: string
  readonly originalSize: number | undefined
  readonly metadata?: Uint8Array
}

/** Bytes that are no .pfile, or values that cannot be written as one. */
export class PfileError extends Error {
  override readonly name = 'PfileError'
}

const magic = Buffer.from('.pfile', 'latin1')
const noticeLength = 396
const shortHeaderLength = 24
const headerLength = 40
const unknownSize = 0xffffffffffffffffn
const byteOrderMark = '\uFEFF'
const maximumExtension = 255
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const noticeText = [
  'This file holds protected content of a rights management lab.',
  'It is encrypted and makes no sense in a text editor.',
  'Open it with an RMS client that is signed in to the emulated cluster named in the publishing license inside.',
  'The keys of a lab are known to everybody: do not take this for a protection of real documents.',
].join('\r\n')

/** Notice of exactly the length that version 3 files have. */
const notice = Buffer.from(`${noticeText}\r\n`.padEnd(noticeLength), 'latin1')

/**
 * Everything of a version 3.0 file that stands before the encrypted content, for contents that are streamed behind it.
 * The license is written as UTF-8 with byte order mark, which is what existing clients can read.
 * @throws PfileError
 */
export function writePfileHeader({
  extension,
  publishingLicense,
  originalSize,
  metadata = Buffer.alloc(0),
}: NewPfile): Buffer {
  if (publishingLicense === '') throw new PfileError('The publishing license is empty')
  if (!publishingLicense.isWellFormed() || !extension.isWellFormed()) {
    throw new PfileError('Publishing license or extension has half a surrogate pair, which UTF-8 cannot hold')
  }
  if (originalSize !== undefined && !(Number.isSafeInteger(originalSize) && originalSize >= 0)) {
    throw new PfileError(
      `The original size is ${originalSize}; it must be a whole number of bytes, or undefined when unknown`,
    )
  }
  const extensionBytes = Buffer.from(requireExtension(extension), 'utf8')
  const license = Buffer.from(byteOrderMark + publishingLicense.replace(/^\uFEFF/, ''), 'utf8')

  const start = Buffer.alloc(magic.length + 12)
  magic.copy(start)
  start.writeUInt32LE(3, magic.length)
  start.writeUInt32LE(0, magic.length + 4)
  start.writeUInt32LE(noticeLength, magic.length + 8)

  const extensionOffset = start.length + noticeLength + headerLength
  const licenseOffset = extensionOffset + extensionBytes.length
  const metadataOffset = licenseOffset + license.length
  const contentOffset = metadataOffset + metadata.length
  if (contentOffset > 0xffffffff) throw new PfileError('License and metadata are together longer than 4 GiB')
  const header = Buffer.alloc(headerLength)
  const words = [headerLength, extensionOffset, extensionBytes.length, licenseOffset, license.length, contentOffset]
  for (const [index, word] of words.entries()) header.writeUInt32LE(word, index * 4)
  header.writeBigUInt64LE(originalSize === undefined ? unknownSize : BigInt(originalSize), 24)
  header.writeUInt32LE(metadataOffset, 32)
  header.writeUInt32LE(metadata.length, 36)
  return Buffer.concat([start, notice, header, extensionBytes, license, metadata])
}

/**
 * A whole version 3.0 file.
 * @param pfile `encryptedContent` is a multiple of 16 bytes and not shorter than `originalSize`, as every cipher mode makes it
 * @throws PfileError
 */
export function writePfile(pfile: NewPfile & { readonly encryptedContent: Uint8Array }): Buffer {
  const header = writePfileHeader(pfile)
  requireContent(pfile.encryptedContent.length, pfile.originalSize)
  return Buffer.concat([header, pfile.encryptedContent])
}

/**
 * Reads versions 2.0 to 3.x. Every offset and length is checked against the file and against the other parts.
 * A file that lost exactly one AES block of padding at its end cannot be told from a good one here: compare `originalSize` with
 * the length after decryption.
 * @throws PfileError
 */
export function readPfile(bytes: Uint8Array): Pfile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (offset: number, what: string): number => part(file, offset, 4, what).readUInt32LE()

  if (!file.subarray(0, magic.length).equals(magic))
    throw new PfileError('This is not a .pfile: it does not begin with ".pfile"')
  const majorVersion = u32(6, 'The version')
  const minorVersion = u32(10, 'The version')
  if (majorVersion < 2 || majorVersion > 3 || minorVersion > 255) {
    throw new PfileError(`The .pfile has version ${majorVersion}.${minorVersion}; versions 2 and 3 can be read`)
  }
  const noticeBytes = part(file, 18, u32(14, 'The length of the notice'), 'The notice')

  const headerOffset = 18 + noticeBytes.length
  const long = majorVersion > 2 || minorVersion >= 1
  const needed = long ? headerLength : shortHeaderLength
  const declared = u32(headerOffset, 'The header size')
  if (declared < needed) throw new PfileError(`The header says it has ${declared} bytes; this version needs ${needed}`)
  const header = part(file, headerOffset, declared, 'The header')
  const contentOffset = header.readUInt32LE(20)
  const content = part(file, contentOffset, file.length - contentOffset, 'The content')

  const sections: Section[] = [
    { what: 'The extension', offset: header.readUInt32LE(4), length: header.readUInt32LE(8) },
    { what: 'The publishing license', offset: header.readUInt32LE(12), length: header.readUInt32LE(16) },
    { what: 'The metadata', offset: long ? header.readUInt32LE(32) : 0, length: long ? header.readUInt32LE(36) : 0 },
  ]
  const [extension, license, metadata] = cutSections(file, sections, headerOffset + declared, contentOffset)
  const originalSize = long ? readSize(header.readBigUInt64LE(24)) : undefined
  requireContent(content.length, originalSize)
  if (license === undefined || license.length === 0)
    throw new PfileError('There is no publishing license in the .pfile')

  return {
    majorVersion,
    minorVersion,
    notice: noticeBytes.toString('utf8').trimEnd(),
    extension: requireExtension(decode(() => utf8.decode(extension), 'The extension is not UTF-8 text')),
    publishingLicense: decode(() => decodeText(license), 'The publishing license is neither UTF-8 nor UTF-16LE text'),
    originalSize,
    metadata: metadata ?? Buffer.alloc(0),
    encryptedContent: content,
  }
}

interface Section {
  readonly what: string
  readonly offset: number
  readonly length: number
}

/** The sections' bytes. Each lies between header and content, and none over another; empty ones may say any offset. */
function cutSections(file: Buffer, sections: readonly Section[], from: number, to: number): Buffer[] {
  const inOrder = sections.filter((section) => section.length > 0).toSorted((a, b) => a.offset - b.offset)
  let free = from
  for (const { what, offset, length } of inOrder) {
    if (offset < free)
      throw new PfileError(`${what} begins at ${offset}, inside of what stands before it (up to ${free})`)
    if (offset + length > to)
      throw new PfileError(`${what} ends at ${offset + length}, but the content begins at ${to}`)
    free = offset + length
  }
  return sections.map(({ what, offset, length }) => (length === 0 ? Buffer.alloc(0) : part(file, offset, length, what)))
}

/** Sums of 32-bit numbers are exact in a double, so nothing here wraps around. */
function part(file: Buffer, offset: number, length: number, what: string): Buffer {
  if (length < 0 || offset + length > file.length) {
    throw new PfileError(
      `${what} goes beyond the end: ${Math.max(length, 0)} bytes at ${offset}, and the file has ${file.length}`,
    )
  }
  return file.subarray(offset, offset + length)
}

function decode(read: () => string, refusal: string): string {
  try {
    return read()
  } catch (cause) {
    throw new PfileError(refusal, { cause })
  }
}

function readSize(size: bigint): number | undefined {
  if (size === unknownSize) return undefined
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new PfileError(`The original size is ${size} bytes; no content is that long`)
  return Number(size)
}

function requireContent(length: number, originalSize: number | undefined): void {
  if (length % 16 !== 0) {
    throw new PfileError(`The encrypted content has ${length} bytes, no multiple of 16. Has the file been cut?`)
  }
  if (originalSize !== undefined && length < originalSize) {
    throw new PfileError(
      `The encrypted content has ${length} bytes, the original ${originalSize}. Has the file been cut?`,
    )
  }
}

/** Clients append the extension to a file name: it must not be able to name another folder. */
function requireExtension(extension: string): string {
  // oxlint-disable-next-line no-control-regex
  if (Buffer.byteLength(extension) > maximumExtension || /[\\/:\u0000-\u001f\u007f]/.test(extension)) {
    const shown = JSON.stringify(extension.slice(0, 40))
    throw new PfileError(
      `The extension ${shown} is longer than ${maximumExtension} bytes or has a character that no file name has`,
    )
  }
  return extension
}
