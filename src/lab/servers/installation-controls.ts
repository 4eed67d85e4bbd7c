/** What is set for all servers of the lab together: what they share is away, or full. */
import { readObject } from '../json-object.js'
import { isUnset, readSwitch } from './controls.js'

/** Nothing in it: all is as in a product. */
export interface InstallationControls {
  /** No server reaches the database. Management does. */
  readonly databaseAway?: true
  /** No server can keep what its request log has to say, so that none can answer. */
  readonly logQueueFull?: true
}

export type InstallationControl = keyof InstallationControls

export const installationControls = ['databaseAway', 'logQueueFull'] as const satisfies readonly InstallationControl[]

/**
 * What somebody asks for; a member that is false or null is as if it were not there.
 * @throws LabInputError
 */
export function parseInstallationControls(value: unknown): InstallationControls {
  const given = readObject(value, 'What is set for the installation', installationControls)
  const set = installationControls.filter((name) => !isUnset(given[name]))
  return Object.fromEntries(set.map((name) => [name, readSwitch(given[name], name)]))
}

export const installationWords: Readonly<Record<InstallationControl, string>> = {
  databaseAway: 'database away',
  logQueueFull: 'log queue full',
}
