/**
 * The values of Kysely that the store uses, from its CommonJS build: every server process loads them, and the same code as 262 ES modules
 * takes twice the time. Types come from 'kysely' itself.
 */
import { createRequire } from 'node:module'
import type * as Module from 'kysely'

const kysely = createRequire(import.meta.url)('kysely') as typeof Module

export const {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} = kysely
