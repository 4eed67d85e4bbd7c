/** Makes the directory what a seed file says. Done again, it changes nothing. */
import type { DirectoryStore } from '../../cluster/store/directory-store.js'
import { addressesOf } from '../../directory/addresses.js'
import type { Random } from '../../effects.js'
import { createAccounts } from '../accounts.js'
import { listAllAccounts, listAllGroups } from '../directory-names.js'
import { createGroup } from '../groups.js'
import type { Seed } from './parse.js'

const noAddresses = { proxyAddresses: [] }

/** @throws SeedFileError, DatabaseAway */
export async function applyDirectory(directory: DirectoryStore, random: Random, seed: Seed): Promise<void> {
  const { accounts, groups, members } = seed.directory
  const presentAccounts = new Set((await listAllAccounts(directory)).map(({ sid }) => sid))
  const presentGroups = new Set((await listAllGroups(directory)).map(({ sid }) => sid))
  await removeOthers()
  await changePresent()
  await seed.at(['accounts'], () =>
    createAccounts(
      directory,
      random,
      accounts.filter(({ sid }) => !presentAccounts.has(sid)),
    ),
  )
  for (const group of groups)
    if (!presentGroups.has(group.sid)) await seed.at(group.path ?? [], () => createGroup(directory, random, group))
  await setMembers()

  async function removeOthers(): Promise<void> {
    const wantedAccounts = new Set(accounts.map(({ sid }) => sid))
    const wantedGroups = new Set(groups.map(({ sid }) => sid))
    for (const sid of presentAccounts) if (!wantedAccounts.has(sid)) await directory.removeAccount(sid)
    for (const sid of presentGroups) if (!wantedGroups.has(sid)) await directory.removeGroup(sid)
  }

  /** Addresses may change places among them. */
  async function changePresent(): Promise<void> {
    const changedAccounts = accounts.filter(({ sid, path }) => path !== undefined && presentAccounts.has(sid))
    const changedGroups = groups.filter(({ sid, path }) => path !== undefined && presentGroups.has(sid))
    for (const { sid } of changedAccounts) await directory.changeAccount(sid, { addresses: noAddresses })
    for (const { sid } of changedGroups) await directory.changeGroup(sid, { addresses: noAddresses })
    for (const { sid, name, enabled, password, sidHistory, mail, proxyAddresses } of changedAccounts) {
      const addresses = addressesOf(mail, proxyAddresses)
      await directory.changeAccount(sid, { name, enabled, password, sidHistory, addresses })
    }
    for (const { sid, name, mail, proxyAddresses } of changedGroups)
      await directory.changeGroup(sid, { name, addresses: addressesOf(mail, proxyAddresses) })
  }

  async function setMembers(): Promise<void> {
    for (const { sid: groupSid } of groups) {
      const wanted = members.get(groupSid) ?? []
      for (const memberSid of await directory.membersOf(groupSid))
        if (!wanted.includes(memberSid)) await directory.removeMembership({ groupSid, memberSid })
      await directory.addMemberships(wanted.map((memberSid) => ({ groupSid, memberSid })))
    }
  }
}
