/** Which installations of this account run on this machine: for commands that were told no address. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Failure } from './failure.js'
import { keptAddresses } from './management-token.js'
import { usualManage } from './usual-addresses.js'

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
