/** The tables of a database in memory, as one text: it is new each time, and many are made in one process. */
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { creation, schemaVersion, type Tables } from './schema.js'

let text: string | undefined

/** Makes in an empty SQLite database what `createSchema` makes. */
export function memorySchema(): string {
  return (text ??= write())
}

function write(): string {
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (any) => new SqliteIntrospector(any),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const version = `insert into meta (key, value) values ('schema_version', '${schemaVersion}')`
  return [...creation(db).map((part) => part.compile().sql), version].join(';\n')
}
