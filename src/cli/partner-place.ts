/** The installation that --forest-of names: where its management is, and its token. */
import type { PartnerPlace } from '../administration/meet-partner.js'
import type { Settings } from '../config/options.js'
import { isStatus } from './commands/status.js'
import { Failure } from './failure.js'
import { callManagement } from './management-call.js'
import { findToken, keptAddresses } from './management-token.js'
import { scopedPath } from '../http/scoped-path.js'

/** @throws Failure for a token without an installation, and for a cluster of nobody who runs here */
export async function partnerPlace({
  forestOf,
  partnerToken,
}: Pick<Settings<'up'>, 'forestOf' | 'partnerToken'>): Promise<PartnerPlace | undefined> {
  if (forestOf === undefined) {
    if (partnerToken === undefined) return undefined
    throw new Failure('--partner-token is for the installation of another forest: give --forest-of URL too', 2)
  }
  const { pathname } = new URL(forestOf)
  const scoped = scopedPath(pathname)
  const isOfCluster = /^\/_wmcs(?:\/|$)/i.test(scoped?.rest ?? pathname)
  const scopePath = scoped === undefined ? '' : `/f/${scoped.name}`
  const url = isOfCluster ? `${await managementOf(forestOf)}${scopePath}` : forestOf
  return { url, token: partnerToken ?? findToken(url) }
}

/** @param address of a cluster, of an installation or a scope of it @returns that of the installation */
async function managementOf(address: string): Promise<string> {
  for (const manage of keptAddresses()) {
    const status = await callManagement({ manage, token: undefined }, { method: 'GET', path: '/status' }).catch(
      () => undefined,
    )
    const isOurs = (url: string | undefined): boolean => url !== undefined && sameOrigin(url, address)
    if (isStatus(status) && status.clusters.some(({ url, extranetUrl }) => isOurs(url) || isOurs(extranetUrl)))
      return manage
  }
  throw new Failure(
    `${address} is the address of a cluster, and of no installation that this account runs on this machine: name its management address, such as http://127.0.0.1:7080`,
    2,
  )
}

function sameOrigin(one: string, other: string): boolean {
  return new URL(one).origin === new URL(other).origin
}
