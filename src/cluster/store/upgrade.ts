/** A database that an earlier program made becomes one of this program: in one transaction, after a copy (SQLite) or when told to (PostgreSQL). */
import type { Transaction } from 'kysely'
import type { Clock } from '../../effects.js'
import { DatabaseRefused } from './database-away.js'
import { lockOthersOut } from './exclusive.js'
import { migrations as allMigrations, type Migrations } from './migrations.js'
import type { Migration } from './migrations/migration.js'
import { readSchemaVersion, schemaVersion, storedVersion, type Database, type Tables } from './schema.js'

export interface Upgraded {
  readonly from: number
  readonly to: number
  /** Path of the copy of the database as it was; undefined for PostgreSQL. */
  readonly copy?: string
}

/** For the log, and for people. */
export function upgradedText({ from, to, copy }: Upgraded): string {
  const before = copy === undefined ? '' : `; as it was it is in ${copy}`
  return `the database was upgraded from schema version ${from} to ${to}${before}`
}

export interface UpgradeOptions {
  readonly clock: Clock
  /** Makes a copy of the database as it is. @returns its path @throws DatabaseRefused, and nothing is changed */
  readonly copy?: (version: number) => Promise<string>
  readonly migrations?: Migrations
}

/** An earlier program made the database, and nobody said that it may be upgraded. */
export class MigrationNeeded extends Error {
  override readonly name = 'MigrationNeeded'
  constructor(found: number) {
    super(
      `The database has schema version ${found}, this program needs ${schemaVersion} and can upgrade it. Stop all nodes and management of the earlier ` +
        'program, take a dump of the database (pg_dump) to return to, and start again with --migrate',
    )
  }
}

/** @returns its version when that is an earlier one that can become ours; undefined when it is empty, ours, or of another program */
export async function upgradableVersion(db: Database): Promise<number | undefined> {
  const version = numberOf(await readSchemaVersion(db))
  return stepsFrom(version, allMigrations) === undefined ? undefined : version
}

/**
 * Any number of processes may do so at once: one upgrades, the others wait for it.
 * @param db a connection without the usual limits of time
 * @returns undefined when there is nothing to be done (any more)
 * @throws DatabaseRefused when a node of the earlier program uses it, or there is no room for the copy; what `copy` throws; nothing is changed then
 */
export async function upgrade(
  db: Database,
  { clock, copy, migrations = allMigrations }: UpgradeOptions,
): Promise<Upgraded | undefined> {
  return db.transaction().execute(async (transaction) => {
    await lockOthersOut(transaction)
    const from = numberOf(await storedVersion(transaction))
    const steps = stepsFrom(from, migrations)
    if (steps === undefined) return undefined
    await requireNobody(transaction, from, clock)
    const path = await copy?.(from)
    for (const step of steps) await step(transaction as Transaction<unknown>)
    const to = from + steps.length
    await transaction
      .updateTable('meta')
      .set({ value: String(to) })
      .where('key', '=', 'schema_version')
      .execute()
    return { from, to, ...(path === undefined ? {} : { copy: path }) }
  })
}

/** NaN for what no program of ours wrote. */
function numberOf(version: string | undefined): number {
  return /^\d{1,6}$/.test(version ?? '') ? Number(version) : NaN
}

/** @returns undefined when no steps lead from there to this program's version, or none are needed */
function stepsFrom(version: number, migrations: Migrations): readonly Migration[] | undefined {
  const steps: Migration[] = []
  for (let at = version; at < schemaVersion; at++) {
    const step = migrations.get(at)
    if (step === undefined) return undefined
    steps.push(step)
  }
  return steps.length === 0 ? undefined : steps
}

/** Milliseconds after which a node that says nothing counts as gone. */
const longestSilence = 60_000

/** A node of the earlier program would go on writing what it knows. The table of members has been the same in all versions. */
async function requireNobody(transaction: Transaction<Tables>, version: number, clock: Clock): Promise<void> {
  const since = new Date(clock.now().getTime() - longestSilence).toISOString()
  const living = await transaction
    .selectFrom('member')
    .select(['node_id', 'url'])
    .where('last_seen', '>=', since)
    .orderBy('node_id')
    .execute()
  if (living.length === 0) return
  throw new DatabaseRefused(
    `The database has schema version ${version} and cannot be upgraded to ${schemaVersion} while nodes of the earlier program use it: ` +
      `${living.map(({ node_id: id, url }) => `${id} at ${url}`).join(', ')}. Stop them and start again; one that was killed is known to be gone after a minute`,
  )
}
