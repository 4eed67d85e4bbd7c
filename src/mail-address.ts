/** Mail addresses as they come in, from people, directory exports and policies. */

/** The address without the `smtp:` or `SMTP:` that Active Directory writes before it among proxyAddresses. */
export function plainAddress(address: string): string {
  return address.replace(/^smtp:/i, '')
}
