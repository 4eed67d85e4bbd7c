/** Groups of the directory and their members, as an administrator names them. */
import type { DirectoryStore } from '../cluster/store/directory-store.js'
import type { Group } from '../directory/directory.js'
import { findAccount, findGroup, isEveryone } from './directory-names.js'
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
