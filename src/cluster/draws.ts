/**
 * What an installation draws from. With a seed, all that a client can see follows from it: what a thing is made of follows from the name of the thing, and
 * what is made again and again from which time it was, counted over all servers. So neither the number of servers nor their timing matters.
 */
import { randomSeed } from '../crypto/seeded-random.js'
import type { Random } from '../effects.js'
import { DatabaseAway } from './store/database-away.js'
import type { RandomSeedStore } from './store/random-seed-store.js'

export interface Draws {
  /** Whether everything follows from a seed. */
  readonly isSeeded: boolean
  /** For a thing that there is once, by its name. */
  readonly of: (...thing: readonly string[]) => Random
  /** For what is done again and again, such as a request: its own each time. */
  readonly next: (...act: readonly string[]) => Promise<Random>
}

/** Unpredictable ones. */
export function drawsFrom(random: Random): Draws {
  return { isSeeded: false, of: () => random, next: async () => random }
}

export interface DrawsOptions {
  readonly random: Random
  /** Hears when a time could not be counted: what was drawn then cannot be repeated. */
  readonly onUncounted?: ((error: DatabaseAway) => void) | undefined
}

/**
 * As the installation was made.
 * @throws DatabaseAway
 */
export async function drawsOf(store: RandomSeedStore, { random, onUncounted }: DrawsOptions): Promise<Draws> {
  const stored = await store.find()
  if (stored?.of !== 'everything') return drawsFrom(random)
  const seed = randomSeed(stored.seed)
  return {
    isSeeded: true,
    of: (...thing) => seed.stream('thing', ...thing),
    next: async (...act) => {
      try {
        return seed.stream('act', ...act, await store.take(act))
      } catch (error) {
        if (!(error instanceof DatabaseAway)) throw error
        onUncounted?.(error)
        return random
      }
    },
  }
}
