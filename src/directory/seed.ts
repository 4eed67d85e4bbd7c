/** The directory that every new installation starts with: the lab forest contoso.test, whose SIDs never change. */
import type { DirectorySeed, Forest, Group, NewAccount } from './directory.js'
import { domainUsersSid } from './directory.js'

/** The password of every seed account. */
export const seedPassword = 'Passw0rd!'

export const seedForest: Forest = {
  dnsName: 'contoso.test',
  netbiosName: 'CONTOSO',
  domainSid: 'S-1-5-21-1712426984-1618080182-1209977580',
}

const sid = (relativeId: number): string => `${seedForest.domainSid}-${relativeId}`

function account(relativeId: number, user: string, ...addresses: readonly string[]): NewAccount {
  const [mail, ...proxyAddresses] = addresses
  return {
    sid: sid(relativeId),
    sidHistory: [],
    name: `${seedForest.netbiosName}\\${user}`,
    ...(mail === undefined ? {} : { mail }),
    proxyAddresses,
    enabled: true,
    password: seedPassword,
  }
}

const alice = account(1104, 'alice', 'alice@contoso.test', 'alice.a@contoso.test')
const bob = account(1105, 'bob', 'bob@contoso.test')
const carol = account(1106, 'carol', 'carol@contoso.test')
const mallory = account(1107, 'mallory', 'mallory@contoso.test')
const nomail = account(1108, 'nomail')
/** The account under which servers call each other. */
const service = account(1103, 'rms-service')

function group(relativeId: number, name: string, mail?: string): Group {
  const named = `${seedForest.netbiosName}\\${name}`
  return { sid: sid(relativeId), name: named, ...(mail === undefined ? {} : { mail }), proxyAddresses: [] }
}

const legal = group(1201, 'legal', 'legal@contoso.test')
const staff = group(1202, 'staff', 'staff@contoso.test')
const superUsers = group(1203, 'superusers', 'superusers@contoso.test')
const serviceGroup = group(1200, 'RMS Service Group')
/** Nobody is listed in it: every account is a member. */
const domainUsers = { ...group(513, 'Domain Users'), sid: domainUsersSid(seedForest) }

const members = (group: Group, ...of: readonly { readonly sid: string }[]) =>
  of.map((member) => ({ groupSid: group.sid, memberSid: member.sid }))

export const seedDirectory: DirectorySeed = {
  forest: seedForest,
  accounts: [alice, bob, carol, mallory, nomail, service],
  groups: [domainUsers, serviceGroup, legal, staff, superUsers],
  memberships: [...members(legal, bob, carol), ...members(staff, legal, alice), ...members(serviceGroup, service)],
}
