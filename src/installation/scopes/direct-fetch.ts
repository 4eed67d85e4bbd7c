/** `fetch` of a server in this process that has no listener. */
import type { FastifyInstance } from 'fastify'
import type { Fetch } from '../../client/trusting-fetch.js'

/** @param site what stands in its addresses before its own paths */
export function directFetch(app: FastifyInstance, site: string): Fetch {
  return async (url, { method = 'GET', headers, body, signal }) => {
    const answer = await app.inject({
      method: method as 'GET' | 'POST' | 'DELETE',
      url: url.slice(site.length),
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { payload: body } : {}),
      ...(signal ? { signal } : {}),
    })
    const told = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      [value ?? []].flat().map((one) => [name, String(one)]),
    )
    const isEmpty = answer.statusCode === 204 || answer.statusCode === 304
    return new Response(isEmpty ? null : new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers: told,
    })
  }
}
