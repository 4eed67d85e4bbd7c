/**
 * Which clients the sign-in service sends back to where (rest-mde 2). A lab's table: the client ids that Microsoft's applications use, with their
 * redirect addresses, and those that the configuration adds. Every other client may use its own machine, or the out-of-band address, and nothing else.
 */
import type { RegisteredClient } from '../../cluster/oauth-clients.js'

export interface OAuthClient {
  readonly id: string
  readonly name: string
  readonly redirectUris: readonly string[]
}

/** No redirect at all: an application that shows the page itself sees the code in the address. */
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob'

export const oauthClients: readonly OAuthClient[] = [
  { id: 'd3590ed6-52b3-4102-aeff-aad2292ab01c', name: 'Microsoft Office', redirectUris: [outOfBand] },
  {
    id: '96731E97-2204-4D74-BEA5-75DCA53566C3',
    name: 'RMS sharing application for Mac',
    redirectUris: ['com.microsoft.rms-sharing-for-osx://authorize'],
  },
  {
    id: '9D7590FB-9536-4D87-B5AA-FAA863DCC3AB',
    name: 'RMS sharing application for iOS',
    redirectUris: ['com.microsoft.rms-sharing-for-ios://authorize'],
  },
  {
    id: 'ECAD3080-3AE9-4782-B763-2DF1B1373B3A',
    name: 'RMS sharing application for Android',
    redirectUris: ['com.microsoft.rms-sharing-for-android://authorize'],
  },
  {
    id: 'c00e9d32-3c8d-4a7d-832b-029040e7db99',
    name: 'Unified labeling client',
    redirectUris: ['com.microsoft.azip://authorize'],
  },
]

/** What tokens say that nobody asked for by a client of their own: those of the management API and of the password grant. */
export const ownClientId = 'rms-emulator'

export function clientName(id: string): string {
  return oauthClients.find((client) => sameId(client.id, id))?.name ?? id
}

/**
 * Whether a code may be sent there: registered for the client, out of band, or the caller's own machine (RFC 8252, 7.3, any port).
 * @param own of the configuration
 */
export function mayRedirect(clientId: string, redirectUri: string, own: readonly RegisteredClient[] = []): boolean {
  const registered = [...oauthClients, ...own]
    .filter((client) => sameId(client.id, clientId))
    .flatMap(({ redirectUris }) => redirectUris)
  return redirectUri === outOfBand || registered.includes(redirectUri) || isLoopback(redirectUri)
}

function isLoopback(redirectUri: string): boolean {
  if (!URL.canParse(redirectUri)) return false
  const { protocol, hostname, username, password, hash } = new URL(redirectUri)
  return (
    protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && username + password + hash === ''
  )
}

function sameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
