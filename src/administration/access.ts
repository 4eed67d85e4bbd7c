/** Names on access lists (adrms-deployment 3.1). */
import type { Store } from '../cluster/store/open.js'
import { anonymousName } from '../identity/access.js'
import { changeConfiguration } from './change-configuration.js'
import { findAccount, findGroup } from './directory-names.js'
import { problem } from './problem.js'

/**
 * The name as the directory spells it.
 * @throws Problem 400
 */
export async function requireSomebody({ directory }: Store, named: string): Promise<string> {
  if (sameName(named, anonymousName)) return anonymousName
  const found = (await findAccount(directory, named)) ?? (await findGroup(directory, named))
  if (found === undefined) return problem(400, `The directory has neither an account nor a group "${named}"`)
  return named.includes('@') && sameName(named, found.mail ?? '') ? named : found.name
}

/** Without regard to case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/**
 * Sets access lists whole.
 * @param lists by the path of the endpoint; `everybody` takes its list away
 * @throws Problem 400 for somebody who is not in the directory, 404, 409
 */
export async function setAccessLists(
  store: Store,
  cluster: string,
  lists: Readonly<Record<string, readonly string[] | 'everybody'>>,
): Promise<void> {
  const changed = new Map<string, readonly string[] | undefined>()
  for (const [path, names] of Object.entries(lists)) {
    const admitted: string[] = []
    for (const name of names === 'everybody' ? [] : names) admitted.push(await requireSomebody(store, name))
    changed.set(path, names === 'everybody' ? undefined : admitted)
  }
  await changeConfiguration(store, cluster, undefined, ({ admittedGroups }) => {
    const all = new Map<string, readonly string[] | undefined>([...Object.entries(admittedGroups), ...changed])
    return {
      admittedGroups: Object.fromEntries([...all].flatMap(([path, names]) => (names ? [[path, names] as const] : []))),
    }
  })
}
