/** Accounts and groups as an administrator names them: by SID, name in any form, or mail address. */
import { domainUsersSid, type Account, type Directory, type Forest, type Group } from '../directory/directory.js'
import { allAddresses, changedAddresses, type AddressChange, type Addresses } from '../directory/addresses.js'
import type { DirectoryStore, Page } from '../cluster/store/directory-store.js'
import type { Random } from '../effects.js'
import { problem } from './problem.js'

const looksLikeSid = (text: string): boolean => /^S-1-/i.test(text)

export async function findAccount(directory: DirectoryStore, named: string): Promise<Account | undefined> {
  return looksLikeSid(named) ? directory.accountBySid(named.toUpperCase()) : directory.accountByName(named)
}

export async function findGroup(directory: DirectoryStore, named: string): Promise<Group | undefined> {
  if (looksLikeSid(named)) return directory.groupBySid(named.toUpperCase())
  if (named.includes('@')) return directory.groupByMail(named)
  const name = nameInForest(named, await directory.forest())
  return name === undefined ? undefined : directory.groupByName(name)
}

/** @throws Problem 404 */
export async function requireAccount(directory: DirectoryStore, named: string): Promise<Account> {
  return (await findAccount(directory, named)) ?? problem(404, `The directory has no account "${named}"`)
}

/** @throws Problem 404 */
export async function requireGroup(directory: DirectoryStore, named: string): Promise<Group> {
  return (await findGroup(directory, named)) ?? problem(404, `The directory has no group "${named}"`)
}

/** `CONTOSO\name` in the spelling given; undefined when the name is of another domain. */
function nameInForest(name: string, forest: Forest): string | undefined {
  const backslash = name.indexOf('\\')
  const domain = name.slice(0, Math.max(backslash, 0)).toLowerCase()
  const ours = ['', forest.netbiosName.toLowerCase(), forest.dnsName.toLowerCase()].includes(domain)
  return ours ? `${forest.netbiosName}\\${name.slice(backslash + 1)}` : undefined
}

interface NewObject {
  readonly name: string
  readonly sid?: string | undefined
  readonly mails: readonly string[]
}

/** The name in the forest's own domain. */
async function ownName(directory: DirectoryStore, wanted: string): Promise<string> {
  const forest = await directory.forest()
  return (
    nameInForest(wanted, forest) ??
    problem(400, `"${wanted}" is of another domain: write ${forest.netbiosName}\\name, or the name alone`)
  )
}

/**
 * The full name that an account or group is to have from now on.
 * @param except SID of whoever may have it already
 * @throws Problem 400 for a name of another domain, 409 when it is taken
 */
export async function freeName(directory: DirectoryStore, wanted: string, except?: string): Promise<string> {
  const name = await ownName(directory, wanted)
  const owner = (await directory.accountByName(name)) ?? (await directory.groupByName(name))
  if (owner !== undefined && owner.sid !== except) problem(409, `There is a "${name}" already: choose another name`)
  return name
}

/**
 * Full name and SID for a new account or group, none of which anybody else has.
 * @throws Problem 400 for a name of another domain, 409 when something is taken
 */
export async function reserveNames(
  directory: DirectoryStore,
  random: Random,
  wanted: NewObject,
): Promise<{ readonly name: string; readonly sid: string }> {
  const name = await freeName(directory, wanted.name)
  for (const mail of wanted.mails) await requireFreeMail(directory, mail)
  if (wanted.sid !== undefined && (await ownerOfSid(directory, wanted.sid)))
    problem(409, `The SID ${wanted.sid} is in use: choose another one, or leave it out`)
  return { name, sid: wanted.sid ?? (await newSid(directory, random, await directory.forest())) }
}

/**
 * The addresses after a change (directory/addresses.ts).
 * @throws Problem 409 when somebody else has one of them
 */
export async function freeAddresses(
  directory: Directory,
  current: Addresses & { readonly sid: string },
  change: AddressChange,
): Promise<Addresses> {
  const addresses = changedAddresses(current, change)
  for (const address of allAddresses(addresses)) await requireFreeMail(directory, address, current.sid)
  return addresses
}

/**
 * @param except SID of whoever may have it already
 * @throws Problem 409
 */
async function requireFreeMail(directory: Directory, mail: string, except?: string): Promise<void> {
  const owner = (await directory.accountByMail(mail)) ?? (await directory.groupByMail(mail))
  if (owner !== undefined && owner.sid !== except)
    problem(409, `The mail address ${mail} is that of ${owner.name}: choose another one`)
}

/**
 * @param except SID of the account that may have had it
 * @throws Problem 409
 */
export async function requireFreeSid(directory: DirectoryStore, sid: string, except: string): Promise<void> {
  const owner = await ownerOfSid(directory, sid)
  if (owner?.sid === sid) problem(409, `${sid} is the SID of ${owner.name} now: name one that it had before`)
  if (owner !== undefined && owner.sid !== except)
    problem(409, `The SID ${sid} was that of ${owner.name}: choose another one`)
}

async function ownerOfSid(directory: DirectoryStore, sid: string): Promise<Account | Group | undefined> {
  return (await directory.accountBySid(sid)) ?? directory.groupBySid(sid)
}

/** By chance, as no counter is kept: far above the relative ids that are given out by hand. */
async function newSid(directory: DirectoryStore, random: Random, { domainSid }: Forest): Promise<string> {
  const lowest = 100_000
  for (;;) {
    const sid = `${domainSid}-${lowest + (random.bytes(4).readUInt32BE() >>> 2)}`
    if ((await ownerOfSid(directory, sid)) === undefined) return sid
  }
}

/** Everybody is in it, without being listed. */
export async function isEveryone(directory: Directory, { sid }: Group): Promise<boolean> {
  return sid === domainUsersSid(await directory.forest())
}

const pageSize = 1000

/** In order of name. */
export function listAllAccounts(directory: Pick<DirectoryStore, 'listAccounts'>): Promise<readonly Account[]> {
  return allPages((page) => directory.listAccounts(page))
}

/** In order of name. */
export function listAllGroups(directory: Pick<DirectoryStore, 'listGroups'>): Promise<readonly Group[]> {
  return allPages((page) => directory.listGroups(page))
}

async function allPages<One extends { readonly name: string }>(
  read: (page: Page) => Promise<readonly One[]>,
): Promise<readonly One[]> {
  const all: One[] = []
  for (;;) {
    const after = all.at(-1)?.name
    const found = await read({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    all.push(...found)
    if (found.length < pageSize) return all
  }
}
