/** One step of a database from one schema version to the next. */
import type { Kysely } from 'kysely'

/**
 * Changes the tables of one version into those of the next one, and what is in them. It knows the tables as they were and as they then are, not those
 * of today: a later version changes those.
 * @param transaction all steps are one; nobody else writes meanwhile
 */
export type Migration = (transaction: Kysely<unknown>) => Promise<void>
