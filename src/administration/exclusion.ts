/** What a cluster refuses, or tells clients to refuse: applications and account keys (adrms-deployment 3.4). */
import type { ApplicationExclusion, ExcludedAccount, ServerConfiguration } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import type { Account } from '../directory/directory.js'
import { changeConfiguration, requireCluster, type Change } from './change-configuration.js'
import { requireAccount } from './directory-names.js'
import { problem } from './problem.js'

/**
 * Account keys are the root's business, whichever cluster excludes them.
 * @returns the modulus, as in XrML
 * @throws Problem 409 for an account without a key
 */
export async function keyOfAccount(store: Store, account: Account): Promise<string> {
  const root = (await store.clusters.list()).find(({ kind }) => kind === 'root')
  const key = root === undefined ? undefined : await store.accountKeys.find(root.name, account.sid)
  return (
    key?.publicKey ??
    problem(409, `${account.name} has not been certified yet, and has no key: disable the account instead`)
  )
}

/** The same versions of it. */
export function sameApplication(one: ApplicationExclusion, other: ApplicationExclusion): boolean {
  const same = one.filename.toLowerCase() === other.filename.toLowerCase()
  return same && one.minimumVersion === other.minimumVersion && one.maximumVersion === other.maximumVersion
}

/** Windows pads versions to a.b.c.d. */
export function fourParts(text: string): string {
  return [...text.split('.').map((part) => String(Number(part))), '0', '0', '0'].slice(0, 4).join('.')
}

/** Below 0 when the first one is lower, both in four parts. */
export function compareVersions(one: string, other: string): number {
  const parts = other.split('.').map(Number)
  const differences = one.split('.').map((part, index) => Number(part) - (parts[index] ?? 0))
  return differences.find((difference) => difference !== 0) ?? 0
}

/**
 * In four parts each.
 * @throws Problem 400 when the lowest version is above the highest one
 */
export function applicationExclusion(wanted: ApplicationExclusion): ApplicationExclusion {
  const { filename } = wanted
  const minimumVersion = fourParts(wanted.minimumVersion)
  const maximumVersion = fourParts(wanted.maximumVersion)
  if (compareVersions(minimumVersion, maximumVersion) > 0)
    problem(400, `minimumVersion ${minimumVersion} is above maximumVersion ${maximumVersion}`)
  return { filename, minimumVersion, maximumVersion }
}

/** @throws Problem 400 */
export function excludeApplication(wanted: ApplicationExclusion): Change {
  const added = applicationExclusion(wanted)
  return ({ applicationExclusionPolicy: stored }) => ({
    applicationExclusionPolicy: stored.some((other) => sameApplication(other, added)) ? stored : [...stored, added],
  })
}

/** RACs with this key get no licenses. */
export function excludeKey(entry: ExcludedAccount): Change {
  const { publicKey } = entry
  return ({ racExclusionPolicy: stored, excludedAccounts }) =>
    stored?.includes(publicKey)
      ? {}
      : { racExclusionPolicy: [...(stored ?? []), publicKey], excludedAccounts: [...excludedAccounts, entry] }
}

/** Without whose it is, and since when. */
export function excludeKeyAlone(publicKey: string): Change {
  return ({ racExclusionPolicy: stored }) =>
    stored?.includes(publicKey) ? {} : { racExclusionPolicy: [...(stored ?? []), publicKey] }
}

/** The account, or its key. */
export interface AccountKeyNamed {
  readonly account?: string
  readonly publicKey?: string
}

/**
 * At the root an account that is named loses its key pair besides: its next certificate has a new one.
 * @param since ISO 8601
 * @throws Problem 404 for an unknown cluster or account, 409 for an account without a key, 412
 */
export async function excludeAccount(
  store: Store,
  cluster: string,
  named: AccountKeyNamed,
  { since, ifMatch }: { readonly since: string; readonly ifMatch?: string | undefined },
): Promise<ServerConfiguration> {
  const { kind } = await requireCluster(store, cluster)
  const account = named.account === undefined ? undefined : await requireAccount(store.directory, named.account)
  const publicKey = named.publicKey ?? (await keyOfAccount(store, account as Account))
  const change = excludeKey({ publicKey, account: account?.name ?? null, since })
  return changeConfiguration(store, cluster, ifMatch, change, kind === 'root' ? account?.sid : undefined)
}
