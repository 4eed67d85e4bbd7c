/** `fetch` that trusts a lab's own certificates. */
import { remembered } from './remembered.js'

export type Fetch = (url: string, settings: RequestInit) => Promise<Response>

/** @param ca certificates in PEM that a server's certificate may lead to, in place of those of Node.js; these when left out */
export function trustingFetch(ca: string | undefined): Fetch {
  if (ca === undefined) return fetch
  const trusting = remembered(async () => {
    const { Agent, fetch: undiciFetch } = await import('undici')
    const dispatcher = new Agent({ connect: { ca } })
    return (url: string, settings: object) => undiciFetch(url, { ...settings, dispatcher })
  })
  return async (url, settings) => (await trusting())(url, settings)
}
