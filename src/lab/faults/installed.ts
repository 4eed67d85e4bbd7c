/** Faults as the state of the lab keeps them: read once for each state. */
import type { JsonObject } from '../json-object.js'
import type { InstalledFault } from './fault.js'

export interface NamedFault extends InstalledFault {
  readonly name: string
}

/** In order of their names. What was put has been read and checked before it was kept, and is as it was then. */
export function readInstalled(faults: Readonly<Record<string, JsonObject>>): readonly NamedFault[] {
  return Object.entries(faults)
    .map(([name, fault]) => ({ ...(fault as unknown as InstalledFault), name }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
