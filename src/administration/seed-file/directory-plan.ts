/** The directory as a seed file wants it: what is built in, with what the file adds and changes. */
import { createHash } from 'node:crypto'
import { nearest } from '../../config/nearest.js'
import { accountKey, nameKey } from '../../directory/account-name.js'
import { addressesOf, allAddresses } from '../../directory/addresses.js'
import { domainUsersSid, type Forest, type Group, type NewAccount } from '../../directory/directory.js'
import { serviceGroupOf } from '../../directory/forest.js'
import { seedDirectoryOf, seedPassword } from '../../directory/seed.js'
import { shown } from '../../lab/json-object.js'
import { plannedMembers } from './planned-members.js'
import type { SeedAccount, SeedFile, SeedGroup } from './seed-file.js'
import { pathText, type SeedPath, type SeedProblem } from './seed-file-error.js'

/** Where it stands in the file; undefined for what is built in. */
interface Placed {
  readonly path: SeedPath | undefined
}

export interface DirectoryPlan {
  readonly forest: Forest
  readonly accounts: readonly (NewAccount & Placed)[]
  readonly groups: readonly (Group & Placed)[]
  /** SIDs of the direct members, by SID of the group. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** SID of whoever has this name, mail address or SID. */
  find(named: string, kind?: 'account' | 'group'): string | undefined
  hasAddress(mail: string): boolean
  /** Whether a group has this mail address. */
  groupWith(mail: string): boolean
  /** For errors: who was meant, or how to find out. */
  hint(named: string): string
}

export type DirectoryNames = Pick<DirectoryPlan, 'find' | 'groupWith' | 'hasAddress' | 'hint'>

/** What servers need of themselves: the account by which they call each other, its group, and the group that everybody is in. */
function isOfServers({ name, sid }: { readonly name: string; readonly sid: string }, forest: Forest): boolean {
  const names = [`${forest.netbiosName}\\rms-service`, serviceGroupOf(forest)]
  return names.includes(name) || sid === domainUsersSid(forest)
}

/** @param problems receives what is wrong; the plan is of no use then */
export function planDirectory(file: SeedFile, forest: Forest, problems: SeedProblem[]): DirectoryPlan {
  const seed = seedDirectoryOf(forest)
  const hasAll = file.builtIn !== false
  const builtIn = <One extends { readonly name: string; readonly sid: string }>(all: readonly One[]) =>
    all.filter((one) => hasAll || isOfServers(one, forest)).map((one) => ({ ...one, path: undefined }))
  const sids = new Set([...seed.accounts, ...seed.groups, ...named(file)].flatMap(({ sid }) => sid ?? []))
  const accounts = merged(builtIn(seed.accounts), file.accounts ?? [], (wanted, place) => ({
    ...place,
    ...addressesOf(wanted.mail, wanted.proxyAddresses ?? []),
    sidHistory: wanted.sidHistory ?? [],
    enabled: wanted.enabled ?? true,
    password: wanted.password ?? seedPassword,
  }))
  const groups = merged(builtIn(seed.groups), file.groups ?? [], (wanted, place) => ({
    ...place,
    ...addressesOf(wanted.mail, wanted.proxyAddresses ?? []),
  }))
  const all = [...accounts, ...groups]
  requireOneEach(all, accounts, problems)
  const names = namesOf(accounts, groups, forest)
  const members = plannedMembers(file, seed, { accounts, groups, names }, problems)
  return { forest, accounts, groups, members, ...names }

  function merged<
    Wanted extends SeedAccount | SeedGroup,
    One extends { readonly name: string; readonly sid: string } & Placed,
  >(
    base: readonly One[],
    wanted: readonly Wanted[],
    make: (wanted: Wanted, place: { readonly name: string; readonly sid: string } & Placed) => One,
  ): readonly One[] {
    const kind = wanted === (file.accounts as readonly unknown[] | undefined) ? 'accounts' : 'groups'
    const taken = new Map(base.map((one) => [one.sid, one]))
    const added = wanted.map((one, index) => {
      const path = [kind, index]
      const name = fullName(one.name, forest)
      if (name === undefined)
        problems.push({
          path: [...path, 'name'],
          message: `${pathText([...path, 'name'])} is ${shown(one.name)}, which is of another domain: write ${forest.netbiosName}\\name, or the name alone`,
        })
      const key = nameKey(name ?? one.name)
      const former = base.find((known) => known.sid === one.sid) ?? base.find((known) => nameKey(known.name) === key)
      if (former !== undefined && one.sid !== undefined && one.sid !== former.sid)
        problems.push({
          path: [...path, 'sid'],
          message: `${pathText([...path, 'sid'])} is ${one.sid}, and the built-in ${former.name} has ${former.sid}: leave it out`,
        })
      const sid = one.sid ?? former?.sid ?? madeSid(key)
      if (former !== undefined) taken.delete(former.sid)
      return make(one, { name: name ?? one.name, sid, path })
    })
    return [...taken.values(), ...added]
  }

  /** The same one whenever the file is read. */
  function madeSid(key: string): string {
    for (let attempt = 0; ; attempt++) {
      const digest = createHash('sha256').update(`${attempt}:${key}`, 'utf8').digest()
      const sid = `${forest.domainSid}-${100_000 + (digest.readUInt32BE() >>> 2)}`
      if (sids.has(sid)) continue
      sids.add(sid)
      return sid
    }
  }
}

function named({ accounts = [], groups = [] }: SeedFile): readonly { readonly sid?: string }[] {
  return [...accounts, ...groups]
}

function fullName(name: string, forest: Forest): string | undefined {
  const backslash = name.indexOf('\\')
  const domain = nameKey(name.slice(0, Math.max(backslash, 0)))
  const isOurs = ['', nameKey(forest.netbiosName), nameKey(forest.dnsName)].includes(domain)
  return isOurs ? `${forest.netbiosName}\\${name.slice(backslash + 1)}` : undefined
}

type Entry = DirectoryPlan['accounts'][number] | DirectoryPlan['groups'][number]

/** No two of one name, of one address, of one SID. */
function requireOneEach(all: readonly Entry[], accounts: DirectoryPlan['accounts'], problems: SeedProblem[]): void {
  const owners = new Map<string, Entry>()
  const take = (kind: string, key: string, entry: Entry, message: (where: string, owner: string) => string): void => {
    const owner = owners.get(key)
    if (owner === undefined) owners.set(key, entry)
    if (owner === undefined || owner === entry) return
    // What is built in is not to blame.
    const [mine, other] = entry.path === undefined ? [owner, entry] : [entry, owner]
    const path = mine.path ?? []
    const named = other.path === undefined ? `the built-in ${other.name}` : pathText(other.path)
    problems.push({ path: [...path, kind], message: message(pathText(path), named) })
  }
  for (const entry of all) {
    const { name, sid } = entry
    take(
      'name',
      `name ${nameKey(name)}`,
      entry,
      (where, owner) => `${where}.name is ${shown(name)}, and so is that of ${owner}: choose another one`,
    )
    take(
      'sid',
      `sid ${sid}`,
      entry,
      (where, owner) => `${where}.sid is ${sid}, and so is that of ${owner}: choose another one`,
    )
    for (const address of allAddresses(entry))
      take(
        'mail',
        `mail ${nameKey(address)}`,
        entry,
        (where, owner) => `${where} has the mail address ${address}, which is that of ${owner}: choose another one`,
      )
  }
  for (const account of accounts)
    for (const former of account.sidHistory)
      take(
        'sidHistory',
        `sid ${former}`,
        account,
        (where, owner) => `${where}.sidHistory has ${former}, the SID of ${owner}`,
      )
}

function namesOf(accounts: DirectoryPlan['accounts'], groups: DirectoryPlan['groups'], forest: Forest): DirectoryNames {
  const bySid = (entries: readonly Entry[]) => new Set(entries.map(({ sid }) => sid))
  const byName = (entries: readonly Entry[]) => new Map(entries.map(({ name, sid }) => [nameKey(name), sid]))
  const byMail = (entries: readonly Entry[]) =>
    new Map(entries.flatMap((entry) => allAddresses(entry).map((address) => [nameKey(address), entry.sid] as const)))
  const index = {
    account: { sids: bySid(accounts), names: byName(accounts), mails: byMail(accounts) },
    group: { sids: bySid(groups), names: byName(groups), mails: byMail(groups) },
  }
  const findIn = (kind: 'account' | 'group', wanted: string): string | undefined => {
    const { sids, names, mails } = index[kind]
    if (/^S-1-/i.test(wanted)) return sids.has(wanted.toUpperCase()) ? wanted.toUpperCase() : undefined
    const isMail = wanted.includes('@') && !wanted.includes('\\')
    // An account may be called by its name with the domain of the forest behind it; a group may not.
    const key = kind === 'group' && isMail ? undefined : accountKey(wanted, forest)
    return (key === undefined ? undefined : names.get(key)) ?? (isMail ? mails.get(nameKey(wanted)) : undefined)
  }
  return {
    find: (wanted, kind) =>
      (kind === 'group' ? undefined : findIn('account', wanted)) ??
      (kind === 'account' ? undefined : findIn('group', wanted)),
    hasAddress: (mail) => index.account.mails.has(nameKey(mail)) || index.group.mails.has(nameKey(mail)),
    groupWith: (mail) => index.group.mails.has(nameKey(mail)),
    hint: (wanted) => {
      const entries = [...accounts, ...groups]
      const all = entries.flatMap((entry) => [...allAddresses(entry), entry.name.slice(entry.name.indexOf('\\') + 1)])
      const meant = nearest(wanted, all.slice(0, mostCompared))
      return meant === undefined ? 'accounts and groups of the file say who there is' : `did you mean "${meant}"?`
    },
  }
}

/** Enough to find who was meant. */
const mostCompared = 5000
