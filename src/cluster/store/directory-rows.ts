/** Writes directory objects as rows, a few hundred to a statement. */
import { longestName, nameKey } from '../../directory/account-name.js'
import { addressesOf, allAddresses, type Addresses } from '../../directory/addresses.js'
import type { Forest, Group, Membership, NewAccount } from '../../directory/directory.js'
import type { Database, Tables } from './schema.js'

/** Times the columns of any table this stays below the number of parameters that either database takes (32 766). */
const rowsPerStatement = 500

/** Calls `each` with up to 500 items at a time, one call after the other; the results in a row. */
export async function inChunks<Item, Result>(
  items: readonly Item[],
  each: (chunk: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += rowsPerStatement) {
    for (const result of await each(items.slice(start, start + rowsPerStatement))) results.push(result)
  }
  return results
}

/** False when there is a forest already. */
export async function insertForest(db: Database, forest: Forest): Promise<boolean> {
  const existing = await db.selectFrom('forest').select('dns_name').executeTakeFirst()
  if (existing !== undefined) return false
  await db
    .insertInto('forest')
    .values({
      dns_name: forest.dnsName,
      netbios_name: forest.netbiosName,
      domain_sid: forest.domainSid,
      service_connection_point: forest.serviceConnectionPoint ?? null,
    })
    .execute()
  return true
}

export async function insertAccounts(db: Database, accounts: readonly NewAccount[]): Promise<void> {
  for (const account of accounts) checkObject(account)
  await inChunks(accounts, async (chunk) => {
    await db
      .insertInto('account')
      .values(
        chunk.map((account) => ({
          sid: account.sid,
          name: account.name,
          name_key: nameKey(account.name),
          enabled: account.enabled ? 1 : 0,
          password: account.password,
        })),
      )
      .execute()
    return []
  })
  await insertAddresses(db, accounts.flatMap(accountAddressRows))
  await insertSidHistory(db, accounts)
}

async function insertSidHistory(
  db: Database,
  accounts: readonly Pick<NewAccount, 'sid' | 'sidHistory'>[],
): Promise<void> {
  const history = accounts.flatMap((account) =>
    account.sidHistory.map((former) => ({ former_sid: former, account_sid: account.sid })),
  )
  await inChunks(history, async (chunk) => {
    await db.insertInto('sid_history').values(chunk).execute()
    return []
  })
}

/** Takes the former SIDs of an account away and writes these. */
export async function replaceSidHistory(db: Database, sid: string, sidHistory: readonly string[]): Promise<void> {
  await db.deleteFrom('sid_history').where('account_sid', '=', sid).execute()
  await insertSidHistory(db, [{ sid, sidHistory }])
}

export async function insertGroups(db: Database, groups: readonly Group[]): Promise<void> {
  for (const group of groups) checkObject(group)
  await inChunks(groups, async (chunk) => {
    await db
      .insertInto('directory_group')
      .values(
        chunk.map((group) => ({
          sid: group.sid,
          name: group.name,
          name_key: nameKey(group.name),
          mail: group.mail ?? null,
          mail_key: group.mail === undefined ? null : nameKey(group.mail),
        })),
      )
      .execute()
    return []
  })
  await insertAddresses(db, groups.flatMap(groupAddressRows))
}

/** Takes the addresses of an account away and writes these. */
export async function replaceAccountAddresses(db: Database, sid: string, addresses: Addresses): Promise<void> {
  await db.deleteFrom('account_address').where('account_sid', '=', sid).execute()
  await insertAddresses(db, accountAddressRows({ sid, ...addresses }))
}

/** Takes the addresses of a group away and writes these. */
export async function replaceGroupAddresses(db: Database, sid: string, addresses: Addresses): Promise<void> {
  const { mail } = addresses
  const columns = { mail: mail ?? null, mail_key: mail === undefined ? null : nameKey(mail) }
  await db.updateTable('directory_group').set(columns).where('sid', '=', sid).execute()
  await db.deleteFrom('account_address').where('account_sid', '=', sid).execute()
  await insertAddresses(db, groupAddressRows({ sid, ...addresses }))
}

export async function insertMemberships(db: Database, memberships: readonly Membership[]): Promise<void> {
  await inChunks(memberships, async (chunk) => {
    await db
      .insertInto('group_member')
      .values(chunk.map((membership) => ({ group_sid: membership.groupSid, member_sid: membership.memberSid })))
      .onConflict((conflict) => conflict.columns(['member_sid', 'group_sid']).doNothing())
      .execute()
    return []
  })
}

type AddressRow = Tables['account_address']

async function insertAddresses(db: Database, rows: readonly AddressRow[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await db.insertInto('account_address').values(chunk).execute()
    return []
  })
}

interface Addressed extends Addresses {
  readonly sid: string
}

/** Position 0 is the mail address. */
function accountAddressRows({ sid, mail, proxyAddresses }: Addressed): readonly AddressRow[] {
  const addresses = addressesOf(mail, proxyAddresses)
  const first = addresses.mail === undefined ? 1 : 0
  return allAddresses(addresses).map((address, index) => addressRow(sid, address, first + index))
}

/** The mail address of a group stands with the group. */
function groupAddressRows({ sid, mail, proxyAddresses }: Addressed): readonly AddressRow[] {
  return addressesOf(mail, proxyAddresses).proxyAddresses.map((address, index) => addressRow(sid, address, index + 1))
}

function addressRow(sid: string, address: string, position: number): AddressRow {
  return { address_key: nameKey(address), address, account_sid: sid, position }
}

/** Refuses what no question could find again. */
function checkObject(object: Group): void {
  if (!/^S-1(?:-\d{1,15}){2,15}$/.test(object.sid)) {
    throw new Error(`${JSON.stringify(object.sid)} is not a SID such as S-1-5-21-1-2-3-1104`)
  }
  if (!/^[^\\@]+\\[^\\]+$/.test(object.name) || object.name.length > longestName) {
    throw new Error(`${JSON.stringify(object.name)} is not a name such as CONTOSO\\alice`)
  }
  for (const address of allAddresses(object)) {
    if (!/^[^\s@]+@[^\s@]+$/.test(address) || address.length > longestName) {
      throw new Error(`${JSON.stringify(address)} of ${object.name} is not a mail address`)
    }
  }
}
