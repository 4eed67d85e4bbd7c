/** What was done to the tables from one schema version to the next: by the version that each begins with. */
import { addKeptDocuments } from './migrations/kept-documents.js'
import { addLabState } from './migrations/lab-state.js'
import { changeRequestLogFields } from './migrations/request-log-fields.js'
import type { Migration } from './migrations/migration.js'

export type Migrations = ReadonlyMap<number, Migration>

/** Of each earlier version a database is kept in test/fixtures/databases. */
export const migrations: Migrations = new Map([
  [3, addLabState],
  [4, changeRequestLogFields],
  [5, addKeptDocuments],
])
