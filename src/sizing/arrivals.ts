/** When requests come, whatever became of those before them: the schedule of an open loop. */
import { exponential, type Chance } from './chance.js'
import { timeOfArrival, type LoadShape } from './load-shape.js'

export const arrivalKinds = ['poisson', 'even'] as const
/** Independent people, or a metronome. */
export type ArrivalKind = (typeof arrivalKinds)[number]

/** Seconds from the start, ascending; one at a time, so that a long run costs no memory. */
export function* arrivalTimes(shape: LoadShape, kind: ArrivalKind, chance: Chance): Generator<number, void, undefined> {
  // A Poisson process of any rate is one of rate 1 on a clock that runs as fast as arrivals are expected.
  for (
    let expected = kind === 'even' ? 0.5 : exponential(chance, 1);
    ;
    expected += kind === 'even' ? 1 : exponential(chance, 1)
  ) {
    const time = timeOfArrival(shape, expected)
    if (time === undefined) return
    yield time
  }
}
