/** The directory over the database: every question is a few lookups by index, so a million accounts are as quick as six. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { accountKey, longestName, nameKey } from '../../directory/account-name.js'
import type { Addresses } from '../../directory/addresses.js'
import { TooManyMemberships, domainUsersSid, membershipLimit } from '../../directory/directory.js'
import type { Account, Directory, DirectorySeed, Group, Membership, NewAccount } from '../../directory/directory.js'
import { directoryVersionReader, raiseDirectoryVersion } from './directory-version.js'
import { groupByMail, groupByName, groupsBySid, groupsIn, groupsOf } from './directory-groups.js'
import {
  insertAccounts,
  insertForest,
  insertGroups,
  insertMemberships,
  replaceAccountAddresses,
  replaceGroupAddresses,
  replaceSidHistory,
} from './directory-rows.js'
import { lockOthersOut } from './exclusive.js'
import type { ForestStore } from './forest-store.js'
import type { Database, Tables } from './schema.js'

export interface Page {
  /** Only names after this one, in order of name. */
  readonly after?: string
  /** 100 unless told, 1 000 at most. */
  readonly limit?: number
}

/** What is left out stays. */
export interface AccountChange {
  readonly name?: string | undefined
  readonly enabled?: boolean | undefined
  readonly password?: string | undefined
  readonly addresses?: Addresses | undefined
  readonly sidHistory?: readonly string[] | undefined
}

export type GroupChange = Pick<AccountChange, 'name' | 'addresses'>

export interface DirectoryStore extends Directory {
  /** Another one after every change of accounts, groups or forest: answers got before may be wrong then. */
  version(): Promise<string>
  /** Fills an empty directory in one transaction. False when there is a forest already: nothing is changed then. */
  fillIfEmpty(seed: DirectorySeed): Promise<boolean>
  /** Adds accounts in one transaction. Throws when a SID, name or address is taken: nothing is changed then. */
  addAccounts(accounts: readonly NewAccount[]): Promise<void>
  /** Changes the account in one transaction. Throws when a name or address is taken: nothing is changed then. */
  changeAccount(sid: string, change: AccountChange): Promise<void>
  /** Removes the account, its addresses and its memberships. */
  removeAccount(sid: string): Promise<void>
  addGroups(groups: readonly Group[]): Promise<void>
  /** As changeAccount. */
  changeGroup(sid: string, change: GroupChange): Promise<void>
  /** Removes the group, its members' membership and its own. */
  removeGroup(sid: string): Promise<void>
  /** Adds members to groups; who is in already, is left. */
  addMemberships(memberships: readonly Membership[]): Promise<void>
  removeMembership(membership: Membership): Promise<void>
  listAccounts(page?: Page): Promise<readonly Account[]>
  listGroups(page?: Page): Promise<readonly Group[]>
  /** SIDs of the direct members of a group, 10 000 at most. */
  membersOf(groupSid: string): Promise<readonly string[]>
  groupBySid(sid: string): Promise<Group | undefined>
  /** The groups that are direct members of one of these groups. */
  groupsIn(groupSids: readonly string[]): Promise<readonly Group[]>
  countAccounts(): Promise<number>
  /** Of all accounts, by SID, also of those that are disabled. Not for logs. */
  passwords(): Promise<ReadonlyMap<string, string>>
}

export function directoryStore(db: Database, forests: ForestStore): DirectoryStore {
  const accountsBySid = async (sids: readonly string[]): Promise<readonly Account[]> => {
    if (sids.length === 0) return []
    const rows = await db
      .selectFrom('account')
      .select(['sid', 'name', 'enabled'])
      .where('sid', 'in', sids)
      .orderBy('name_key')
      .execute()
    const addresses = await db
      .selectFrom('account_address')
      .select(['account_sid', 'address', 'position'])
      .where('account_sid', 'in', sids)
      .orderBy('account_sid')
      .orderBy('position')
      .execute()
    const former = await db
      .selectFrom('sid_history')
      .selectAll()
      .where('account_sid', 'in', sids)
      .orderBy('former_sid')
      .execute()
    return rows.map((row) => {
      const own = addresses.filter((address) => address.account_sid === row.sid)
      const mail = own.find((address) => address.position === 0)?.address
      return {
        sid: row.sid,
        sidHistory: former.filter((history) => history.account_sid === row.sid).map((history) => history.former_sid),
        name: row.name,
        ...(mail === undefined ? {} : { mail }),
        proxyAddresses: own.filter((address) => address.position > 0).map((address) => address.address),
        enabled: row.enabled === 1,
      }
    })
  }

  const accountOf = async (sid: string | undefined): Promise<Account | undefined> =>
    sid === undefined ? undefined : (await accountsBySid([sid]))[0]

  const accountBySid = async (sid: string): Promise<Account | undefined> => {
    if (sid.length > longestName) return undefined
    const account = await accountOf(sid)
    if (account !== undefined) return account
    const history = await db
      .selectFrom('sid_history')
      .select('account_sid')
      .where('former_sid', '=', sid)
      .executeTakeFirst()
    return accountOf(history?.account_sid)
  }

  const accountByMail = async (mail: string): Promise<Account | undefined> => {
    if (mail.length > longestName) return undefined
    const row = await db
      .selectFrom('account_address')
      .select('account_sid')
      .where('address_key', '=', nameKey(mail))
      .executeTakeFirst()
    return accountOf(row?.account_sid)
  }

  const accountByName = async (name: string): Promise<Account | undefined> => {
    if (name.length > longestName) return undefined
    const key = accountKey(name, await forests.read())
    const row =
      key === undefined
        ? undefined
        : await db.selectFrom('account').select('sid').where('name_key', '=', key).executeTakeFirst()
    if (row !== undefined) return accountOf(row.sid)
    return name.includes('@') && !name.includes('\\') ? accountByMail(name) : undefined
  }

  const passwordOf = async (sid: string): Promise<string | undefined> =>
    (
      await db
        .selectFrom('account')
        .select('password')
        .where('sid', '=', sid)
        .where('enabled', '=', 1)
        .executeTakeFirst()
    )?.password

  const memberships = async (asked: string): Promise<readonly Group[]> => {
    const account = await accountBySid(asked)
    const found = new Set<string>()
    // A level of nesting a round; what was found before is not followed again, so cycles end.
    let level: readonly string[] = account === undefined ? [asked] : [account.sid]
    if (account !== undefined) {
      const everyone = domainUsersSid(await forests.read())
      found.add(everyone)
      level = [account.sid, everyone]
    }
    while (level.length > 0) {
      const next = [...new Set(await groupsOf(db, level))].filter((group) => !found.has(group))
      for (const group of next) found.add(group)
      if (found.size > membershipLimit) throw new TooManyMemberships(asked)
      level = next
    }
    found.delete(asked)
    return groupsBySid(db, [...found])
  }

  const sidsInOrder = async (table: 'account' | 'directory_group', page: Page): Promise<readonly string[]> => {
    let query = db
      .selectFrom(table)
      .select('sid')
      .orderBy('name_key')
      .limit(Math.min(page.limit ?? 100, 1000))
    if (page.after !== undefined) query = query.where('name_key', '>', nameKey(page.after))
    return (await query.execute()).map((row) => row.sid)
  }

  const change = <Result>(run: (transaction: Database) => Promise<Result>): Promise<Result> =>
    db.transaction().execute(async (transaction) => {
      // A state that is put in the place of the directory would take half of what is added meanwhile.
      await lockOthersOut(transaction)
      const result = await run(transaction)
      await raiseDirectoryVersion(transaction)
      return result
    })

  return {
    version: directoryVersionReader(db),
    forest: () => forests.read(),
    accountByName,
    accountBySid,
    accountByMail,
    groupByMail: (mail) => groupByMail(db, mail),
    groupByName: (name) => groupByName(db, name),
    authenticate: async (name, password) => {
      const account = await accountByName(name)
      const expected = account === undefined ? undefined : await passwordOf(account.sid)
      const right = sameText(expected ?? '', password)
      return expected !== undefined && right ? account : undefined
    },
    passwordOf,
    memberships,
    fillIfEmpty: (seed) =>
      db.transaction().execute(async (transaction) => {
        await lockOthersOut(transaction)
        if (!(await insertForest(transaction, seed.forest))) return false
        await insertAccounts(transaction, seed.accounts)
        await insertGroups(transaction, seed.groups)
        await insertMemberships(transaction, seed.memberships)
        await raiseDirectoryVersion(transaction)
        return true
      }),
    addAccounts: (accounts) => change((transaction) => insertAccounts(transaction, accounts)),
    changeAccount: (sid, { addresses, sidHistory, ...fields }) =>
      change(async (transaction) => {
        const columns = accountColumns(fields)
        if (Object.keys(columns).length > 0)
          await transaction.updateTable('account').set(columns).where('sid', '=', sid).execute()
        if (addresses !== undefined) await replaceAccountAddresses(transaction, sid, addresses)
        if (sidHistory !== undefined) await replaceSidHistory(transaction, sid, sidHistory)
      }),
    removeAccount: (sid) =>
      change(async (transaction) => {
        await transaction.deleteFrom('account').where('sid', '=', sid).execute()
        await transaction.deleteFrom('account_address').where('account_sid', '=', sid).execute()
        await transaction.deleteFrom('sid_history').where('account_sid', '=', sid).execute()
        await transaction.deleteFrom('group_member').where('member_sid', '=', sid).execute()
      }),
    addGroups: (groups) => change((transaction) => insertGroups(transaction, groups)),
    changeGroup: (sid, { name, addresses }) =>
      change(async (transaction) => {
        if (name !== undefined)
          await transaction
            .updateTable('directory_group')
            .set({ name, name_key: nameKey(name) })
            .where('sid', '=', sid)
            .execute()
        if (addresses !== undefined) await replaceGroupAddresses(transaction, sid, addresses)
      }),
    removeGroup: (sid) =>
      change(async (transaction) => {
        await transaction.deleteFrom('account_address').where('account_sid', '=', sid).execute()
        await transaction.deleteFrom('directory_group').where('sid', '=', sid).execute()
        await transaction.deleteFrom('group_member').where('group_sid', '=', sid).execute()
        await transaction.deleteFrom('group_member').where('member_sid', '=', sid).execute()
      }),
    addMemberships: (added) => change((transaction) => insertMemberships(transaction, added)),
    removeMembership: ({ groupSid, memberSid }) =>
      change(async (transaction) => {
        await transaction
          .deleteFrom('group_member')
          .where('group_sid', '=', groupSid)
          .where('member_sid', '=', memberSid)
          .execute()
      }),
    listAccounts: async (page = {}) => accountsBySid(await sidsInOrder('account', page)),
    listGroups: async (page = {}) => groupsBySid(db, await sidsInOrder('directory_group', page)),
    membersOf: async (groupSid) => {
      const query = db.selectFrom('group_member').select('member_sid').where('group_sid', '=', groupSid)
      return (await query.orderBy('member_sid').limit(10_000).execute()).map((row) => row.member_sid)
    },
    groupBySid: async (sid) => (await groupsBySid(db, [sid]))[0],
    groupsIn: (groupSids) => groupsIn(db, groupSids),
    passwords: async () => {
      const rows = await db.selectFrom('account').select(['sid', 'password']).execute()
      return new Map(rows.map(({ sid, password }) => [sid, password]))
    },
    countAccounts: async () => {
      const query = db.selectFrom('account').select((expression) => expression.fn.countAll().as('count'))
      return Number((await query.executeTakeFirstOrThrow()).count)
    },
  }
}

/** The columns of what is changed. */
function accountColumns({ name, enabled, password }: AccountChange): Partial<Tables['account']> {
  return {
    ...(name === undefined ? {} : { name, name_key: nameKey(name) }),
    ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
    ...(password === undefined ? {} : { password }),
  }
}

/**
 * Whatever form of Unicode they were typed in: some systems send a letter and its accent apart (NFD). Digests are compared, so that neither content nor
 * length of the right text shows in the time taken.
 */
function sameText(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text.normalize('NFC'), 'utf8').digest()
  return timingSafeEqual(digest(one), digest(other))
}
