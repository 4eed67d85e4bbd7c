import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { createRequestLog } from '../../src/cluster/request-log.js'
import type { RequestLog, RequestLogEvent } from '../../src/cluster/request-log.js'
import { createSpool } from '../../src/cluster/spool.js'
import { openStore } from '../../src/cluster/store/open.js'
import type { Store } from '../../src/cluster/store/open.js'
import { systemClock, systemTimers } from '../../src/effects.js'
import { until } from '../fixtures/until.js'
import { logRecord as record } from './log-record.js'
import { startPostgres } from './postgres.js'

/** A database that can be taken away. */
interface Outage {
  readonly location: string
  readonly folder: string
  leave(): Promise<void>
  comeBack(): Promise<void>
}

async function sqlite(t: Test): Promise<Outage> {
  const folder = t.testdir()
  const location = join(folder, 'rms.db')
  const move = async (from: string, to: string): Promise<void> => {
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix)
  }
  const elsewhere = join(folder, 'elsewhere.db')
  return {
    location,
    folder: join(folder, 'spool'),
    leave: () => move(location, elsewhere),
    comeBack: () => move(elsewhere, location),
  }
}

async function postgres(t: Test): Promise<Outage> {
  const server = await startPostgres(t)
  return {
    location: await server.newDatabase(),
    folder: join(t.testdir(), 'spool'),
    leave: () => server.stop(),
    comeBack: () => server.start(),
  }
}

for (const [name, make] of [
  ['SQLite', sqlite],
  ['PostgreSQL', postgres],
] as const) {
  t.test(name, async (t) => {
    // The timer of a log keeps no process alive; what keeps a node alive is that it listens.
    const alive = systemTimers.every(1000, () => undefined)
    t.teardown(() => alive.stop())
    const outage = await make(t)
    await t.test('records of an outage wait in the spool, and are in the database after it', (t) => recovery(t, outage))
    await t.test('what a node leaves that ends during an outage is written by another one', (t) =>
      inheritance(t, outage),
    )
    await t.test('a full spool refuses', (t) => refusal(t, outage))
    await t.test('nodes that are killed during outages lose nothing that they kept', (t) => killing(t, outage))
  })
}

/** A node's log, and what it reports, one thing after the other. */
function node(store: Store, nodeId: string, { folder }: Outage, limit = 1e7) {
  const events: RequestLogEvent[] = []
  let heard = (): void => undefined
  const report = (event: RequestLogEvent): void => {
    events.push(event)
    heard()
  }
  const log = createRequestLog(store.requestLog, {
    clock: systemClock,
    timers: systemTimers,
    spool: createSpool({ folder, nodeId, limit }),
    retryInterval: 20,
    report,
  })
  const next = async (kind: RequestLogEvent['kind']): Promise<RequestLogEvent> => {
    for (;;) {
      const index = events.findIndex((event) => event.kind === kind)
      const [event] = index < 0 ? [] : events.splice(0, index + 1).slice(-1)
      if (event !== undefined) return event
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
  }
  return { log, next }
}

const append = (log: RequestLog, host: string, from: number, count: number): Promise<readonly boolean[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => log.append(record(from + index, { hostMachineName: host }))))

const spooled = (folder: string): readonly string[] => readdirSync(folder).filter((file) => file !== 'lock')

async function recovery(t: Test, outage: Outage): Promise<void> {
  const store = await openStore(outage.location)
  t.teardown(store.close)
  const { log, next } = node(store, 'recovery', outage)
  await append(log, 'recovery', 0, 10)
  for (const round of [1, 2]) {
    await outage.leave()
    const isNew = await append(log, 'recovery', round * 1000, 700)
    t.ok(isNew.every(Boolean))
    t.match(await next('away'), { error: { name: 'DatabaseAway' } })
    await append(log, 'recovery', round * 1000 + 700, 20)
    t.not(spooled(outage.folder).length, 0)
    await outage.comeBack()
    await next('back')
    t.match(await next('recovered'), { written: 720, damaged: 0 })
    t.same(spooled(outage.folder), [])
    t.same(await append(log, 'recovery', round * 1000 + 719, 2), [false, true])
    t.equal(await store.requestLog.count({}), 10 + 721 * round)
  }
  await log.close()
  await store.requestLog.removeUpTo({ requestTime: '9', hostMachineName: '', hostMachineRequestId: '' }, 10_000)
}

async function inheritance(t: Test, outage: Outage): Promise<void> {
  const [store, other] = [await openStore(outage.location), await openStore(outage.location)]
  t.teardown(() => Promise.all([store.close(), other.close()]))
  const leaving = node(store, 'leaving', outage)
  await append(leaving.log, 'leaving', 0, 1)
  await outage.leave()
  await append(leaving.log, 'leaving', 1, 50)
  await leaving.log.close()
  t.not(spooled(outage.folder).length, 0)
  await outage.comeBack()
  const heir = node(other, 'heir', outage)
  t.match(await heir.next('recovered'), { written: 50, damaged: 0 })
  t.equal(await other.requestLog.count({}), 51)
  await heir.log.close()
  await other.requestLog.removeUpTo({ requestTime: '9', hostMachineName: '', hostMachineRequestId: '' }, 10_000)
}

async function refusal(t: Test, outage: Outage): Promise<void> {
  const store = await openStore(outage.location)
  t.teardown(store.close)
  const { log, next } = node(store, 'full', outage, 2000)
  await append(log, 'full', 0, 1)
  await outage.leave()
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, (_, id) => log.append(record(id + 1, { hostMachineName: 'full' }))),
  )
  const kept = results.filter(({ status }) => status === 'fulfilled').length
  t.ok(kept > 0 && kept < 10)
  t.match(results.at(-1), { reason: { name: 'RequestLogFull', message: /spool .* is full/ } })
  await outage.comeBack()
  t.match(await next('recovered'), { written: kept })
  t.same(await append(log, 'full', 20, 1), [true])
  t.equal(await store.requestLog.count({}), kept + 2)
  await log.close()
  await store.requestLog.removeUpTo({ requestTime: '9', hostMachineName: '', hostMachineRequestId: '' }, 10_000)
}

interface Said {
  readonly kept?: string
  readonly event?: RequestLogEvent['kind']
}

/** Two nodes log while the database goes and comes; one of them is killed at some point of each round, and another takes its place. */
async function killing(t: Test, outage: Outage): Promise<void> {
  const seed = Number(process.env.RMS_TEST_SEED ?? 20_261)
  const rounds = Number(process.env.RMS_TEST_ROUNDS ?? 5)
  const random = randomOf(seed)
  t.comment(`seed ${seed}`)
  const kept: string[] = []
  /** How often each process has noticed that the database is away. */
  const away = new Map<number | undefined, number>()
  const children: ChildProcess[] = []
  t.teardown(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  let isEnding = false
  const start = async (nodeId: string, prefix: string): Promise<ChildProcess> => {
    const child = fork(new URL('outage-writer.js', import.meta.url), [outage.location, outage.folder, nodeId, prefix])
    children.push(child)
    child.on('message', (said: Said) => {
      if (said.kept !== undefined) kept.push(said.kept)
      if (said.event === 'away') away.set(child.pid, (away.get(child.pid) ?? 0) + 1)
    })
    child.once('exit', (code) => {
      if (code !== null && !isEnding) t.fail(`A node ended with ${code}`)
    })
    await once(child, 'message')
    return child
  }
  const more = async (child: ChildProcess, count: number): Promise<void> => {
    for (let seen = 0; seen < count;) {
      const [said] = (await once(child, 'message')) as [Said]
      if (said.kept !== undefined) seen++
    }
  }

  const store = await openStore(outage.location)
  t.teardown(store.close)
  const nodes = await Promise.all(['a', 'b'].map((nodeId) => start(nodeId, 'r0')))
  for (let round = 1; round <= rounds; round++) {
    const victim = random(2)
    const survivor = nodes[1 - victim] as ChildProcess
    // At some point before, in or after the outage, or in the midst of writing the spool to the database.
    const killAt = random(4)
    const step = async (point: number): Promise<void> => {
      if (killAt === point) {
        const exited = once(nodes[victim] as ChildProcess, 'exit')
        nodes[victim]?.kill('SIGKILL')
        await exited
      }
      await more(nodes[killAt <= point ? 1 - victim : victim] as ChildProcess, 1 + random(40))
    }
    await step(0)
    const before = away.get(survivor.pid)
    await outage.leave()
    await step(1)
    await until(() => away.get(survivor.pid) !== before, 'a node notices that the database is away')
    await step(2)
    await until(() => spooled(outage.folder).length > 0, 'records are in the spool')
    await outage.comeBack()
    await step(3)
    await until(() => spooled(outage.folder).length === 0, 'the spool is written to the database')
    nodes[victim] = await start(victim === 0 ? 'a' : 'b', `r${round}`)
  }
  isEnding = true
  await Promise.all(
    nodes.map(async (child) => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }),
  )
  const last = node(store, 'last', outage)
  await append(last.log, 'last', 1, 1)
  await until(() => spooled(outage.folder).length === 0, 'the spool is empty')
  await last.log.close()

  // What a killed process sent last PostgreSQL may still commit: it is read again until nothing more came meanwhile.
  let total: number
  let found: readonly string[]
  do {
    total = await store.requestLog.count({})
    found = await recordNames(store, total)
  } while ((await store.requestLog.count({})) !== total)
  const ids = new Set(found)
  t.equal(found.length, total, 'all were read')
  t.equal(ids.size, total, 'none twice')
  t.same(
    kept.filter((id) => !ids.has(id)),
    [],
    'none lost',
  )
  t.comment(`${kept.length} records kept`)
}

/** Node and request id of each record. */
async function recordNames(store: Store, total: number): Promise<readonly string[]> {
  const found: string[] = []
  for (let minute = 0; minute < 1000 && found.length < total; minute++) {
    const [since, until] = [minute, minute + 1].map((minutes) =>
      new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString(),
    )
    const rows = await store.requestLog.query({ since, until, limit: 10_000 })
    found.push(...rows.map((row) => `${row.hostMachineName} ${row.hostMachineRequestId}`))
  }
  return found
}

function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}
