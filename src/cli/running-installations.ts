/** Which installations of this account run on this machine: for commands that were told no address. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { isStatus } from './commands/status.js'
import { Failure } from './failure.js'
import { callManagement } from './management-call.js'
import { keptAddresses } from './management-token.js'
import { usualManage, usualServer } from './usual-addresses.js'

/**
 * @returns management address of the one at the usual port, otherwise of the only one; the usual address when none runs
 * @throws Failure when there are several, and none at the usual port
 */
export async function runningManage(): Promise<string> {
  const kept = keptAddresses()
  if (kept.length === 0 || kept.includes(usualManage)) return usualManage
  const answers = await Promise.all(kept.map(listens))
  const running = [...new Set(kept.filter((_, index) => answers[index] === true))]
  if (running.length > 1)
    throw new Failure(
      `Several installations of this account run, none at ${usualManage}. Say which one: ${running.map((url) => `--manage ${url}`).join(', or ')}`,
      2,
    )
  return running[0] ?? usualManage
}

/**
 * @returns base URL of the root cluster of that installation; the usual address when none is found
 * @throws Failure when there are several
 */
export async function runningServer(): Promise<string> {
  if (keptAddresses().length === 0) return usualServer
  const manage = await runningManage()
  const status = await callManagement({ manage, token: undefined }, { method: 'GET', path: '/status' }).catch(
    () => undefined,
  )
  return isStatus(status) ? (status.clusters[0]?.url ?? usualServer) : usualServer
}

/** One that was killed leaves its token behind. */
async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
