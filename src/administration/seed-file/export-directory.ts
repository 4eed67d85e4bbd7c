/** The directory of an installation as a seed file has it. */
import type { DirectoryStore } from '../../cluster/store/directory-store.js'
import type { Account, Group } from '../../directory/directory.js'
import { seedPassword } from '../../directory/seed.js'
import { listAllAccounts, listAllGroups } from '../directory-names.js'
import { mostAccounts, mostGroups, type SeedAccount, type SeedFile, type SeedGroup } from './seed-file.js'
import { tooMuch } from './too-much.js'

/** @throws Problem 409 when there are more than a seed file takes; DatabaseAway */
export async function exportDirectory(
  directory: DirectoryStore,
): Promise<Required<Pick<SeedFile, 'accounts' | 'groups'>>> {
  const number = await directory.countAccounts()
  if (number > mostAccounts) tooMuch('accounts', number, mostAccounts)
  const accounts = await listAllAccounts(directory)
  const groups = await listAllGroups(directory)
  if (groups.length > mostGroups) tooMuch('groups', groups.length, mostGroups)
  const passwords = await directory.passwords()
  const names = new Map([...accounts, ...groups].map(({ sid, name }) => [sid, shortName(name)]))
  const exported = []
  for (const group of groups) {
    // Who was deleted may be a member still.
    const members = (await directory.membersOf(group.sid)).flatMap((sid) => names.get(sid) ?? [])
    exported.push(groupOf(group, members))
  }
  return { accounts: accounts.map((account) => accountOf(account, passwords.get(account.sid))), groups: exported }
}

function accountOf(account: Account, password: string | undefined): SeedAccount {
  const { sid, sidHistory, enabled } = account
  return {
    ...named(account),
    ...(password === undefined || password === seedPassword ? {} : { password }),
    ...(enabled ? {} : { enabled }),
    sid,
    ...(sidHistory.length === 0 ? {} : { sidHistory }),
  }
}

function groupOf(group: Group, members: readonly string[]): SeedGroup {
  return {
    ...named(group),
    sid: group.sid,
    // Left out, those of a built-in group would stay.
    members: members.toSorted((one, other) => (one < other ? -1 : 1)),
  }
}

function named({ name, mail, proxyAddresses }: Account | Group): Pick<SeedAccount, 'name' | 'mail' | 'proxyAddresses'> {
  return {
    name: shortName(name),
    ...(mail === undefined ? {} : { mail }),
    ...(proxyAddresses.length === 0 ? {} : { proxyAddresses }),
  }
}

function shortName(name: string): string {
  return name.slice(name.indexOf('\\') + 1)
}
