/** Where the database is, as the settings say it: the password of a PostgreSQL URL may be given apart, so that it stands in no list of processes. */
import { Failure } from './failure.js'

/**
 * @param settings of a command that stands on the database
 * @returns the location, as `openStore` takes it; undefined when none was given
 * @throws Failure when there is a password and no place for it
 */
export function databaseOf({
  db,
  dbPassword,
}: {
  readonly db: string | undefined
  readonly dbPassword: string | undefined
}): string | undefined {
  if (dbPassword === undefined) return db
  const [, before, after] = /^(postgres(?:ql)?:\/\/[^:@/?#]+)(@.*)$/is.exec(db ?? '') ?? []
  if (before !== undefined && after !== undefined) return `${before}:${encodeURIComponent(dbPassword)}${after}`
  throw new Failure(
    '--db-password needs a --db that names a user and no password, such as postgres://rms@host/database',
    2,
  )
}
