/** The directory that a new installation starts with: the same people in every forest, whose SIDs never change. */
import type { DirectorySeed, Forest, Group, NewAccount } from './directory.js'
import { domainUsersSid } from './directory.js'
import { forestNamed, serviceGroupOf, usualForestName } from './forest.js'

/** The password of every seed account. */
export const seedPassword = 'Passw0rd!'

export const seedForest: Forest = forestNamed(usualForestName)

/** The accounts and groups of a new forest. */
export function seedDirectoryOf(forest: Forest): DirectorySeed {
  const { dnsName, netbiosName, domainSid } = forest
  const mailOf = (user: string): string => `${user}@${dnsName}`
  const account = (relativeId: number, user: string, ...mailboxes: readonly string[]): NewAccount => {
    const [mail, ...proxyAddresses] = mailboxes.map(mailOf)
    return {
      sid: `${domainSid}-${relativeId}`,
      sidHistory: [],
      name: `${netbiosName}\\${user}`,
      ...(mail === undefined ? {} : { mail }),
      proxyAddresses,
      enabled: true,
      password: seedPassword,
    }
  }
  const group = (relativeId: number, name: string, mailbox?: string): Group => ({
    sid: `${domainSid}-${relativeId}`,
    name: `${netbiosName}\\${name}`,
    ...(mailbox === undefined ? {} : { mail: mailOf(mailbox) }),
    proxyAddresses: [],
  })

  const alice = account(1104, 'alice', 'alice', 'alice.a')
  const bob = account(1105, 'bob', 'bob')
  const carol = account(1106, 'carol', 'carol')
  const mallory = account(1107, 'mallory', 'mallory')
  const nomail = account(1108, 'nomail')
  /** The account under which servers call each other. */
  const service = account(1103, 'rms-service')

  const legal = group(1201, 'legal', 'legal')
  const staff = group(1202, 'staff', 'staff')
  const superUsers = group(1203, 'superusers', 'superusers')
  const serviceGroup = { ...group(1200, ''), name: serviceGroupOf(forest) }
  /** Nobody is listed in it: every account is a member. */
  const domainUsers = { ...group(513, 'Domain Users'), sid: domainUsersSid(forest) }

  const members = (group: Group, ...of: readonly { readonly sid: string }[]) =>
    of.map((member) => ({ groupSid: group.sid, memberSid: member.sid }))
  return {
    forest,
    accounts: [alice, bob, carol, mallory, nomail, service],
    groups: [domainUsers, serviceGroup, legal, staff, superUsers],
    memberships: [...members(legal, bob, carol), ...members(staff, legal, alice), ...members(serviceGroup, service)],
  }
}

export const seedDirectory: DirectorySeed = seedDirectoryOf(seedForest)
