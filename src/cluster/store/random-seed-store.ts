/** The seed of an installation: a row beside the state of the lab, that no return to a state changes. And how often each act has drawn from it. */
import { countLabRow, readLabRow, removeLabRows, writeLabRow } from './lab-rows.js'
import type { Database } from './schema.js'

export interface StoredSeed {
  readonly seed: string
  /** `everything` follows from it, keys included; or only the chances of faults do, and everything else is as unpredictable as it can be. */
  readonly of: 'everything' | 'faults'
}

export interface RandomSeedStore {
  /** Undefined while there is none: of a database of before, or of one without a lab. */
  find(): Promise<StoredSeed | undefined>
  write(seed: StoredSeed): Promise<void>
  /** One more time of this act, at whatever server. @returns which one it was, from 1: each is given out once */
  take(act: readonly string[]): Promise<number>
  /** All acts begin with their first time again. */
  forgetAll(): Promise<void>
}

const seedRow = 'random-seed'
const prefix = 'draw '

export function randomSeedStore(db: Database): RandomSeedStore {
  return {
    find: () => readLabRow<StoredSeed>(db, seedRow),
    write: (seed) => writeLabRow(db, seedRow, seed),
    take: (act) => countLabRow(db, `${prefix}${JSON.stringify(act)}`),
    forgetAll: () => removeLabRows(db, prefix),
  }
}
