/** The seed of an installation: given when it is made, and its own for as long as it is there. */
import { randomSeed } from '../../crypto/seeded-random.js'
import type { Random } from '../../effects.js'
import type { ClusterStore } from '../../cluster/store/cluster-store.js'
import type { RandomSeedStore, StoredSeed } from '../../cluster/store/random-seed-store.js'
import { Problem } from '../problem.js'

/** The installation that is kept was made otherwise than is asked for now. */
export class OtherSeed extends Problem {
  constructor(message: string) {
    super(409, message)
  }
}

interface SeedHolder {
  readonly randomSeed: RandomSeedStore
  readonly clusters: Pick<ClusterStore, 'list'>
}

/**
 * Before clusters are made. Without a seed, one is drawn for what faults leave to chance, and everything else stays unpredictable.
 * @param given its text
 * @throws OtherSeed, DatabaseAway
 */
export async function beginRandomSeed(
  { randomSeed: seeds, clusters }: SeedHolder,
  given: string | undefined,
  random: Random,
): Promise<void> {
  const isNew = (await clusters.list()).length === 0
  const kept = await seeds.find()
  if (!isNew && given !== undefined) requireSame(kept, given)
  if (isNew && given !== undefined) await seeds.write({ seed: given, of: 'everything' })
  else if (isNew || kept === undefined) await seeds.write({ seed: String(drawSeed(random)), of: 'faults' })
}

function requireSame(kept: StoredSeed | undefined, given: string): void {
  if (kept?.of === 'everything' && kept.seed === given) return
  const how =
    kept?.of === 'everything' ? `from the seed ${kept.seed}` : 'without a seed, so that its keys follow from none'
  throw new OtherSeed(
    `This installation was made ${how}, and ${given} is for a new one: leave the seed out to go on with what there is, or begin anew with another data folder or database`,
  )
}

/** The seed of a fault that was put without one: the same for the same name. */
export async function seedOfFault(seeds: RandomSeedStore, name: string, random: Random): Promise<number> {
  const stored = await seeds.find()
  return drawSeed(stored === undefined ? random : randomSeed(stored.seed).stream('fault', name))
}

function drawSeed(random: Random): number {
  return random.bytes(4).readUInt32BE()
}
