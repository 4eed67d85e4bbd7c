/** The mail domain of a server's forest: what the addresses of its accounts end in. */
import { connect, type RmsClient } from '../client/index.js'
import { seedPassword } from '../directory/seed.js'

/** Of every lab: it can sign in by its name alone, whatever the forest. */
export const usualUser = 'alice'

/**
 * By the account certificate of alice.
 * @throws SoapFault, CallFailed
 */
export async function mailDomainAt(
  url: string,
  { ca, timeoutMilliseconds }: { readonly ca: string | undefined; readonly timeoutMilliseconds: number },
): Promise<string> {
  const trusted = ca === undefined ? {} : { ca }
  return mailDomainOf(connect({ url, user: usualUser, password: seedPassword, timeoutMilliseconds, ...trusted }))
}

/** That of this client's own address. */
export async function mailDomainOf(client: RmsClient): Promise<string> {
  const { mail } = (await client.bootstrap()).account
  return mail.slice(mail.lastIndexOf('@') + 1)
}
