/** The mail addresses of an account or group, and what becomes of them when they change. */
import { plainAddress } from '../mail-address.js'
import { nameKey } from './account-name.js'

export interface Addresses {
  /** The address that it is known by. */
  readonly mail?: string
  /** Further ones, without the `smtp:` prefix. */
  readonly proxyAddresses: readonly string[]
}

export interface AddressChange {
  /** null leaves it without one. */
  readonly mail?: string | null | undefined
  /** All of them, in place of those it has. */
  readonly proxyAddresses?: readonly string[] | undefined
  /** Whether the address that it had stays one of the further ones: old content and old certificates name it. True unless told. */
  readonly keepFormerAddress?: boolean | undefined
}

/**
 * The addresses after a change. A further address that becomes the one it is known by changes places with it, and no address
 * stands twice.
 */
export function changedAddresses(current: Addresses, change: AddressChange): Addresses {
  const mail = change.mail === undefined ? current.mail : (change.mail ?? undefined)
  const keepsFormer = change.proxyAddresses === undefined && (change.keepFormerAddress ?? true)
  const former = keepsFormer && current.mail !== undefined ? [current.mail] : []
  return addressesOf(mail, [...former, ...(change.proxyAddresses ?? current.proxyAddresses)])
}

/** Each address once; Active Directory repeats the mail address among the others, here it does not stand there. */
export function addressesOf(mail: string | undefined, others: readonly string[]): Addresses {
  const plainMail = mail === undefined ? undefined : plainAddress(mail)
  const seen = new Set(plainMail === undefined ? [] : [nameKey(plainMail)])
  const proxyAddresses = others.map(plainAddress).filter((address) => {
    const key = nameKey(address)
    return seen.has(key) ? false : seen.add(key)
  })
  return { ...(plainMail === undefined ? {} : { mail: plainMail }), proxyAddresses }
}

/** All of them, the one it is known by first. */
export function allAddresses({ mail, proxyAddresses }: Addresses): readonly string[] {
  return mail === undefined ? proxyAddresses : [mail, ...proxyAddresses]
}
