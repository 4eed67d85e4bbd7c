/** How people find out more than a client is told: the journal of the installation that refused has it. */
import { commandLine, shellWord } from '../command-line.js'
import { processEnvironment } from '../config/environment.js'
import { loadSettings } from '../config/load.js'
import { answerWithin } from '../effects.js'
import { scopedPath } from '../http/scoped-path.js'
import type { InstallationStatus } from '../installation/status.js'
import { isStatus } from './commands/status.js'
import type { Ended } from './failure.js'
import { callManagement, type ManagementSettings } from './management-call.js'
import { keptAddresses } from './management-token.js'

/** Milliseconds. It is a hint: nobody waits for it. */
const longestWait = 2000

/** @returns undefined for a server that says nothing of itself */
export async function wayToTheReason({ ending, url }: Ended): Promise<string | undefined> {
  const { requestId, server } = ending
  if (requestId === undefined || server === undefined || url === undefined) return undefined
  const scope = scopedPath(new URL(url).pathname)?.name
  const where = scope === undefined ? '' : ` --scope ${shellWord(scope)}`
  return `Its reason:  ${commandLine(`lab journal ${shellWord(`${server}.${requestId}`)}${await placeOf(url)}${where}`)}`
}

/** What a command has to be told to ask the installation that the server is of; with URL, for people to fill in, where none here has it. */
async function placeOf(url: string): Promise<string> {
  if (await isFoundUntold(url)) return ''
  for (const kept of keptAddresses())
    if (await has({ manage: kept, token: undefined }, url)) return ` --manage ${shellWord(kept)}`
  return ' --manage URL'
}

/** By the next command, in the environment of this one. */
async function isFoundUntold(url: string): Promise<boolean> {
  try {
    return await has(loadSettings('status', { flags: {}, environment: processEnvironment() }).settings, url)
  } catch {
    // What stands in the environment is for other commands, and wrong.
    return false
  }
}

async function has(settings: ManagementSettings, url: string): Promise<boolean> {
  const call = { method: 'GET', path: '/status', signal: answerWithin(longestWait) } as const
  const status = await callManagement(settings, call).catch(() => undefined)
  return isStatus(status) && originsOf(status).includes(new URL(url).origin)
}

function originsOf({ clusters }: InstallationStatus): readonly string[] {
  return clusters
    .flatMap((cluster) => [cluster.url, cluster.extranetUrl ?? [], cluster.nodes.map((node) => node.url)].flat())
    .flatMap((address) => (URL.canParse(address) ? [new URL(address).origin] : []))
}
