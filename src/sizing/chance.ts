/** Chance that can be repeated: the same seed gives the same numbers on every machine. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** The next number from 0 (included) to 1 (excluded), all of them equally likely. */
export type Chance = () => number

/** The first numbers of neighboring seeds are alike, and near 1: a schedule would begin with the same long gap. */
const passedOver = 20

export function seededChance(seed: number): Chance {
  const generator = xoroshiro128plus(seed)
  for (let draw = 0; draw < passedOver; draw++) uniformFloat64(generator)
  return () => uniformFloat64(generator)
}

/** A number that is exponentially distributed around the mean: times between independent events. */
export function exponential(chance: Chance, mean: number): number {
  return -mean * Math.log1p(-chance())
}
