/** From bytes on the wire to the text of a message: charset, gzip, bounds. The text stays as it is from here to the signature. */
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

/** Takes SOAP 1.1 and 1.2 bodies as text; every other content type is answered 415. */
export function acceptSoapBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers()
  const types = [/^text\/xml\b/i, /^application\/soap\+xml\b/i]
  for (const type of types) {
    app.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, async (request: FastifyRequest, body: Buffer) => readBody(request, body, bodyLimit))
  }
}

async function readBody(request: FastifyRequest, body: Buffer, bodyLimit: number): Promise<string> {
  return decode(await unpacked(request, body, bodyLimit))
}

/** The limit counts for what comes out: a small body must not become a huge one. */
async function unpacked(request: FastifyRequest, body: Buffer, bodyLimit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') throw new BodyRefused(415, `The content encoding "${encoding.slice(0, 40)}" is not supported: send gzip or none`)
  try {
    return await unzip(body, { maxOutputLength: bodyLimit, chunkSize: unpackedChunk })
  } catch (error) {
    if (error instanceof RangeError) throw new BodyRefused(413, `The unpacked request is larger than ${bodyLimit} bytes`)
    throw new BodyRefused(400, 'The request is not in gzip form')
  }
}

/** The two encodings that SOAP stacks send; what is in neither is refused rather than guessed. */
function decode(body: Buffer): string {
  try {
    return decodeText(body)
  } catch {
    throw new BodyRefused(400, 'The request is neither UTF-8 nor UTF-16')
  }
}
