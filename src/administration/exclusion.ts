/** What a cluster refuses, or tells clients to refuse: applications and account keys (adrms-deployment 3.4). */
import type { ApplicationExclusion } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import type { Account } from '../directory/directory.js'
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
