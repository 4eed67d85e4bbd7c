/** The questions about groups, over the database. */
import { longestName, nameKey } from '../../directory/account-name.js'
import type { Group } from '../../directory/directory.js'
import { inChunks } from './directory-rows.js'
import type { Database } from './schema.js'

/** Those with these SIDs, in order of name within each few hundred. */
export async function groupsBySid(db: Database, sids: readonly string[]): Promise<readonly Group[]> {
  return inChunks(sids, async (chunk) => {
    const rows = await db
      .selectFrom('directory_group')
      .select(['sid', 'name', 'mail'])
      .where('sid', 'in', chunk)
      .orderBy('name_key')
      .execute()
    const addresses = await db
      .selectFrom('account_address')
      .select(['account_sid', 'address'])
      .where('account_sid', 'in', chunk)
      .orderBy('account_sid')
      .orderBy('position')
      .execute()
    return rows.map(({ sid, name, mail }) => ({
      sid,
      name,
      ...(mail === null ? {} : { mail }),
      proxyAddresses: addresses.filter(({ account_sid }) => account_sid === sid).map(({ address }) => address),
    }))
  })
}

export async function groupByName(db: Database, name: string): Promise<Group | undefined> {
  return groupWhere(db, 'name_key', name)
}

/** By its mail address or one of its proxy addresses. */
export async function groupByMail(db: Database, mail: string): Promise<Group | undefined> {
  const known = await groupWhere(db, 'mail_key', mail)
  if (known !== undefined || mail.length > longestName) return known
  const row = await db
    .selectFrom('account_address')
    .select('account_sid')
    .where('address_key', '=', nameKey(mail))
    .executeTakeFirst()
  return row === undefined ? undefined : (await groupsBySid(db, [row.account_sid]))[0]
}

async function groupWhere(db: Database, column: 'name_key' | 'mail_key', name: string): Promise<Group | undefined> {
  if (name.length > longestName) return undefined
  const row = await db.selectFrom('directory_group').select('sid').where(column, '=', nameKey(name)).executeTakeFirst()
  return row === undefined ? undefined : (await groupsBySid(db, [row.sid]))[0]
}

/** SIDs of everything that one of these is a direct member of. */
export async function groupsOf(db: Database, sids: readonly string[]): Promise<readonly string[]> {
  return inChunks(sids, async (chunk) => {
    const rows = await db
      .selectFrom('group_member')
      .select('group_sid')
      .distinct()
      .where('member_sid', 'in', chunk)
      .execute()
    return rows.map((row) => row.group_sid)
  })
}

/** The groups that are direct members of one of these groups. */
export async function groupsIn(db: Database, groupSids: readonly string[]): Promise<readonly Group[]> {
  const inside = await inChunks(groupSids, async (chunk) => {
    const members = db.selectFrom('group_member').select('member_sid').where('group_sid', 'in', chunk)
    return db.selectFrom('directory_group').select('sid').where('sid', 'in', members).execute()
  })
  return groupsBySid(db, [...new Set(inside.map(({ sid }) => sid))])
}
