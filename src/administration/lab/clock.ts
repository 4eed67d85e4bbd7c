/** The clock of the forest, as an administrator sets it. */
import { timeBy } from '../../lab/clock.js'
import { advanced, parseClockSetting, type ClockSetting } from '../../lab/clock-setting.js'
import { formatInstant } from '../../lab/instant.js'
import { readObject } from '../../lab/json-object.js'
import type { LabOffice } from './ask-server.js'
import { changeLab, type ToldServer } from './change-lab.js'

/** How it is set, and what it says at this moment. */
export type ClockReading = ClockShown & { readonly now: string }

type ClockShown =
  | { readonly mode: 'real' }
  | { readonly mode: 'offset'; readonly by: string }
  | { readonly mode: 'frozen'; readonly at: string }
  | { readonly mode: 'step'; readonly at: string; readonly by: string }

/** What is asked for: durations and instants are ISO 8601. */
export type ClockWanted = ClockShown

export type ClockChange = ClockReading & { readonly nodes: readonly ToldServer[] }

/** @throws DatabaseAway */
export async function readClock(office: LabOffice): Promise<ClockReading> {
  const { clock } = await office.store.lab.read()
  return readingOf(clock, office, await office.store.lab.steps())
}

/** @throws LabInputError, NotEverywhere, DatabaseAway */
export async function putClock(office: LabOffice, wanted: unknown): Promise<ClockChange> {
  return change(office, (_setting, { realNow, steps }) => parseClockSetting(wanted, realNow, steps))
}

/**
 * It is that much later at once: a clock that stands stands there, one that runs runs on from there.
 * @param wanted `{ by }`, a duration
 * @throws LabInputError, NotEverywhere, DatabaseAway
 */
export async function advanceClock(office: LabOffice, wanted: unknown): Promise<ClockChange> {
  const { by } = readObject(wanted, 'What to advance the clock by', ['by'])
  return change(office, (setting, facts) => advanced(setting, by, facts))
}

interface Facts {
  readonly now: Date
  readonly realNow: Date
  readonly steps: number
}

async function change(
  office: LabOffice,
  next: (setting: ClockSetting, facts: Facts) => ClockSetting,
): Promise<ClockChange> {
  const { store, clock } = office
  const { state, nodes } = await changeLab(office, async (before) => {
    const steps = await store.lab.steps()
    const facts = { now: timeBy(before.clock, clock, steps), realNow: clock.now(), steps }
    return { ...before, clock: next(before.clock, facts) }
  })
  return { ...readingOf(state.clock, office, await store.lab.steps()), nodes }
}

function readingOf(setting: ClockSetting, { clock }: LabOffice, steps: number): ClockReading {
  const now = formatInstant(timeBy(setting, clock, steps))
  if (setting.mode !== 'step') return { ...setting, now }
  const { mode, at, by } = setting
  return { mode, at, by, now }
}
