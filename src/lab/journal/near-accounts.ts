/** Accounts and groups that somebody may have meant. */
import { editDistance, nearest } from '../../config/nearest.js'
import { allAddresses } from '../../directory/addresses.js'
import type { Account, Directory } from '../../directory/directory.js'
import type { NearMiss, NearMissSources } from './near-miss.js'

/** Policies may name thousands: so many are looked at. */
const mostNamed = 50

/**
 * Why a policy that seems to name somebody does not: another address of theirs, a group of theirs by an address that it does not have.
 * @param named addresses and SIDs of the policy
 */
export async function peopleOf(
  account: Account,
  named: readonly string[],
  directory: Directory,
): Promise<readonly NearMiss[]> {
  const groups = await directory.memberships(account.sid)
  const misses: NearMiss[] = []
  for (const name of named.slice(0, mostNamed)) {
    const miss =
      (await groupMiss(name, account, { groups, directory })) ?? (await addressMiss(name, account, directory))
    if (miss !== undefined) misses.push(miss)
  }
  return misses
}

/** A group that they are in, and that the policy names by an address which is not the group's: nobody is found by it. */
async function groupMiss(
  name: string,
  account: Account,
  {
    groups,
    directory,
  }: { readonly groups: Awaited<ReturnType<Directory['memberships']>>; readonly directory: Directory },
): Promise<NearMiss | undefined> {
  const local = localPart(name)
  const group = groups.find((one) => plainName(one.name) === local)
  if (group !== undefined) {
    const has = allAddresses(group).join(', ')
    return {
      kind: has === '' ? 'hidden group' : 'other address of a group',
      text: `${account.name} is in ${group.name}, which has ${has === '' ? 'no mail address' : `the address ${has}`}: ${name} does not lead to it`,
    }
  }
  const other = await directory.groupByMail(name)
  return other === undefined
    ? undefined
    : { kind: 'not a member', text: `${name} is the group ${other.name}, and ${account.name} is not in it` }
}

async function addressMiss(name: string, account: Account, directory: Directory): Promise<NearMiss | undefined> {
  const own = [plainName(account.name), ...allAddresses(account).map(localPart)]
  const local = localPart(name)
  const isLike = own.some((one) => one === local || (one.length > 2 && editDistance(one, local) <= one.length / 3))
  if (!isLike || (await directory.accountByMail(name)) !== undefined) return undefined
  return {
    kind: 'other address',
    text: `The policy names ${name}, which nobody has; ${account.name} has ${allAddresses(account).join(', ') || 'no mail address'}`,
  }
}

/** @param asked a name in any form, a mail address or a SID */
export async function nearAccounts(
  asked: string,
  { directory, accounts }: Pick<NearMissSources, 'directory' | 'accounts'>,
): Promise<readonly NearMiss[]> {
  const account = (await directory.accountByName(asked)) ?? (await directory.accountByMail(asked))
  if (account !== undefined) return [stateOf(account)]
  const group = (await directory.groupByMail(asked)) ?? (await directory.groupByName(asked))
  if (group !== undefined)
    return [{ kind: 'group', text: `${asked} is the group ${group.name}: one account is asked for` }]
  const all = await accounts()
  const names = all.flatMap((one) => [one.name, ...allAddresses(one)])
  const meant =
    nearest(asked, names) ??
    nearest(
      localPart(asked),
      all.map(({ name }) => plainName(name)),
    )
  const found = all.find(
    (one) =>
      one.name === meant || plainName(one.name) === meant || (meant !== undefined && allAddresses(one).includes(meant)),
  )
  return found === undefined
    ? []
    : [
        {
          kind: 'nearest name',
          text: `Nobody is ${asked}; ${found.name} has ${allAddresses(found).join(', ') || 'no mail address'}`,
        },
      ]
}

function stateOf(account: Account): NearMiss {
  if (!account.enabled) return { kind: 'disabled', text: `${account.name} is there, and disabled` }
  return account.mail === undefined
    ? { kind: 'no mail address', text: `${account.name} is there, and has no mail address: set one in the directory` }
    : { kind: 'known account', text: `${account.name} is there, with ${allAddresses(account).join(', ')}` }
}

/** In lower case, what stands before @ or behind the domain. */
function localPart(name: string): string {
  return name.replace(/@.*$/, '').replace(/^.*\\/, '').toLowerCase()
}

function plainName(name: string): string {
  return localPart(name)
}
