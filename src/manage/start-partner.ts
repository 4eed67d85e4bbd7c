/** The installation of another forest that one gets to know when it is started. */
import { requireOtherName } from '../administration/forest-partners.js'
import { askPartner, meetPartner, type PartnerPlace } from '../administration/meet-partner.js'
import { usualForestName } from '../directory/forest.js'
import { untilAllApplied } from '../installation/applied.js'
import type { InstallationOptions } from '../installation/installation-options.js'
import type { ManagementApi } from './api/management-api.js'

/**
 * What cannot be a partner is told before anything is made. The name of its own forest may be known to a folder, a database or a seed file only.
 * @throws Problem 400, 409, 503
 */
export async function requirePartnerOf(options: InstallationOptions): Promise<void> {
  const place = placeOf(options)
  if (place === undefined) return
  const { forest } = await askPartner(place)
  const { data, database, seedFile } = options
  const isUsual = data === undefined && database === undefined && seedFile === undefined
  const own = options.forest ?? (isUsual ? usualForestName : undefined)
  if (own !== undefined) requireOtherName(forest, own)
}

/**
 * When servers serve. Each of them knows the partner when it resolves.
 * @throws Problem 400, 409, 503; DatabaseAway
 */
export async function meetPartnerOf(options: InstallationOptions, api: ManagementApi): Promise<void> {
  const place = placeOf(options)
  if (place === undefined) return
  await meetPartner(api, place)
  await untilAllApplied(api)
}

function placeOf({ forestOf }: InstallationOptions): PartnerPlace | undefined {
  return typeof forestOf === 'string' ? { url: forestOf } : forestOf
}
