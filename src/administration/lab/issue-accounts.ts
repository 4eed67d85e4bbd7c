/** Whom something is issued for by hand: anybody of the directory, as people name them. */
import { nearest } from '../../config/nearest.js'
import type { DirectoryStore } from '../../cluster/store/directory-store.js'
import type { Account } from '../../directory/directory.js'
import { LabInputError } from '../../lab/input-error.js'
import { shown } from '../../lab/json-object.js'
import { findAccount } from '../directory-names.js'

/** A name that is like another one is looked for among so many. */
const mostAccounts = 2000

/**
 * @param what names it in errors, such as `owner`
 * @throws LabInputError with the name that was meant
 */
export async function requireKnownAccount(directory: DirectoryStore, what: string, named: string): Promise<Account> {
  const found = await findAccount(directory, named)
  if (found !== undefined) return found
  const accounts = await directory.listAccounts({ limit: mostAccounts })
  const names = accounts.flatMap(({ name, mail }) => [...(mail === undefined ? [] : [mail]), name, shortName(name)])
  const meant = nearest(named, names)
  throw new LabInputError(
    `There is no account ${shown(named)} for "${what}"${meant === undefined ? '' : `: did you mean ${JSON.stringify(meant)}?`}`,
  )
}

function shortName(name: string): string {
  return name.replace(/^.*\\/, '')
}

/** Somebody else with a mail address, who can be the author of what the account is to get. */
export async function otherAccount(directory: DirectoryStore, { sid }: Account): Promise<Account> {
  const accounts = await directory.listAccounts({ limit: mostAccounts })
  const other = accounts.find((account) => account.sid !== sid && account.mail !== undefined && account.enabled)
  if (other !== undefined) return other
  throw new LabInputError('There is nobody else with a mail address who could be the author: name one with "owner"')
}
