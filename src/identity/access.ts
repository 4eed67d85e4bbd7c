/** Access lists of endpoints: the stand-in for the access control list that each .asmx file has on Windows. */
import { nearest } from '../config/nearest.js'
import { allAddresses } from '../directory/addresses.js'
import type { Account, Directory, Group } from '../directory/directory.js'

export type AccessLists = Readonly<Record<string, readonly string[]>>

/** Stands in an access list for callers who do not sign in at all. */
export const anonymousName = 'ANONYMOUS'

/** An endpoint without a list admits everybody who has signed in. */
export function admitsAnonymous(lists: AccessLists, path: string): boolean {
  return lists[path]?.some((name) => name.toUpperCase() === anonymousName) ?? false
}

/** Whether the account, or a group it is in, is on the endpoint's list by account name, group name or mail address. */
export async function isAdmitted(
  lists: AccessLists,
  path: string,
  account: Account,
  directory: Directory,
): Promise<boolean> {
  const list = lists[path]
  if (list === undefined) return true
  const wanted = new Set(list.map((name) => name.toLowerCase()))
  const known = (of: Account | Group): boolean =>
    [of.name, ...allAddresses(of)].some((name) => wanted.has(name.toLowerCase()))
  if (wanted.has(anonymousName.toLowerCase()) || known(account)) return true
  const groups = await directory.memberships(account.sid)
  return groups.some(known)
}

/**
 * The endpoints that a setting such as `servercertification`, `certification/server.asmx` or `/_wmcs/licensing/license.asmx` names.
 * @param paths all endpoint paths, in lower case
 */
export function endpointsNamed(name: string, paths: readonly string[]): readonly string[] {
  const plain = name
    .toLowerCase()
    .replace(/^\/?(_wmcs)?\/?/, '')
    .replace(/\.asmx$/, '')
  return paths.filter((path) => {
    const full = path.replace(/^\//, '').replace(/\.asmx$/, '')
    return full === plain || full.endsWith(`/${plain}`)
  })
}

/** What is said of a name that endpointsNamed knows nothing for. @param paths all endpoint paths, in lower case */
export function unknownEndpoint(named: string, paths: readonly string[]): string {
  const names = paths.map((path) => path.replace(/^.*\//, '').replace(/\.\w+$/, ''))
  const meant = nearest(named.replace(/^.*\//, '').replace(/\.\w+$/, ''), names)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  return `There is no endpoint "${named}".${hint} The endpoints are ${paths.join(', ')}`
}
