/**
 * The state of an installation as rows: all that a client could notice, and nothing of who serves, what was asked, or how often something was changed.
 * Read at one moment, and put back in one transaction.
 */
import { sql } from 'kysely'
import type { LabState } from '../../lab/state.js'
import { resumed, suspended, type SuspendedLab } from '../../lab/suspended.js'
import { configurationText, nextVersion, type ServerConfiguration } from '../configuration.js'
import { parseConfiguration } from '../configuration-checks.js'
import { raiseDirectoryVersion } from './directory-version.js'
import { inChunks } from './directory-rows.js'
import { bringHome, isPostgres, lockOthersOut } from './exclusive.js'
import { faultCounts, type FaultCounts } from './fault-counts.js'
import { labStore, type LabStore } from './lab-store.js'
import { randomSeedStore } from './random-seed-store.js'
import { columns, primaryKeys, type Database, type Tables } from './schema.js'

/** Tables that are kept as they stand. Times in them are those of the forest. */
export const plainTables = [
  'forest',
  'account',
  'account_address',
  'sid_history',
  'directory_group',
  'group_member',
  'account_key',
  'template',
] as const satisfies readonly (keyof Tables)[]

export type PlainTable = (typeof plainTables)[number]

/** A cluster without its versions. */
export interface ClusterState extends Omit<Tables['cluster'], 'configuration' | 'configuration_version'> {
  /** Its configurationVersion is 0. */
  readonly configuration: ServerConfiguration
}

/**
 * In it: the forest with its service connection point; accounts with their passwords, addresses and former SIDs; groups and who is in them; clusters with
 * their keys and everything in their configuration (trust, exclusion, super users, access, URLs, applications …); templates; key pairs of accounts; what is
 * set in the lab. Not in it: request log, journal, members and when they were seen last, all versions, counts of faults, authorization codes, and the key
 * that access tokens are signed with, which is as the key of a cluster.
 */
export interface StateRows {
  readonly tables: { readonly [Table in PlainTable]: readonly Tables[Table][] }
  /** In order of name. */
  readonly clusters: readonly ClusterState[]
  readonly lab: SuspendedLab
}

/** What is looked at of a state that is replaced, however large it has become. */
export type PresentState = Pick<StateRows, 'clusters' | 'lab'>

export interface StateStore {
  /** @throws TooManyRows */
  read(): Promise<StateRows>
  /**
   * Puts a state in the place of the present one. Versions go on from the present ones, so that every node loads it; authorization codes that are out, and
   * members of clusters that are not in it, are gone. What is drawn from a seed begins anew.
   * @param next from the present state; what it throws leaves everything as it was
   * @returns what is set in the lab now
   */
  replace(next: (present: PresentState) => StateRows | Promise<StateRows>): Promise<LabState>
}

/** Rows of all tables together: they are held in memory, and written as one text. */
export const mostRows = 200_000

export class TooManyRows extends Error {
  override readonly name = 'TooManyRows'
  constructor(rows: number) {
    super(
      `The installation has ${rows} rows of accounts, addresses, groups, memberships, keys and templates: at most ${mostRows} are kept as a state to return to`,
    )
  }
}

export function stateStore(db: Database): StateStore {
  return {
    read: () => {
      const transaction = db.transaction()
      // On SQLite every transaction has that.
      return (isPostgres(db) ? transaction.setIsolationLevel('repeatable read') : transaction).execute(readRows)
    },
    replace: async (next) => {
      const lab = await againAfterCollision(() => db.transaction().execute((at) => replaceRows(at, next)))
      await bringHome(db)
      return lab
    },
  }
}

async function replaceRows(db: Database, next: Parameters<StateStore['replace']>[0]): Promise<LabState> {
  await lockOthersOut(db)
  await lockIssuing(db)
  const { clusters, tables, lab } = await next(await readPresent(db))
  await writeClusters(db, clusters)
  for (const table of plainTables) await writeTable(db, table, tables[table])
  await db.deleteFrom('authorization_code').execute()
  await raiseDirectoryVersion(db)
  await randomSeedStore(db).forgetAll()
  return writeLab(lab, labStore(db), faultCounts(db))
}

/** A key pair or template that comes while all of them are replaced would stay. SQLite has one writer at a time. */
async function lockIssuing(db: Database): Promise<void> {
  if (!isPostgres(db)) return
  await db.selectFrom('cluster').select('name').orderBy('name').forUpdate().execute()
  await sql`lock table account_key, template in share row exclusive mode`.execute(db)
}

/** Of PostgreSQL: a deadlock, and a row that somebody else made meanwhile. The transaction was undone. */
const collisions: readonly unknown[] = ['40P01', '23505']
const mostTries = 5

/** Whoever changes forest and clusters at the same moment may wait for us while we wait for them. */
async function againAfterCollision<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === mostTries || !isCollision(error)) throw error
    }
  }
}

/** Also where it was told as a database that is away for a moment. */
function isCollision(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return collisions.includes((error as { readonly code?: unknown }).code) || isCollision(error.cause)
}

async function readRows(db: Database): Promise<StateRows> {
  await requireFew(db)
  const tables: Partial<Record<PlainTable, readonly object[]>> = {}
  for (const table of plainTables) tables[table] = await readTable(db, table)
  return { tables: tables as StateRows['tables'], ...(await readPresent(db)) }
}

async function readPresent(db: Database): Promise<PresentState> {
  const labs = labStore(db)
  const clusters = await db.selectFrom('cluster').selectAll().orderBy('name').execute()
  return {
    clusters: clusters.map(({ configuration, configuration_version: _version, ...row }) => ({
      ...row,
      configuration: { ...parseConfiguration(configuration), configurationVersion: 0 },
    })),
    lab: suspended(await labs.read(), await labs.steps()),
  }
}

async function requireFew(db: Database): Promise<void> {
  let rows = 0
  for (const table of plainTables) {
    const { count } = await db
      .selectFrom(table)
      .select((expression) => expression.fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    rows += Number(count)
  }
  if (rows > mostRows) throw new TooManyRows(rows)
}

/** In the order of the primary key, columns in that of the schema: the same rows are the same text in both databases. */
async function readTable(db: Database, table: PlainTable): Promise<readonly object[]> {
  let query = db.selectFrom(table as 'account').select(columnsOf(table) as never)
  for (const column of primaryKeys[table]) query = query.orderBy(column as 'sid')
  return query.execute()
}

export function columnsOf(table: PlainTable): readonly string[] {
  return Object.keys(columns[table])
}

async function writeTable(db: Database, table: PlainTable, rows: readonly object[]): Promise<void> {
  await db.deleteFrom(table).execute()
  await inChunks(rows, async (chunk) => {
    await db
      .insertInto(table as 'account')
      .values(chunk as Tables['account'][])
      .execute()
    return []
  })
}

/** Those that stay are changed, not removed and made: somebody who waits for such a row with a change of his own goes on. */
async function writeClusters(db: Database, clusters: readonly ClusterState[]): Promise<void> {
  const before = await db.selectFrom('cluster').select(['name', 'configuration_version']).orderBy('name').execute()
  for (const { name } of before.filter((row) => !clusters.some((cluster) => cluster.name === row.name))) {
    await db.deleteFrom('cluster').where('name', '=', name).execute()
    await db.deleteFrom('member').where('cluster', '=', name).execute()
  }
  for (const { configuration, ...row } of clusters) {
    const known = before.find(({ name }) => name === row.name)
    const configurationVersion = nextVersion(known?.configuration_version ?? 0)
    const content = {
      ...row,
      configuration: configurationText({ ...configuration, configurationVersion }),
      configuration_version: configurationVersion,
    }
    if (known === undefined) await db.insertInto('cluster').values(content).execute()
    else await db.updateTable('cluster').set(content).where('name', '=', row.name).execute()
  }
}

/** Faults count from nothing, and a clock that steps goes on from where it stood. */
async function writeLab(wanted: SuspendedLab, labs: LabStore, counts: FaultCounts): Promise<LabState> {
  for (;;) {
    const { version } = await labs.read()
    const state = await labs.save(resumed(wanted, { version, steps: await labs.steps() }))
    if (state === undefined) continue
    await counts.forgetAll()
    return state
  }
}
