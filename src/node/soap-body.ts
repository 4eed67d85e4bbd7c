/** From bytes on the wire to the text of a message: charset, gzip, bounds. The text stays as it is from here to the signature. */
import { isAscii } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { decodeText } from '../xml/decode.js'

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
  const charset = charsetOf(request.headers['content-type'] ?? '')
  return decode(await unpacked(request, body), charset)
}

const unicode: readonly string[] = ['utf-8', 'utf8', 'utf-16', 'utf-16le', 'utf-16be']
const western: readonly string[] = ['iso-8859-1', 'windows-1252', 'us-ascii']

/** In lower case; UTF-8 where none is named. */
function charsetOf(contentType: string): string {
  const named = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8'
  if (unicode.includes(named) || western.includes(named)) return named
  throw new BodyRefused(
    415,
    `The charset "${named.slice(0, 40)}" is not supported: send ${[...unicode, ...western].join(', ')}`,
  )
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

/**
 * Which of the Unicode encodings it is, the bytes tell better than the header: stacks send "utf-16" for either byte order. What does not fit is
 * refused rather than guessed.
 */
function decode(body: Buffer, charset: string): string {
  if (western.includes(charset)) return decodeWestern(body, charset)
  // Nearly all there is: every encoding here has these characters in common, but UTF-16 has zeros in between.
  if (isAscii(body) && !body.includes(0)) return body.toString('latin1')
  try {
    return decodeText(body)
  } catch {
    throw new BodyRefused(400, 'The request is neither UTF-8 nor UTF-16')
  }
}

/** Where windows-1252 is not ISO 8859-1: its characters from 0x80 to 0x9F. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ'

/** Not by TextDecoder: that of Node.js 20 reads windows-1252 as if it were ISO 8859-1. */
function decodeWestern(body: Buffer, charset: string): string {
  if (charset === 'us-ascii' && body.some((byte) => byte > 0x7f))
    throw new BodyRefused(400, 'The request is not in US-ASCII')
  const text = body.toString('latin1')
  return charset === 'windows-1252'
    ? text.replaceAll(/[\x80-\x9F]/g, (character) => windows1252[character.charCodeAt(0) - 0x80] ?? character)
    : text
}
