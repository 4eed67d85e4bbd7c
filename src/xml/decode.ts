/** Bytes to text, in the encodings XrML and SOAP messages travel in. */

/**
 * UTF-8 with or without byte order mark, UTF-16 of either byte order with or without one. A byte order mark and trailing NUL characters are
 * removed. UTF-16 without a mark is recognized by a zero in its first two bytes: every document starts with '<' or a blank.
 * @throws TypeError when the bytes are neither
 */
export function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes)
  // Not by /\0+$/: a long run of NULs in the middle would cost the square of its length.
  let end = text.length
  while (text.charCodeAt(end - 1) === 0) end--
  return text.slice(0, end)
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le'
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0)
    ? 'utf-16be'
    : 'utf-8'
}
