/**
 * A lock on a PostgreSQL database, held by a connection of its own: the server gives it up when the process that holds it is no more,
 * whatever became of it. After an outage it is taken again.
 */
import pg from 'pg'
import { pause, systemTimers, type Timers } from '../../effects.js'
import { installationLock } from './exclusive.js'
import { requireOwnSessions, sessionOf } from './own-sessions.js'
import { targetOf, told } from './postgres.js'

/** `lost`: with the connection; `taken`: by somebody else, while we were without it; `back`: we have it again. */
export type LockEvent = 'lost' | 'taken' | 'back'

export interface PostgresLock {
  release(): Promise<void>
}

/** Milliseconds. Between two looks whether the connection still works, which also keep it from being idle. */
const heartbeat = 5000
const answerWithin = 5000
const tryAgain = 500
/** The server may take a moment to see that the process that held it is gone. */
const patience = 2000
const patiencePause = 100

/** Of a machine that is gone without a word, the server gives the lock up after 25 s. Not every version has each of these. */
const sessionSettings = `
  select set_config(name, case name when 'tcp_keepalives_idle' then '10' when 'tcp_keepalives_interval' then '5' when 'tcp_keepalives_count' then '3' else '0' end, false)
  from pg_settings where name in ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'idle_session_timeout')`

/**
 * @param location as for `openStore`
 * @param report told what becomes of the lock
 * @returns undefined when another session holds it
 * @throws DatabaseAway, DatabaseRefused
 */
export async function holdPostgresLock(
  location: string,
  report: (event: LockEvent) => void,
  timers: Timers = systemTimers,
): Promise<PostgresLock | undefined> {
  const ended = new AbortController()
  const wait = (milliseconds: number): Promise<void> => pause(timers, milliseconds, ended.signal)
  await requireSessions(location)
  const first = await patiently(location, timers)
  if (first === undefined) return undefined
  let client = first

  const works = async (): Promise<boolean> =>
    client.query('select 1').then(
      () => true,
      () => false,
    )

  const takeAgain = async (): Promise<void> => {
    let last: LockEvent = 'lost'
    report(last)
    while (!ended.signal.aborted) {
      const result = await take(location).catch(() => 'away' as const)
      if (result !== 'away' && result !== undefined) {
        client = result
        report('back')
        return
      }
      if (result === undefined && last !== 'taken') {
        last = 'taken'
        report(last)
      }
      await wait(tryAgain)
    }
  }

  const untilCut = (): Promise<void> => new Promise((resolve) => client.once('end', resolve))

  const watch = async (): Promise<void> => {
    let cut = untilCut()
    while (!ended.signal.aborted) {
      await Promise.race([cut, wait(heartbeat)])
      if (ended.signal.aborted || (await works())) continue
      await quietly(client)
      await takeAgain()
      cut = untilCut()
    }
  }

  const watching = watch()
  return {
    release: async () => {
      ended.abort()
      await watching
      await quietly(client)
    },
  }
}

/** Before the lock is taken: that of a session which a pooler keeps would stay when we are gone. @throws DatabaseAway, DatabaseRefused */
async function requireSessions(location: string): Promise<void> {
  const another = (): Promise<number | undefined> => connected(location, sessionOf)
  await connected(location, (one) => requireOwnSessions(one, another, targetOf(settingsOf(location)).name))
}

async function connected<Result>(location: string, ask: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const settings = settingsOf(location)
  const client = newClient(settings)
  try {
    await client.connect()
    return await ask(client)
  } catch (error) {
    throw told(error, targetOf(settings)) ?? error
  } finally {
    await quietly(client)
  }
}

async function patiently(location: string, timers: Timers): Promise<pg.Client | undefined> {
  for (let waited = 0; ; waited += patiencePause) {
    const client = await take(location)
    if (client !== undefined || waited >= patience) return client
    await pause(timers, patiencePause)
  }
}

/** @returns the connection that holds the lock; undefined when another one does */
async function take(location: string): Promise<pg.Client | undefined> {
  const settings = settingsOf(location)
  const target = targetOf(settings)
  const client = newClient(settings)
  try {
    await client.connect()
    await client.query(sessionSettings)
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [
      ...installationLock,
    ])
    if (rows[0]?.held === true) return client
    await quietly(client)
    return undefined
  } catch (error) {
    await quietly(client)
    throw told(error, target) ?? error
  }
}

function settingsOf(location: string): pg.ClientConfig {
  return {
    connectionString: location,
    application_name: 'rms-emulator installation',
    connectionTimeoutMillis: answerWithin,
    query_timeout: answerWithin,
    keepAlive: true,
  }
}

function newClient(settings: pg.ClientConfig): pg.Client {
  const client = new pg.Client(settings)
  // Its end is noticed where it is used; without a listener an error would end the process.
  client.on('error', () => undefined)
  return client
}

async function quietly(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined)
}
