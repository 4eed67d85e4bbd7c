/** Opens the one database that the nodes of an installation share. */
import { Kysely, type Dialect } from 'kysely'
import { accountKeyStore } from './account-key-store.js'
import type { AccountKeyStore } from './account-key-store.js'
import { authorizationCodeStore } from './authorization-code-store.js'
import type { AuthorizationCodeStore } from './authorization-code-store.js'
import { clusterStore } from './cluster-store.js'
import type { ClusterStore } from './cluster-store.js'
import { directoryStore } from './directory-store.js'
import type { DirectoryStore } from './directory-store.js'
import { faultCounts } from './fault-counts.js'
import type { FaultCounts } from './fault-counts.js'
import { forestStore } from './forest-store.js'
import type { ForestStore } from './forest-store.js'
import { keptDocumentStore } from './kept-document-store.js'
import type { KeptDocumentStore } from './kept-document-store.js'
import { labStore } from './lab-store.js'
import type { LabStore } from './lab-store.js'
import { memberStore } from './member-store.js'
import type { MemberStore } from './member-store.js'
import { randomSeedStore } from './random-seed-store.js'
import type { RandomSeedStore } from './random-seed-store.js'
import { requestLogStore } from './request-log-store.js'
import type { RequestLogStore } from './request-log-store.js'
import { seedMarkStore } from './seed-mark.js'
import type { SeedMarkStore } from './seed-mark.js'
import { systemClock } from '../../effects.js'
import { createSchema, requireSchema } from './schema.js'
import type { Tables } from './schema.js'
import { copySqliteFile } from './sqlite-copy.js'
import { sqliteDialect } from './sqlite.js'
import type { SqliteOptions } from './sqlite-file.js'
import { snapshotStore } from './snapshot-store.js'
import type { SnapshotStore } from './snapshot-store.js'
import { stateStore } from './state-rows.js'
import type { StateStore } from './state-rows.js'
import { templateStore } from './template-store.js'
import type { TemplateStore } from './template-store.js'
import { tokenKeyStore } from './token-key-store.js'
import type { TokenKeyStore } from './token-key-store.js'
import { MigrationNeeded, upgradableVersion, upgrade, type Upgraded } from './upgrade.js'

export { upgradedText, type Upgraded } from './upgrade.js'

export interface Store {
  readonly forest: ForestStore
  readonly directory: DirectoryStore
  readonly clusters: ClusterStore
  readonly accountKeys: AccountKeyStore
  readonly templates: TemplateStore
  readonly members: MemberStore
  readonly requestLog: RequestLogStore
  readonly tokenKeys: TokenKeyStore
  readonly authorizationCodes: AuthorizationCodeStore
  readonly lab: LabStore
  readonly keptDocuments: KeptDocumentStore
  readonly faultCounts: FaultCounts
  readonly seedMark: SeedMarkStore
  readonly randomSeed: RandomSeedStore
  readonly state: StateStore
  readonly snapshots: SnapshotStore
  readonly close: () => Promise<void>
}

export interface StoreOptions extends SqliteOptions {
  /** False: a database that is not there, or has no installation in it, is an error: who joins one begins no new one. */
  readonly create?: boolean
  /** Whether a PostgreSQL database of an earlier program may be upgraded; an SQLite file is, after a copy. */
  readonly migrate?: boolean
  /** Hears that it was. */
  readonly onUpgraded?: (upgraded: Upgraded) => void
}

/**
 * Opens the database, with its tables made when it is empty, and upgraded when an earlier program made them. Every method of the store throws DatabaseAway while the database is away,
 * and works again when it is back.
 * @param location path of an SQLite file, also as `sqlite:path`, `:memory:` for one that ends with this process, or
 *   `postgres://user:password@host:port/database`
 * @throws MigrationNeeded for a PostgreSQL database of an earlier program without `migrate`, OtherSchemaVersion for one of a later program, EmptyDatabase with `create: false`, DatabaseRefused, DatabaseAway,
 *   Error for a URL of another kind
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: await dialectOf(location, options) })
  try {
    const earlier = await upgradableVersion(db)
    if (earlier !== undefined) await upgradeAt(location, earlier, options)
    if (options.create === false) await requireSchema(db)
    else await createSchema(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  const forest = forestStore(db)
  return {
    forest,
    directory: directoryStore(db, forest),
    clusters: clusterStore(db),
    accountKeys: accountKeyStore(db),
    templates: templateStore(db),
    members: memberStore(db),
    requestLog: requestLogStore(db),
    tokenKeys: tokenKeyStore(db),
    authorizationCodes: authorizationCodeStore(db),
    lab: labStore(db),
    keptDocuments: keptDocumentStore(db),
    faultCounts: faultCounts(db),
    seedMark: seedMarkStore(db),
    randomSeed: randomSeedStore(db),
    state: stateStore(db),
    snapshots: snapshotStore(db),
    close: () => db.destroy(),
  }
}

/** Milliseconds to wait for another process that upgrades the same file. */
const longestUpgrade = 10 * 60_000

/** On a connection of its own, which may take its time. */
async function upgradeAt(location: string, version: number, options: StoreOptions): Promise<void> {
  const { clock = systemClock, migrate = false, onUpgraded } = options
  const isFile = !isPostgresUrl(location)
  if (!isFile && !migrate) throw new MigrationNeeded(version)
  const copy = async (from: number): Promise<string> =>
    copySqliteFile(pathOf(location), `.schema-${from}.${clock.now().toISOString().replaceAll(/[:.]/g, '-')}`)
  const db = new Kysely<Tables>({
    dialect: await dialectOf(location, { ...options, create: false, longestBusy: longestUpgrade }, { patient: true }),
  })
  try {
    const upgraded = await upgrade(db, { clock, ...(isFile ? { copy } : {}) })
    if (upgraded !== undefined) onUpgraded?.(upgraded)
  } finally {
    await db.destroy()
  }
}

/** Whether it ends with the process, or with whoever closes it. */
export function isInMemory(location: string): boolean {
  return pathOf(location) === ':memory:'
}

function isPostgresUrl(location: string): boolean {
  return /^postgres(?:ql)?:/i.test(location)
}

function pathOf(location: string): string {
  return location.replace(/^sqlite:(?:\/\/)?/, '')
}

async function dialectOf(
  location: string,
  options: StoreOptions,
  { patient }: { readonly patient: boolean } = { patient: false },
): Promise<Dialect> {
  if (isPostgresUrl(location)) {
    // Loaded where it is used: most installations have a file.
    const { postgresDialect } = await import('./postgres.js')
    return postgresDialect(location, { patient })
  }
  const path = pathOf(location)
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]
  if (path === '' || scheme !== undefined) {
    // Only the scheme: a URL may hold a password.
    const shown = scheme === undefined ? location : `${scheme}:…`
    throw new Error(
      `The database ${JSON.stringify(shown)} cannot be opened: give the path of an SQLite file, sqlite:PATH, :memory:, or postgres://…`,
    )
  }
  return sqliteDialect(path, options)
}
