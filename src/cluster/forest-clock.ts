/** What time it is in the forest, for who asks the database anew each time: management, and whoever makes a cluster. */
import type { Clock } from '../effects.js'
import { timeBy } from '../lab/clock.js'
import type { LabStore } from './store/lab-store.js'

/**
 * The clock of the forest as it is set now.
 * @param machine the real one
 * @throws DatabaseAway, LabInputError
 */
export async function forestClock(lab: Pick<LabStore, 'read' | 'steps'>, machine: Clock): Promise<Clock> {
  const { clock: setting } = await lab.read()
  if (setting.mode === 'real') return machine
  const steps = setting.mode === 'step' ? await lab.steps() : 0
  return { now: () => timeBy(setting, machine, steps), monotonic: () => machine.monotonic() }
}
