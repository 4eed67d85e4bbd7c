/** `lab state-hash` and `lab reset`: the state of a running installation, and the way back to that of its start. */
import type { StateHash } from '../../administration/lab/state.js'
import { callManagement, type ManagementSettings } from '../management-call.js'
import { createOutput } from '../output.js'

type StateSettings = ManagementSettings & { readonly json: boolean }

export async function showStateHash(settings: StateSettings): Promise<void> {
  const found = (await callManagement(settings, { method: 'GET', path: '/lab/state-hash' })) as StateHash
  createOutput(settings.json).result(found, found.hash)
}
