/** What is set in the lab for servers ends with the installation that it was set in: a paused one could never start again, and nobody could end it. */
import type { Logger } from 'pino'
import type { LabStore } from '../cluster/store/lab-store.js'
import { LabInputError } from '../lab/input-error.js'
import { activeControls, type LabState } from '../lab/state.js'

/**
 * To be called before a server runs. Clock and faults stay as they are.
 * @param first called before anything is changed
 * @throws DatabaseAway, and what `first` throws
 */
export async function beginWithWholeServers(
  lab: LabStore,
  log: Logger,
  first: () => Promise<void> = async () => undefined,
): Promise<void> {
  for (;;) {
    const before = await readable(lab)
    if (before === undefined || !isAnyServerTouched(before)) return
    await first()
    const whole: LabState = { ...before, servers: {}, installation: {} }
    const ended = activeControls(before).filter((control) => !activeControls(whole).includes(control))
    if ((await lab.save(whole)) === undefined) continue
    log.info({ ended }, 'what was set in the lab for servers has ended with the last stop')
    return
  }
}

function isAnyServerTouched({ servers, installation }: LabState): boolean {
  return Object.keys(servers).length > 0 || Object.keys(installation).length > 0
}

/** What cannot be read is set nowhere: each server says so itself. */
async function readable(lab: LabStore): Promise<LabState | undefined> {
  try {
    return await lab.read()
  } catch (error) {
    if (error instanceof LabInputError) return undefined
    throw error
  }
}

/** A server that was removed is no longer spoken of. @throws DatabaseAway */
export async function forgetServer(lab: LabStore, id: string): Promise<void> {
  for (;;) {
    const before = await readable(lab)
    if (before === undefined || !(id in before.servers)) return
    const { [id]: _removed, ...servers } = before.servers
    if ((await lab.save({ ...before, servers })) !== undefined) return
  }
}
