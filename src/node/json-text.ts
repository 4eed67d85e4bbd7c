/** JSON bodies are UTF-8 (RFC 8259 8.1): what says that it is something else, or is, is refused rather than misread. */
import { TextDecoder } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { readContentType } from '../soap/content-type.js'

/** The message is for the client. */
export class NotUtf8 extends Error {
  override readonly name = 'NotUtf8'
  readonly statusCode: 400 | 415
  constructor(statusCode: 400 | 415, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

/** UTF-8, and what is a part of it. */
const taken: readonly string[] = ['utf-8', 'utf8', 'us-ascii']

/**
 * Text of a JSON body, without byte order mark.
 * @param contentType value of the header
 * @throws NotUtf8
 */
export function jsonText(contentType: string | undefined, bytes: Uint8Array): string {
  const charset = readContentType(contentType).parameters.get('charset') ?? 'utf-8'
  if (!taken.includes(charset.toLowerCase()))
    throw new NotUtf8(415, `The charset of the Content-Type is "${charset.slice(0, 40)}": send JSON in UTF-8`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new NotUtf8(400, 'The body is not in UTF-8: send JSON in UTF-8')
  }
}

/** The parser of fastify itself, which would put a replacement character for every byte that it cannot read. */
export function acceptJsonInUtf8(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      const text = jsonText(request.headers['content-type'], bytes)
      // Many callers name the type with every request, also where there is no body.
      if (text === '') done(null, undefined)
      else void parse(request, text, done)
    } catch (error) {
      done(error as NotUtf8)
    }
  })
}
