/** Which seed file the installation was made from: a row beside the state of the lab. */
import { readLabRow, writeLabRow } from './lab-rows.js'
import type { Database } from './schema.js'

export interface SeedMark {
  /** Of what the file says. */
  readonly fingerprint: string
  /** Name of the file, for people. */
  readonly name: string
  /** ISO 8601. */
  readonly since: string
  /** Whether all of it was applied. */
  readonly isDone: boolean
}

export interface SeedMarkStore {
  /** Undefined where there was none. */
  read(): Promise<SeedMark | undefined>
  write(mark: SeedMark): Promise<void>
}

const row = 'seed-file'

export function seedMarkStore(db: Database): SeedMarkStore {
  return {
    read: () => readLabRow<SeedMark>(db, row),
    write: (mark) => writeLabRow(db, row, mark),
  }
}
