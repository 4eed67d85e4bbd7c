/** The server that a client means that was told none. */
import { isStatus } from './commands/status.js'
import { callManagement } from './management-call.js'
import { keptAddresses } from './management-token.js'
import { runningManage } from './running-installations.js'
import { usualServer } from './usual-addresses.js'

/**
 * @returns base URL of the root cluster of that installation; the usual address when none is found
 * @throws Failure when there are several
 */
export async function runningServer(): Promise<string> {
  return (await runningPlace()).url
}

/** The same, with the name of its forest where that is known. */
export async function runningPlace(): Promise<{ readonly url: string; readonly forest?: string }> {
  if (keptAddresses().length === 0) return { url: usualServer }
  const manage = await runningManage()
  const status = await callManagement({ manage, token: undefined }, { method: 'GET', path: '/status' }).catch(
    () => undefined,
  )
  if (!isStatus(status)) return { url: usualServer }
  return { url: status.clusters[0]?.url ?? usualServer, forest: status.forest }
}
