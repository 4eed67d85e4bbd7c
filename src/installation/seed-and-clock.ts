/** Seed and clock that an installation begins with: judged before anything is made, and set before there is any cluster. */
import { putClock, type ClockWanted } from '../administration/lab/clock.js'
import { labOffice } from '../administration/lab/ask-server.js'
import { beginRandomSeed } from '../administration/lab/random-seed.js'
import { readByAll } from '../administration/seed-file/apply.js'
import type { Store } from '../cluster/store/open.js'
import { OptionRefused } from '../config/given-options.js'
import { systemEffects } from '../effects.js'
import { clockOfWord, parseClockSetting } from '../lab/clock-setting.js'
import { LabInputError } from '../lab/input-error.js'

export interface SeedAndClock {
  /** Undefined: one is drawn, for what faults leave to chance alone. */
  readonly seed: string | undefined
  /** Undefined: as it is. */
  readonly clock: ClockWanted | undefined
}

/** @throws OtherSeed, DatabaseAway */
export async function beginSeedAndClock(
  store: Store,
  { seed, clock }: SeedAndClock,
  keyPassword: string,
): Promise<void> {
  await beginRandomSeed(store, seed, systemEffects.random)
  if (clock === undefined) return
  const office = labOffice({ store, keyPassword, ca: undefined, ...systemEffects })
  await readByAll(() => putClock(office, clock))
}

const words =
  '. It takes an instant, at which it stands; a duration such as P30D, by which it is off; 2026-01-01T00:00:00Z/PT1S, to go on with each request; or real'

/**
 * @param clock as people give it: in a word, or as `PUT /lab/clock` takes it
 * @throws OptionRefused
 */
export function judgedClock(clock: string | ClockWanted): ClockWanted {
  try {
    const wanted = typeof clock === 'string' ? clockOfWord(clock) : clock
    parseClockSetting(wanted, systemEffects.clock.now(), 0)
    return wanted
  } catch (error) {
    if (!(error instanceof LabInputError)) throw error
    throw new OptionRefused(
      `The clock (--clock, or the option clock) cannot be set so. ${error.message}${typeof clock === 'string' ? words : ''}`,
    )
  }
}
