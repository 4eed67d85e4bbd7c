/** What is set for all servers of the lab together, as an administrator sets it. */
import { parseInstallationControls, type InstallationControls } from '../../lab/servers/installation-controls.js'
import type { LabOffice } from './ask-server.js'
import { changeLab, type ToldServer } from './change-lab.js'

/** What is asked for; false or null ends a control. */
export type InstallationWanted = {
  readonly [Control in keyof InstallationControls]?: InstallationControls[Control] | false | null
}

export type InstallationChange = InstallationControls & { readonly nodes: readonly ToldServer[] }

/** @throws DatabaseAway */
export async function readInstallationControls({ store }: LabOffice): Promise<InstallationControls> {
  return (await store.lab.read()).installation
}

/** Sets this, and nothing else. @throws LabInputError, NotEverywhere, DatabaseAway */
export async function putInstallationControls(office: LabOffice, wanted: unknown): Promise<InstallationChange> {
  return set(office, () => wanted)
}

/** Sets this, and lets alone what is not named. @throws LabInputError, NotEverywhere, DatabaseAway */
export async function changeInstallationControls(office: LabOffice, wanted: unknown): Promise<InstallationChange> {
  return set(office, (before) =>
    typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted) ? { ...before, ...wanted } : wanted,
  )
}

/** @throws NotEverywhere, DatabaseAway */
export async function clearInstallationControls(office: LabOffice): Promise<InstallationChange> {
  return set(office, () => ({}))
}

async function set(office: LabOffice, wanted: (before: InstallationControls) => unknown): Promise<InstallationChange> {
  const { state, nodes } = await changeLab(office, (before) => ({
    ...before,
    installation: parseInstallationControls(wanted(before.installation)),
  }))
  return { ...state.installation, nodes }
}
