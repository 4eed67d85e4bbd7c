/** Finds the XrML documents in a file of any kind: a chain in one of its encodings, a SOAP message, a protected file. */
import { readXml } from '../xml/read.js'
import { decodeDocuments } from '../xrml/document.js'

/** Bounds what a hostile file makes us do; no genuine chain has more than eight documents. */
export const mostDocuments = 100
const mostBytes = 64 * 1024 * 1024
const longestDocument = 4 * 1024 * 1024

/**
 * @returns the text of each document from `<XrML` to `</XrML>`, or to where the next one begins when its end is missing
 * @throws RangeError when there is too much of it
 */
export function findDocuments(bytes: Uint8Array): readonly string[] {
  if (bytes.length > mostBytes)
    throw new RangeError(`The file has ${bytes.length} bytes; at most ${mostBytes} are looked at`)
  const text = tryDecode(bytes)
  const found = text === undefined ? [] : cutDocuments(unescaped(text))
  const documents = found.length > 0 ? found : cutDocuments(textInside(bytes))
  if (documents.length > mostDocuments)
    throw new RangeError(`The file has more than ${mostDocuments} documents: no more are looked at`)
  const longest = documents.find((document) => document.length > longestDocument)
  if (longest !== undefined)
    throw new RangeError(`A document has ${longest.length} characters; at most ${longestDocument} are looked at`)
  return documents
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return decodeDocuments(bytes)
  } catch {
    return undefined // neither text nor escaped text: a protected file, perhaps
  }
}

const end = '</XrML>'

function cutDocuments(text: string): readonly string[] {
  const starts = [...text.matchAll(/<XrML[\s>/]/g)].map((match) => match.index)
  return starts.map((from, index) => {
    const piece = text.slice(from, starts[index + 1])
    const close = piece.indexOf(end)
    return close < 0 ? piece : piece.slice(0, close + end.length)
  })
}

/** Documents that a message carries as escaped text: such text reaches from one tag of the message to the next. */
function unescaped(text: string): string {
  if (/<XrML[\s>/]/.test(text)) return text
  // One more than may be there is enough to say that there are too many.
  const parts = text.split('<').filter((part) => part.includes(escapedStart))
  return parts
    .slice(0, mostDocuments + 1)
    .map((part) => tryUnescape(part.slice(part.indexOf(escapedStart))))
    .join('')
}

const escapedStart = '&lt;XrML'

function tryUnescape(escaped: string): string {
  try {
    return readXml(`<escaped>${escaped}</escaped>`).text
  } catch {
    return ''
  }
}

/** The text inside a binary file, from the first document to the end of the last one. */
function textInside(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const from = buffer.indexOf('<XrML', 0, encoding)
    const until = buffer.lastIndexOf(end, undefined, encoding)
    if (from >= 0 && until > from)
      return buffer.subarray(from, until + Buffer.byteLength(end, encoding)).toString(encoding)
  }
  return ''
}
