/** From bytes on the wire to the text of a message: charset, gzip, bounds. The text stays as it is from here to the signature. */
import { isAscii } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readContentType, type ContentType } from '../soap/content-type.js'
import { decoderOf, isUnicode } from '../xml/charset.js'

/** An HTTP status for a body that cannot be taken; the message is for the client. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused'
  readonly statusCode: number
  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

const unzip = promisify(gunzip)

/** Each chunk is a turn in the thread pool, behind key pairs being made there: with zlib's 16 KiB a full body would queue 256 times. */
const unpackedChunk = 512 * 1024

/** Takes SOAP 1.1 and 1.2 bodies as text, up to the limit of their route; every other content type is answered 415. */
export function acceptSoapBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  for (const type of ['text/xml', 'application/soap+xml']) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, readBody)
  }
}

async function readBody(request: FastifyRequest, body: Buffer): Promise<string> {
  const contentType = readContentType(request.headers['content-type'])
  const bytes = await unpacked(request, body)
  if (!isPlain(bytes)) return decode(bytes, contentType)
  requireRead(encodingOf(bytes, contentType))
  request.sentBytes = bytes
  return bytes.toString('latin1')
}

/** Nearly all there is: every encoding here has these characters in common, but UTF-16 has zeros in between. */
function isPlain(body: Buffer): boolean {
  return isAscii(body) && !body.includes(0)
}

/** The limit counts for what comes out: a small body must not become a huge one. */
async function unpacked(request: FastifyRequest, body: Buffer): Promise<Buffer> {
  const { bodyLimit } = request.routeOptions
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new BodyRefused(415, `The content encoding "${encoding.slice(0, 40)}" is not supported: send gzip or none`)
  try {
    return await unzip(body, { maxOutputLength: bodyLimit, chunkSize: unpackedChunk })
  } catch (error) {
    if (error instanceof RangeError)
      throw new BodyRefused(413, `The unpacked request is larger than ${bodyLimit} bytes`)
    throw new BodyRefused(400, 'The request is not in gzip form')
  }
}

interface NamedEncoding {
  readonly name: string
  /** Where it was read, for people. */
  readonly where: string
}

/** What does not fit is refused rather than guessed, and by the name of the encoding. */
function decode(body: Buffer, contentType: ContentType): string {
  const encoding = encodingOf(body, contentType)
  const decoder = requireRead(encoding)
  const { name, where } = encoding
  try {
    return decoder(body)
  } catch {
    const what = isUnicode(name) ? 'neither UTF-8 nor UTF-16' : `not in ${name}`
    throw new BodyRefused(400, `The request is ${what}; its encoding is "${name}", ${where}`)
  }
}

function requireRead({ name, where }: NamedEncoding): (body: Buffer) => string {
  const decoder = decoderOf(name)
  if (decoder !== undefined) return decoder
  throw new BodyRefused(415, `The encoding "${name.slice(0, 40)}", ${where}, is not read here: send UTF-8`)
}

/** A byte order mark, the charset of the Content-Type, for application/… the XML declaration, or UTF-8: the first of them that there is. */
function encodingOf(body: Buffer, { mediaType, parameters }: ContentType): NamedEncoding {
  const marked = byteOrderMarks.find(({ mark }) => body.subarray(0, mark.length).equals(mark))
  if (marked !== undefined) return { name: marked.name, where: 'by its byte order mark' }
  const charset = parameters.get('charset')
  if (charset !== undefined) return { name: charset, where: 'the charset of the Content-Type' }
  const declared = declaredEncoding(body)
  if (declared !== undefined && mediaType.startsWith('application/'))
    return { name: declared, where: 'from its XML declaration' }
  if (declared !== undefined) requireAgreement(body, declared)
  return { name: 'utf-8', where: 'because the Content-Type names no charset' }
}

/** The longer one first where one begins with the other. */
const byteOrderMarks = [
  { name: 'utf-32', mark: Buffer.from([0xff, 0xfe, 0, 0]) },
  { name: 'utf-32', mark: Buffer.from([0, 0, 0xfe, 0xff]) },
  { name: 'utf-8', mark: Buffer.from([0xef, 0xbb, 0xbf]) },
  { name: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { name: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
]

/** Undefined when there is none, or when it is written in UTF-16, which the bytes show. */
function declaredEncoding(body: Buffer): string | undefined {
  const start = body.subarray(0, 200).toString('latin1')
  return /^<\?xml\s[^<>]*?\sencoding\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')/.exec(start)?.slice(1).find(Boolean)
}

/**
 * For text/xml without charset the declaration does not count. RFC 3023 8.5 takes US-ASCII whatever the declaration says, and ASP.NET web services
 * do that and lose every other character; RFC 7303 3 takes the declaration. Where the two would read different characters nobody knows what was
 * meant, so that is refused.
 */
function requireAgreement(body: Buffer, declared: string): void {
  if (isUnicode(declared) || isAscii(body)) return
  const name = declared.slice(0, 40)
  throw new BodyRefused(
    400,
    `The encoding "${name}" from the XML declaration does not count for text/xml: send Content-Type: text/xml; charset=${name}`,
  )
}
