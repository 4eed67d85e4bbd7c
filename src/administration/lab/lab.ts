/** All that is set in the lab, and its end. */
import type { StoredSeed } from '../../cluster/store/random-seed-store.js'
import { activeControls, noLab, type LabState } from '../../lab/state.js'
import type { LabOffice } from './ask-server.js'
import { changeLab, type ToldServer } from './change-lab.js'
import { readClock, type ClockReading } from './clock.js'

export interface LabReading {
  readonly version: number
  /** Each in a few words; nothing when all is as in a product. */
  readonly active: readonly string[]
  readonly clock: ClockReading
  readonly faults: LabState['faults']
  readonly servers: LabState['servers']
  readonly installation: LabState['installation']
  /** What chance follows from; left out for a database that has none yet. */
  readonly seed?: StoredSeed
}

/** @throws DatabaseAway */
export async function readLab(office: LabOffice): Promise<LabReading> {
  const state = await office.store.lab.read()
  const { version, faults, servers, installation } = state
  const [clock, seed] = await Promise.all([readClock(office), office.store.randomSeed.find()])
  const reading = { version, active: activeControls(state), clock, faults, servers, installation }
  return seed === undefined ? reading : { ...reading, seed }
}

/**
 * Everything is as in a product again.
 * @returns what ended, each in a few words
 * @throws NotEverywhere, DatabaseAway
 */
export async function clearLab(
  office: LabOffice,
): Promise<{ readonly ended: readonly string[]; readonly nodes: readonly ToldServer[] }> {
  let ended: readonly string[] = []
  const { nodes } = await changeLab(office, (before) => {
    ended = activeControls(before)
    return { ...noLab, version: before.version }
  })
  return { ended, nodes }
}
