/** Whether a connection to PostgreSQL has a session of its own, as limits and locks need one. */
import { DatabaseRefused } from './database-away.js'

export interface SessionClient {
  query(text: string, parameters: never[]): Promise<{ readonly rows: readonly unknown[] }>
}

/**
 * A pooler that gives the session of one connection to others between two transactions mixes up what sessions hold: their limits, and the lock of an
 * installation. Two connections tell: the second one is given the session of the first, or the first has another one the next time.
 * @param another asks a second connection for its session, while the first one is open
 * @param name of the database, for people
 * @throws DatabaseRefused
 */
export async function requireOwnSessions(
  one: SessionClient,
  another: () => Promise<number | undefined>,
  name: string,
): Promise<void> {
  const before = await sessionOf(one)
  const meanwhile = await another()
  if (before === meanwhile || before !== (await sessionOf(one)))
    throw new DatabaseRefused(
      `The ${name} is behind a pooler that shares sessions between connections, as PgBouncer does with pool_mode = transaction: ` +
        'locks would get lost. Set pool_mode = session there, or give the address of the server itself',
    )
}

export async function sessionOf(client: SessionClient): Promise<number | undefined> {
  const { rows } = await client.query('select pg_backend_pid() as pid', [])
  return (rows[0] as { readonly pid: number } | undefined)?.pid
}
