/** How many request-log records a node writes in a second: alone, grouped by turn, into the spool, on both databases. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequestLog } from '../src/cluster/request-log.js'
import type { RequestLog } from '../src/cluster/request-log.js'
import { createSpool } from '../src/cluster/spool.js'
import { DatabaseAway } from '../src/cluster/store/database-away.js'
import { openStore } from '../src/cluster/store/open.js'
import { systemClock, systemTimers } from '../src/effects.js'
import { logRecord } from '../test/cluster/log-record.js'
import { withPostgres } from '../test/cluster/postgres.js'

const seconds = Number(process.argv[2] ?? 3)
const folder = mkdtempSync(join(tmpdir(), 'rms-emulator-bench-'))

await measureStore('SQLite', join(folder, 'rms.db'))
await withPostgres((location) => measureStore('PostgreSQL', location), { durable: true })
const isAway = () => Promise.reject(new DatabaseAway('away'))
const away = { insert: isAway, tryWriting: isAway }
const spool = createSpool({ folder: join(folder, 'spool'), nodeId: 'bench', limit: 1e10 })
await measureLog('spool', createRequestLog(away, { clock: systemClock, timers: systemTimers, spool }))
rmSync(folder, { recursive: true })

async function measureStore(name: string, location: string): Promise<void> {
  const store = await openStore(location)
  await measureLog(name, createRequestLog(store.requestLog, { clock: systemClock, timers: systemTimers }))
  await store.close()
}

async function measureLog(name: string, log: RequestLog): Promise<void> {
  for (const callers of [1, 10, 100]) await measure(`${name}, ${callers} at a time`, log, callers)
  await log.close()
}

/** So many callers, each with its next record as soon as the one before is kept. */
async function measure(name: string, log: RequestLog, callers: number): Promise<void> {
  let count = 0
  const began = systemClock.monotonic()
  const end = began + seconds * 1000
  const call = async (): Promise<void> => {
    while (systemClock.monotonic() < end) await log.append(logRecord(`${name}-${++count}`))
  }
  await Promise.all(Array.from({ length: callers }, call))
  const rate = (count * 1000) / (systemClock.monotonic() - began)
  process.stdout.write(`${name}: ${Math.round(rate)} records/s\n`)
}
