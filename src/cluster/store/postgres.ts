/** PostgreSQL through the `pg` package: a pool whose errors are told as DatabaseAway, and whose broken connections are thrown away. */
import { PostgresDialect, type Dialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { DatabaseAway, DatabaseRefused } from './database-away.js'
import { requireOwnSessions, sessionOf } from './own-sessions.js'

/** Connections of a node; a server takes 100 in all unless told otherwise. */
const poolSize = 8
const connectMilliseconds = 5000
/** The server ends a statement after this time; we give up a little later on a server that does not answer at all. */
const statementMilliseconds = 10_000
const answerMilliseconds = statementMilliseconds + 2000

/** Not as parameters at the start of a connection: poolers refuse those that they do not know. */
const usualLimits = `
  select set_config('statement_timeout', '${statementMilliseconds}', false),
    set_config('lock_timeout', '${statementMilliseconds}', false),
    set_config('idle_in_transaction_session_timeout', '30000', false)`

/** Whatever the server or the user's own settings say. */
const noLimits = `select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`

/** SQLSTATEs of a server that cannot work for now, by class or in full: connection, resources, shutdown, time-outs, read-only standby. */
const passing = /^(?:08...|53...|57P0[1-5]|57014|55P03|58030|25006|25P03|40001|40P01)$/
/** SQLSTATEs of a server that does not let us in. */
const refusing = /^(?:28...|3D000|42501)$/

export interface PostgresOptions {
  /** Whether statements may take as long as they need, and wait for others. */
  readonly patient?: boolean
}

export interface Target {
  /** `database "rms" at db.contoso.test:5432`, never with a password. */
  readonly name: string
  readonly user: string
  readonly database: string
}

/**
 * A dialect over a pool of connections.
 * @param location `postgres://user:password@host:port/database`, or postgresql:; `?host=/folder` for a Unix socket. What it does not say
 *   is taken from the usual PG variables
 * @throws DatabaseRefused, DatabaseAway when the server is not there, Error for a malformed URL; none of them shows the password
 */
export async function postgresDialect(location: string, { patient = false }: PostgresOptions = {}): Promise<Dialect> {
  const settings: pg.PoolConfig = {
    connectionString: location,
    application_name: 'rms-emulator',
    max: poolSize,
    connectionTimeoutMillis: connectMilliseconds,
    idleTimeoutMillis: 30_000,
    ...(patient ? {} : { query_timeout: answerMilliseconds }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
  }
  const target = targetOf(settings)
  const pool = new pg.Pool(settings)
  // A connection that breaks while nobody uses it is no news: the next question takes another one. Without a listener it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
    // Before any other question of the session. When it fails, so does the one after it, which somebody hears of.
    client.query(patient ? noLimits : usualLimits).catch(() => undefined)
  })
  const telling = tellingPool(pool, target)
  try {
    await requireUtf8(telling, target)
    await requireSessions(telling, target)
  } catch (error) {
    await pool.end()
    throw error
  }
  return new PostgresDialect({ pool: telling })
}

/** 64-bit numbers are numbers here as on SQLite; all other types are as `pg` has them. */
function getTypeParser(type: number, format?: 'text' | 'binary'): unknown {
  const int8: number = pg.types.builtins.INT8
  return type === int8 && format !== 'binary' ? Number : (pg.types.getTypeParser(type, format) as unknown)
}

/** @throws Error for a malformed URL, without its password */
export function targetOf(settings: pg.ClientConfig): Target {
  try {
    const { host, port, user = '', database = '' } = new pg.Client(settings)
    return {
      name: `database ${JSON.stringify(database)} at ${host.startsWith('/') ? host : `${host}:${port}`}`,
      user,
      database,
    }
  } catch {
    // The error of the URL parser holds the whole URL.
    throw new Error(
      'The database cannot be opened: its URL is not of the form postgres://user:password@host:port/database',
    )
  }
}

async function requireUtf8(pool: PostgresPool, target: Target): Promise<void> {
  const client = await pool.connect()
  try {
    const { rows } = await client.query<{ server_encoding: string }>('show server_encoding', [])
    const encoding = rows[0]?.server_encoding
    if (encoding !== 'UTF8')
      throw new DatabaseRefused(`The ${target.name} has the encoding ${encoding}: make one with the encoding UTF8`)
  } finally {
    client.release()
  }
}

/** @throws DatabaseRefused */
async function requireSessions(pool: PostgresPool, target: Target): Promise<void> {
  const one = await pool.connect()
  try {
    await requireOwnSessions(one, () => sessionOfAnother(pool), target.name)
  } finally {
    one.release()
  }
}

async function sessionOfAnother(pool: PostgresPool): Promise<number | undefined> {
  const other = await pool.connect()
  try {
    return await sessionOf(other)
  } finally {
    other.release()
  }
}

function tellingPool(pool: pg.Pool, target: Target): PostgresPool {
  return {
    end: () => pool.end(),
    connect: async () => {
      try {
        return tellingClient(await pool.connect(), target)
      } catch (error) {
        throw told(error, target) ?? error
      }
    },
  }
}

function tellingClient(client: pg.PoolClient, target: Target): PostgresPoolClient {
  let broken: DatabaseAway | undefined
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (broken !== undefined) {
      // The server has undone the transaction, or will: the error that broke it is the one to hear of.
      if (text === 'rollback') return { command: 'ROLLBACK', rowCount: 0, rows: [] }
      throw broken
    }
    try {
      return await client.query(text, parameters.map(storable))
    } catch (error) {
      broken = told(error, target)
      throw broken ?? error
    }
  }
  return { query: query as PostgresPoolClient['query'], release: () => client.release(broken !== undefined) }
}

/** PostgreSQL takes no NUL in a text. Half a surrogate pair becomes U+FFFD on its way there. */
function storable(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0') ? parameter.replaceAll('\0', '\uFFFD') : parameter
}

/** The error as people read it; undefined for one that is not of the connection or the server's state. */
export function told(error: unknown, { name, user, database }: Target): DatabaseAway | undefined {
  if (error instanceof DatabaseAway) return error
  if (!(error instanceof Error) || error instanceof TypeError) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const because = { cause: error }
  if (!(error instanceof pg.DatabaseError)) {
    if (/SASL|password must be a string/.test(error.message))
      return new DatabaseRefused(
        `The ${name} wants a password for the user "${user}": put the right one into its URL`,
        because,
      )
    return new DatabaseAway(`The ${name} is away: ${reasons[code] ?? (error.message || code)}`, because)
  }
  if (code.startsWith('28'))
    return new DatabaseRefused(
      `The ${name} does not let the user "${user}" in: check user and password in its URL (${error.message})`,
      because,
    )
  const parameter = refusedParameter(error, code)
  if (parameter !== undefined)
    return new DatabaseRefused(
      `The ${name} refuses the parameter ${parameter} of a new connection, as PgBouncer does: name it in its ignore_startup_parameters, or take it out of the URL`,
      because,
    )
  if (code === '3D000')
    return new DatabaseRefused(
      `The ${name} does not exist: make it with createdb ${database}, or correct the URL`,
      because,
    )
  if (refusing.test(code))
    return new DatabaseRefused(`The user "${user}" may not do this in the ${name}: ${error.message}`, because)
  return passing.test(code) ? new DatabaseAway(`The ${name} is away: ${error.message}`, because) : undefined
}

function refusedParameter({ message }: pg.DatabaseError, code: string): string | undefined {
  return code === '08P01' ? /unsupported startup parameter: (\S+)/.exec(message)?.[1] : undefined
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the server, or correct host and port',
  ENOTFOUND: 'its host is not known: correct the host',
  EAI_AGAIN: 'its host cannot be looked up for now',
  ENOENT: 'there is no such socket: start the server, or correct the folder',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
}
