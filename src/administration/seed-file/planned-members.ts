/** Who is in which group, as a seed file wants it: by what its groups say, by what its accounts say, and as it is built in. */
import { domainUsersSid, type DirectorySeed } from '../../directory/directory.js'
import { shown } from '../../lab/json-object.js'
import type { DirectoryNames, DirectoryPlan } from './directory-plan.js'
import type { SeedFile } from './seed-file.js'
import { pathText, type SeedPath, type SeedProblem } from './seed-file-error.js'

interface Entries extends Pick<DirectoryPlan, 'accounts' | 'groups'> {
  readonly names: DirectoryNames
}

/**
 * @param problems receives what is wrong
 * @returns SIDs of the direct members, by SID of the group
 */
export function plannedMembers(
  file: SeedFile,
  seed: DirectorySeed,
  entries: Entries,
  problems: SeedProblem[],
): ReadonlyMap<string, readonly string[]> {
  const { accounts, groups, names } = entries
  const everybodySid = domainUsersSid(seed.forest)
  const found = new Map<string, Set<string>>()
  const add = (group: string, member: string): void => {
    found.set(group, (found.get(group) ?? new Set()).add(member))
  }
  const say = (path: SeedPath, what: string): void => {
    problems.push({ path, message: `${pathText(path)} ${what}` })
  }
  for (const { groupSid, memberSid } of builtInMemberships(file, seed, entries)) add(groupSid, memberSid)
  for (const group of groups) addMembersOf(group)
  for (const account of accounts) addGroupsOf(account)
  return new Map([...found].map(([group, sids]) => [group, [...sids].toSorted()]))

  function addMembersOf({ path, sid }: DirectoryPlan['groups'][number]): void {
    const wanted = path === undefined ? undefined : file.groups?.[Number(path[1])]?.members
    for (const [index, member] of (wanted ?? []).entries()) {
      const at = [...(path ?? []), 'members', index]
      const memberSid = names.find(member)
      if (memberSid === sid) say(at, `is ${shown(member)}, the group itself`)
      else if (sid === everybodySid) say(at, 'is too much: every account is in Domain Users, listed or not')
      else if (memberSid === undefined)
        say(at, `is ${shown(member)}, and there is no such account or group: ${names.hint(member)}`)
      else add(sid, memberSid)
    }
  }

  function addGroupsOf({ path, sid }: DirectoryPlan['accounts'][number]): void {
    const wanted = path === undefined ? undefined : file.accounts?.[Number(path[1])]?.groups
    for (const [index, group] of (wanted ?? []).entries()) {
      const at = [...(path ?? []), 'groups', index]
      const groupSid = names.find(group, 'group')
      if (groupSid === undefined) say(at, `is ${shown(group)}, and there is no such group: ${names.hint(group)}`)
      else if (groupSid !== everybodySid) add(groupSid, sid)
    }
  }
}

/** Those of a built-in group stay, unless the file says who is in it. */
function builtInMemberships(
  { groups: wanted = [] }: SeedFile,
  { memberships }: DirectorySeed,
  { accounts, groups }: Entries,
) {
  const present = new Set([...accounts, ...groups].map(({ sid }) => sid))
  const said = groups.filter(({ path }) => path !== undefined && wanted[Number(path[1])]?.members !== undefined)
  const sids = new Set(said.map(({ sid }) => sid))
  return memberships.filter(
    ({ groupSid, memberSid }) => present.has(groupSid) && present.has(memberSid) && !sids.has(groupSid),
  )
}
