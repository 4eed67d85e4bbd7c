/** The databases of the kills: new ones, copies of a prepared one, and looking into one while others write to it. */
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely } from 'kysely'
import pg from 'pg'
import type { Test } from 'tap'
import { postgresDialect } from '../../src/cluster/store/postgres.js'
import type { Tables } from '../../src/cluster/store/schema.js'
import { sqliteDialect } from '../../src/cluster/store/sqlite.js'
import { startPostgres } from '../cluster/postgres.js'

export type DatabaseName = 'sqlite' | 'postgres'

export interface KillsDatabase {
  /** Location of a database that is not there yet, or is empty. */
  fresh(): Promise<string>
  /** Of a copy; nobody has the other one open. */
  copyOf(location: string): Promise<string>
  /** The tables themselves, to find what no method of the store shows. */
  open(location: string): Promise<Kysely<Tables>>
  /** Says how far the work of others has come: a text that changes with each of their writes. */
  watch(location: string): Watcher
  drop(location: string): Promise<void>
}

export interface Watcher {
  progress(): Promise<string>
  close(): Promise<void>
}

export async function killsDatabase(
  name: DatabaseName,
  folder: string,
  t: Pick<Test, 'teardown'>,
): Promise<KillsDatabase> {
  return name === 'sqlite' ? sqlite(folder) : postgres(t)
}

const counted = ['account', 'cluster', 'template', 'member'].map((table) => `(select count(*) from ${table})`)
const progressSql = `select ${counted.join(" || ' ' || ")} || ' ' || (select coalesce(sum(configuration_version), 0) from cluster) as progress`
const nothing = 'no tables'

function sqlite(folder: string): KillsDatabase {
  let count = 0
  const fresh = async (): Promise<string> => {
    const place = join(folder, `database-${++count}`)
    mkdirSync(place)
    return join(place, 'rms.sqlite')
  }
  return {
    fresh,
    copyOf: async (location) => {
      const copy = await fresh()
      copyFileSync(location, copy)
      return copy
    },
    open: async (location) => new Kysely<Tables>({ dialect: await sqliteDialect(location, { create: false }) }),
    // Not through a connection: this process would take part in what it is to watch.
    watch: (location) => ({
      progress: async () => ['', '-wal'].map((suffix) => writtenTo(location + suffix)).join(' '),
      close: async () => undefined,
    }),
    drop: async (location) => rmSync(join(location, '..'), { recursive: true, force: true }),
  }
}

function writtenTo(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? '-' : `${found.size} ${found.mtimeNs}`
}

async function postgres(t: Pick<Test, 'teardown'>): Promise<KillsDatabase> {
  // As outside of tests: what was committed is there, whatever is killed.
  const server = await startPostgres(t)
  const nameOf = (location: string): string => location.split('/').at(-1) ?? ''
  const asAdministrator = async (sql: string): Promise<void> => {
    const client = new pg.Client(server.url('postgres'))
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  let count = 0
  return {
    fresh: () => server.newDatabase(),
    copyOf: async (location) => {
      const copy = `copy_${++count}`
      await asAdministrator(`create database ${copy} template ${nameOf(location)}`)
      return server.url(copy)
    },
    open: async (location) => new Kysely<Tables>({ dialect: await postgresDialect(location) }),
    watch: (location) => {
      const client = new pg.Client(location)
      const connected = client.connect()
      return {
        progress: async () => {
          await connected
          const { rows } = await client.query<{ progress: string }>(progressSql).catch(() => ({ rows: [] }))
          return rows[0]?.progress ?? nothing
        },
        close: () => client.end(),
      }
    },
    drop: (location) => asAdministrator(`drop database ${nameOf(location)} with (force)`),
  }
}
