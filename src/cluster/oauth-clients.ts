/** Applications that an administrator has made known to the sign-in service, as Add-AdfsClient does: where their users may be sent back to. */

export interface RegisteredClient {
  /** `client_id`; compared without regard to case. */
  readonly id: string
  /** Compared to the letter (RFC 6749, 3.1.2.3). */
  readonly redirectUris: readonly string[]
}

const longestId = 200
const longestUri = 1000

export function isClientId(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= longestId && /^[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?$/.test(value)
  )
}

/** A browser runs or shows what stands in these; no application is behind them. */
const noApplications = ['javascript:', 'vbscript:', 'data:', 'blob:', 'file:', 'about:', 'view-source:', 'filesystem:']

/**
 * Whether users may be sent there with a code: an absolute URI without fragment (RFC 6749, 3.1.2), of any scheme that can be an application's, such
 * as `com.contoso.app://authorize` (RFC 8252, 7.1).
 */
export function isRedirectUri(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > longestUri || !/^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7E]+$/.test(value))
    return false
  if (/[#"<>\\^`{|}]/.test(value) || !URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return !noApplications.includes(protocol) && username + password === ''
}

/** What `isRedirectUri` takes, for people. */
export const redirectUriForm =
  'an absolute URI without fragment, such as com.contoso.app://authorize or https://app.contoso.test/done'

/** Pairs of client and address, those of one client put together. */
export function registeredClients(
  pairs: readonly { readonly key: string; readonly value: string }[],
): readonly RegisteredClient[] {
  return withClients(
    [],
    pairs.map(({ key, value }) => ({ id: key, redirectUris: [value] })),
  )
}

/** What was registered, and besides it these; addresses of a client that is known come to those that it has. */
export function withClients(
  registered: readonly RegisteredClient[],
  added: readonly RegisteredClient[],
): readonly RegisteredClient[] {
  const byId = new Map(registered.map((client) => [client.id.toLowerCase(), client]))
  for (const client of added) {
    const { id, redirectUris } = byId.get(client.id.toLowerCase()) ?? { id: client.id, redirectUris: [] }
    byId.set(id.toLowerCase(), { id, redirectUris: [...new Set([...redirectUris, ...client.redirectUris])] })
  }
  return [...byId.values()]
}
