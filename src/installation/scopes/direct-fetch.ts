/** `fetch` of a server in this process that has no listener. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Fetch } from '../../client/trusting-fetch.js'

/**
 * Resolves when the answer begins: what follows is read as it comes.
 * @param site what stands in its addresses before its own paths
 */
export function directFetch(app: FastifyInstance, site: string): Fetch {
  return async (url, { method = 'GET', headers, body, signal }) => {
    const answer = await app.inject({
      method: method as 'GET' | 'POST' | 'DELETE',
      url: url.slice(site.length),
      headers: Object.fromEntries(new Headers(headers)),
      payloadAsStream: true,
      ...(typeof body === 'string' ? { payload: body } : {}),
      ...(signal ? { signal } : {}),
    })
    const told = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      [value ?? []].flat().map((one) => [name, String(one)]),
    )
    const content = answer.stream()
    // Whoever reads no further, or gives up by the signal, has gone away, as one who ends the connection.
    content.once('close', () => answer.raw.res.destroy())
    const isEmpty = answer.statusCode === 204 || answer.statusCode === 304
    if (isEmpty) content.resume()
    return new Response(isEmpty ? null : (Readable.toWeb(content) as ReadableStream<Uint8Array>), {
      status: answer.statusCode,
      headers: told,
    })
  }
}
