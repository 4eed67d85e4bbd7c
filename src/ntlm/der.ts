/** The little of DER that SPNEGO needs: a tag, a length of at most three bytes, and what is inside. */
import { MalformedMessage } from './malformed-message.js'

export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  /** Tag and length included. */
  readonly whole: Buffer
}

export const tags = { octets: 0x04, oid: 0x06, enumerated: 0x0a, sequence: 0x30, application: 0x60 } as const

/** Tag of a context-specific, constructed element. */
export function context(number: number): number {
  return 0xa0 + number
}

export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

/** Values one behind the other; nothing may be left. @throws MalformedMessage */
export function readDer(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length;) {
    const { start, length } = readLength(bytes, at + 1)
    const end = start + length
    if (end > bytes.length) throw new MalformedMessage('an element of SPNEGO does not end')
    values.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return values
}

/** The first value; what follows it may be anything. @throws MalformedMessage */
export function readFirst(bytes: Buffer): DerValue {
  const { start, length } = readLength(bytes, 1)
  const [value] = readDer(bytes.subarray(0, start + length))
  if (value === undefined) throw new MalformedMessage('an element of SPNEGO is missing')
  return value
}

/** The only value in the bytes, of that tag. @throws MalformedMessage */
export function readOne(bytes: Buffer, tag: number): Buffer {
  const [value, ...others] = readDer(bytes)
  if (value?.tag !== tag || others.length > 0)
    throw new MalformedMessage('an element of SPNEGO is another one than expected')
  return value.content
}

function readLength(bytes: Buffer, at: number): { readonly start: number; readonly length: number } {
  const first = bytes[at]
  if (first === undefined) throw new MalformedMessage('an element of SPNEGO has no length')
  if (first < 0x80) return { start: at + 1, length: first }
  const size = first - 0x80
  if (size < 1 || size > 3 || at + 1 + size > bytes.length)
    throw new MalformedMessage('an element of SPNEGO has no usable length')
  return { start: at + 1 + size, length: bytes.readUIntBE(at + 1, size) }
}
