/** Bytes to text, in the encodings XrML and SOAP messages travel in. */

/**
 * UTF-8 with or without byte order mark, UTF-16LE with or without one. A byte order mark and trailing NUL characters are removed.
 * UTF-16LE without a mark is recognized by its second byte being zero: every document starts with '<' or a blank.
 * @throws TypeError when the bytes are neither
 */
export function decodeText(bytes: Uint8Array): string {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes.length >= 2 && bytes[0] !== 0 && bytes[1] === 0)
  return new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes).replace(/\0+$/, '')
}
