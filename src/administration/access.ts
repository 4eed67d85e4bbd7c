/** Names on access lists (adrms-deployment 3.1). */
import type { Store } from '../cluster/store/open.js'
import { anonymousName } from '../identity/access.js'
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
