/** A sign-in service outside of the installation, from its settings: the issuer's URL, and its keys in a file or as they are. */
import type { TrustedTokenIssuer } from '../cluster/configuration.js'
import { Failure } from './failure.js'
import { readInput } from './files.js'

interface IssuerSettings {
  readonly tokenIssuer: string | undefined
  readonly tokenIssuerKeys: string | undefined
}

/** @throws Failure when one of the two is missing, or there are no keys */
export async function readTokenIssuer({
  tokenIssuer: issuer,
  tokenIssuerKeys: keys,
}: IssuerSettings): Promise<TrustedTokenIssuer | undefined> {
  if (issuer === undefined && keys === undefined) return undefined
  if (issuer === undefined || keys === undefined)
    throw new Failure(
      'Give both --token-issuer URL and --token-issuer-keys FILE: nothing is fetched from the issuer',
      2,
    )
  const jwks = keys.trimStart().startsWith('{') ? keys : String(await readInput(keys))
  return { issuer, authorizationUrl: authorizationUrl(new URL(issuer)), jwks: publicKeys(jwks) }
}

/** Clients take the host and the first part of the path, and know the rest: `/adfs`, or the tenant of Azure AD. */
function authorizationUrl({ origin, pathname }: URL): string {
  return `${origin}/${pathname.split('/')[1] || 'adfs'}/oauth2/authorize`
}

/** Of every key its public half alone. */
function publicKeys(text: string): string {
  try {
    const { keys } = JSON.parse(text) as { keys: readonly Readonly<Record<string, unknown>>[] }
    const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
    return JSON.stringify({
      keys: keys.map((key) => Object.fromEntries(Object.entries(key).filter(([name]) => !secret.includes(name)))),
    })
  } catch {
    throw new Failure('--token-issuer-keys is no JWKS: a JSON object whose keys is a list of keys', 2)
  }
}
