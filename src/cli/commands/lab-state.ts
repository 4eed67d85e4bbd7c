/** `lab state-hash` and `lab reset`: the state of a running installation, and the way back to that of its start. */
import type { Returned } from '../../administration/lab/return-to.js'
import type { StateHash } from '../../administration/lab/state.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput } from '../output.js'

type StateSettings = ManagementSettings & { readonly json: boolean }

export async function showStateHash(settings: StateSettings): Promise<void> {
  const found = (await callManagement(settings, { method: 'GET', path: '/lab/state-hash' })) as StateHash
  createOutput(settings.json).result(found, found.hash)
}

export async function resetLab(settings: StateSettings): Promise<void> {
  const returned = (await callManagement(settings, { method: 'POST', path: '/lab/reset' })) as Returned
  const text = `Everything is as at the start ${atServers(returned)}. The journal begins anew.`
  createOutput(settings.json).words({ event: 'reset', ...returned }, text)
}

export function atServers({ nodes }: Returned): string {
  return nodes.length === 1 ? 'at 1 server' : `at all ${nodes.length} servers`
}
