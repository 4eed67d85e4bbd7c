/** What is set in the lab, as it can be kept and set again at another time: nothing in it is counted from a point of its own history. */
import type { Clock } from '../effects.js'
import { timeBy } from './clock.js'
import type { ClockSetting } from './clock-setting.js'
import { formatInstant } from './instant.js'
import type { JsonObject } from './json-object.js'
import { parseLabState, stateText, type LabState } from './state.js'

/** A state with version 0; its faults count from 0, its clock from the first step. */
export type SuspendedLab = Omit<LabState, 'version'>

/** @param steps that the installation has gone: a clock that steps is kept where it stands */
export function suspended(state: LabState, steps: number): SuspendedLab {
  const { version: _version, clock, faults, ...others } = state
  return { ...others, clock: clockAt(clock, steps), faults: since(faults, 0) }
}

/**
 * The state to be saved in the place of the present one.
 * @param present its version, and the steps that were gone: neither ever goes back
 */
export function resumed(
  { clock, faults, ...others }: SuspendedLab,
  { version, steps }: { readonly version: number; readonly steps: number },
): LabState {
  return {
    ...others,
    version,
    clock: clock.mode === 'step' ? { ...clock, from: steps } : clock,
    faults: since(faults, version + 1),
  }
}

/** @throws LabInputError */
export function parseSuspended(value: unknown): SuspendedLab {
  return suspended(parseLabState(JSON.stringify(value), 0), 0)
}

/** As a value for JSON. */
export function suspendedJson(lab: SuspendedLab): JsonObject {
  return JSON.parse(stateText({ ...lab, version: 0 })) as JsonObject
}

function clockAt(clock: ClockSetting, steps: number): ClockSetting {
  if (clock.mode !== 'step') return clock
  return { ...clock, at: formatInstant(timeBy(clock, standing, steps)), from: 0 }
}

/** A clock that steps does not look at the machine's. */
const standing: Clock = { now: () => new Date(0), monotonic: () => 0 }

/** A fault that is set anew counts from nothing. */
function since(faults: LabState['faults'], version: number): LabState['faults'] {
  return Object.fromEntries(Object.entries(faults).map(([name, fault]) => [name, { ...fault, since: version }]))
}
