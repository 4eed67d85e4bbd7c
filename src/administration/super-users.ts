/** Super users of a cluster: a group whose members get full access to everything it can license (adrms-deployment 3.6). */
import type { ServerConfiguration } from '../cluster/configuration.js'
import type { Store } from '../cluster/store/open.js'
import { plainAddress } from '../mail-address.js'
import { changeConfiguration } from './change-configuration.js'
import { problem } from './problem.js'

export interface SuperUsers {
  readonly enabled: boolean
  /** Its mail address; the one that is set stays when left out. */
  readonly group?: string | null | undefined
}

/** @throws Problem 400 for a group that the directory does not have, or none; 404, 409, 412 */
export async function setSuperUsers(
  store: Store,
  cluster: string,
  { enabled, group }: SuperUsers,
  ifMatch?: string,
): Promise<ServerConfiguration> {
  const wanted = typeof group === 'string' ? plainAddress(group) : group
  if (typeof wanted === 'string' && (await store.directory.groupByMail(wanted)) === undefined)
    problem(400, `The directory has no group with the mail address ${wanted}: create it first`)
  return changeConfiguration(store, cluster, ifMatch, (stored) => {
    const superUserGroup = wanted === undefined ? stored.superUserGroup : wanted
    if (enabled && superUserGroup === null) problem(400, 'Super users need a group: give its mail address')
    return { superUserEnabled: enabled, superUserGroup }
  })
}
