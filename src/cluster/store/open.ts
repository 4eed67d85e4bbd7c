/** Opens the one database that the nodes of an installation share. */
import { Kysely } from './kysely.js'
import type { Dialect } from 'kysely'
import { accountKeyStore } from './account-key-store.js'
import type { AccountKeyStore } from './account-key-store.js'
import { authorizationCodeStore } from './authorization-code-store.js'
import type { AuthorizationCodeStore } from './authorization-code-store.js'
import { clusterStore } from './cluster-store.js'
import type { ClusterStore } from './cluster-store.js'
import { directoryStore } from './directory-store.js'
import type { DirectoryStore } from './directory-store.js'
import { forestStore } from './forest-store.js'
import type { ForestStore } from './forest-store.js'
import { memberStore } from './member-store.js'
import type { MemberStore } from './member-store.js'
import { requestLogStore } from './request-log-store.js'
import type { RequestLogStore } from './request-log-store.js'
import { createSchema, requireSchema } from './schema.js'
import type { Tables } from './schema.js'
import { sqliteDialect } from './sqlite.js'
import type { SqliteOptions } from './sqlite-file.js'
import { templateStore } from './template-store.js'
import type { TemplateStore } from './template-store.js'
import { tokenKeyStore } from './token-key-store.js'
import type { TokenKeyStore } from './token-key-store.js'

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
  readonly close: () => Promise<void>
}

export interface StoreOptions extends SqliteOptions {
  /** False: a database that is not there, or has no installation in it, is an error: who joins one begins no new one. */
  readonly create?: boolean
}

/**
 * Opens the database, with its tables made when it is empty. Every method of the store throws DatabaseAway while the database is away,
 * and works again when it is back.
 * @param location path of an SQLite file, also as `sqlite:path`, `:memory:` for one that ends with this process, or
 *   `postgres://user:password@host:port/database`
 * @throws OtherSchemaVersion when another version of this program made it, EmptyDatabase with `create: false`, DatabaseRefused, DatabaseAway,
 *   Error for a URL of another kind
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: await dialectOf(location, options) })
  try {
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
    close: () => db.destroy(),
  }
}

async function dialectOf(location: string, options: StoreOptions): Promise<Dialect> {
  if (/^postgres(?:ql)?:/i.test(location)) {
    // Loaded where it is used: most installations have a file.
    const { postgresDialect } = await import('./postgres.js')
    return postgresDialect(location)
  }
  const path = location.replace(/^sqlite:(?:\/\/)?/, '')
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
