/** The ways to write an account's name. */
import type { Forest } from './directory.js'

/** Names and addresses longer than this are nobody's: [RFC 5321] allows 254 for an address, Windows 20 + 15 for an account. */
export const longestName = 256

/** The form in which names and mail addresses are compared and indexed. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/**
 * The key (see nameKey) of `NETBIOS\user` that a name stands for, when it can be an account of this forest: `CONTOSO\alice`,
 * `contoso.test\alice`, `alice@contoso.test` and `alice` alone. Undefined for a name of another domain.
 */
export function accountKey(name: string, forest: Pick<Forest, 'dnsName' | 'netbiosName'>): string | undefined {
  const key = nameKey(name)
  const ours = (domain: string): boolean => domain === nameKey(forest.netbiosName) || domain === nameKey(forest.dnsName)
  const backslash = key.indexOf('\\')
  const at = key.lastIndexOf('@')
  const [domain, user] =
    backslash >= 0
      ? [key.slice(0, backslash), key.slice(backslash + 1)]
      : at >= 0
        ? [key.slice(at + 1), key.slice(0, at)]
        : [nameKey(forest.netbiosName), key]
  return ours(domain) && user !== '' ? `${nameKey(forest.netbiosName)}\\${user}` : undefined
}
