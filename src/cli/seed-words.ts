/** What people are told of the seed of an installation. */
import type { StoredSeed } from '../cluster/store/random-seed-store.js'

export function seedInWords({ seed, of }: StoredSeed): string {
  return of === 'everything'
    ? `${seed}: everything follows from it, all keys too; whoever knows it knows them`
    : `${seed}, drawn for what faults leave to chance (--seed ${seed}: everything follows from it)`
}
