/** Accounts of the directory, as an administrator makes them. */
import type { DirectoryStore } from '../cluster/store/directory-store.js'
import type { NewAccount } from '../directory/directory.js'
import { addressesOf, allAddresses } from '../directory/addresses.js'
import type { Random } from '../effects.js'
import { reserveNames } from './directory-names.js'

export interface AccountWanted {
  /** With or without the domain of the forest. */
  readonly name: string
  readonly password: string
  readonly mail?: string | undefined
  readonly proxyAddresses?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
  /** Made when left out. */
  readonly sid?: string | undefined
  readonly sidHistory?: readonly string[] | undefined
}

/**
 * All of them, or none.
 * @throws Problem 400 for a name of another domain, 409 when a name, an address or a SID is taken
 */
export async function createAccounts(
  directory: DirectoryStore,
  random: Random,
  wanted: readonly AccountWanted[],
): Promise<readonly NewAccount[]> {
  const reserve = async (): Promise<readonly NewAccount[]> => {
    const accounts: NewAccount[] = []
    for (const one of wanted) accounts.push(await reserved(directory, random, one))
    return accounts
  }
  const accounts = await reserve()
  try {
    await directory.addAccounts(accounts)
  } catch (error) {
    // Somebody else may have taken a name meanwhile: then this says so.
    await reserve()
    throw error
  }
  return accounts
}

async function reserved(directory: DirectoryStore, random: Random, wanted: AccountWanted): Promise<NewAccount> {
  const { password, enabled = true, sidHistory = [] } = wanted
  const addresses = addressesOf(wanted.mail, wanted.proxyAddresses ?? [])
  const names = { name: wanted.name, sid: wanted.sid, mails: allAddresses(addresses) }
  return { ...(await reserveNames(directory, random, names)), ...addresses, sidHistory, enabled, password }
}
