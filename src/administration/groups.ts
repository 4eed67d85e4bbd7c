/** Groups of the directory and their members, as an administrator names them. */
import type { DirectoryStore } from '../cluster/store/directory-store.js'
import { addressesOf, allAddresses } from '../directory/addresses.js'
import type { Group } from '../directory/directory.js'
import type { Random } from '../effects.js'
import { findAccount, findGroup, isEveryone, reserveNames } from './directory-names.js'
import { problem } from './problem.js'

/**
 * @param status of the refusal
 * @throws Problem
 */
export async function requireMember(
  directory: DirectoryStore,
  named: string,
  status: 400 | 404,
): Promise<{ readonly sid: string }> {
  const found = (await findAccount(directory, named)) ?? (await findGroup(directory, named))
  return found ?? problem(status, `The directory has neither an account nor a group "${named}"`)
}

/** @throws Problem 409 for the group that everybody is in */
export async function refuseEveryone(directory: DirectoryStore, group: Group): Promise<void> {
  if (await isEveryone(directory, group))
    problem(409, `Every account is in ${group.name}, and stays in it: use another group`)
}

/** Kind and name of who has the SID; somebody who was deleted may still be a member. */
export async function describeMember(directory: DirectoryStore, sid: string): Promise<object> {
  const account = await directory.accountBySid(sid)
  if (account !== undefined) return { sid, kind: 'account', name: account.name }
  const group = await directory.groupBySid(sid)
  return group === undefined ? { sid, kind: 'unknown', name: null } : { sid, kind: 'group', name: group.name }
}

export interface GroupWanted {
  /** With or without the domain of the forest. */
  readonly name: string
  readonly mail?: string | undefined
  readonly proxyAddresses?: readonly string[] | undefined
  /** Made when left out. */
  readonly sid?: string | undefined
}

/** @throws Problem 400 for a name of another domain, 409 when a name, an address or the SID is taken */
export async function createGroup(directory: DirectoryStore, random: Random, wanted: GroupWanted): Promise<Group> {
  const addresses = addressesOf(wanted.mail, wanted.proxyAddresses ?? [])
  const names = { name: wanted.name, sid: wanted.sid, mails: allAddresses(addresses) }
  const group = { ...(await reserveNames(directory, random, names)), ...addresses }
  try {
    await directory.addGroups([group])
  } catch (error) {
    // Somebody else may have taken a name meanwhile: then this says so.
    await reserveNames(directory, random, names)
    throw error
  }
  return group
}

/**
 * All of them, or none; who is in already stays.
 * @param members accounts and groups, by SID, name or mail address
 * @throws Problem 400 for somebody who is not in the directory, 409 for the group that everybody is in
 */
export async function addMembers(directory: DirectoryStore, group: Group, members: readonly string[]): Promise<void> {
  await refuseEveryone(directory, group)
  const memberships = []
  for (const named of members) {
    const { sid } = await requireMember(directory, named, 400)
    if (sid === group.sid) problem(400, `${group.name} cannot be a member of itself`)
    memberships.push({ groupSid: group.sid, memberSid: sid })
  }
  await directory.addMemberships(memberships)
}
