import { join } from 'node:path'
import Libsql from 'libsql'
import t from 'tap'
import type { Test } from 'tap'
import { createRequestLog } from '../../src/cluster/request-log.js'
import { boundRequestLog } from '../../src/cluster/bound-request-log.js'
import type { NewRequestLogRecord, RequestLogRecord } from '../../src/cluster/request-log.js'
import { createSpool } from '../../src/cluster/spool.js'
import { DatabaseAway } from '../../src/cluster/store/database-away.js'
import { openStore } from '../../src/cluster/store/open.js'
import { testClock } from '../fixtures/test-clock.js'
import { logRecord as record } from './log-record.js'
import { databases } from './postgres.js'
import type { TestDatabase } from './postgres.js'

const clock = testClock('2026-01-02T03:04:05.678Z')
const effects = { clock, timers: clock }

for (const database of databases(t)) t.test(database.name, (t) => run(t, database))

t.test('a database that is there but takes no records is found out', async (t) => {
  const location = join(t.testdir(), 'rms.sqlite')
  const store = await openStore(location)
  t.teardown(store.close)
  const other = new Libsql(location)
  other.exec('drop table request_log')
  other.close()
  await store.requestLog.insert([])
  await t.rejects(store.requestLog.tryWriting())
})

async function run(t: Test, database: TestDatabase): Promise<void> {
  t.test('records of one turn share a transaction, and are there when the caller goes on', async (t) => {
    const location = await database.fresh()
    const [store, reader] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([store.close(), reader.close()]))
    const sizes: number[] = []
    const insert = (records: readonly RequestLogRecord[]) => {
      sizes.push(records.length)
      return store.requestLog.insert(records)
    }
    const log = createRequestLog({ ...store.requestLog, insert }, effects)
    const first = Array.from({ length: 1200 }, (_, index) => log.append(record(index)))
    await first[0]
    t.ok((await reader.requestLog.count({})) >= 1000, 'committed before the caller goes on')
    t.equal(
      (await Promise.all(first)).every((isNew) => isNew),
      true,
    )
    t.same(sizes, [1000, 200])
    const last = [log.append(record(5000)), log.append(record(5001))]
    await log.close()
    t.equal(await reader.requestLog.count({}), 1202, 'closing writes what waits')
    await Promise.all(last)
    await t.rejects(log.append(record(6000)), { name: 'RequestLogClosed' })
  })

  t.test('a record that is there already stays, and its caller is told', async (t) => {
    const store = await openStore(await database.fresh())
    t.teardown(store.close)
    const log = createRequestLog(store.requestLog, effects)
    t.same(
      await Promise.all([log.append(record(1)), log.append(record(1, { metadata: 'second' })), log.append(record(2))]),
      [true, false, true],
    )
    t.same(await Promise.all([log.append(record(2)), log.append(record(2, { hostMachineName: 'root-2' }))]), [
      false,
      true,
    ])
    t.equal((await store.requestLog.query({ limit: 10 })).find((row) => row.hostMachineRequestId === '1')?.metadata, '')
  })

  t.test(
    'when the database fails, every caller of that transaction hears it, and the next ones are served',
    async (t) => {
      const store = await openStore(await database.fresh())
      t.teardown(store.close)
      let away = true
      const insert = (records: readonly RequestLogRecord[]) =>
        away ? Promise.reject(new Error('database is away')) : store.requestLog.insert(records)
      const log = createRequestLog({ ...store.requestLog, insert }, { ...effects, queueLimit: 3 })
      const results = await Promise.allSettled([1, 2, 3, 4].map((id) => log.append(record(id))))
      t.match(
        results.slice(0, 3),
        [1, 2, 3].map(() => ({ status: 'rejected', reason: { message: 'database is away' } })),
      )
      t.match(results[3], { status: 'rejected', reason: { name: 'RequestLogFull' } })
      away = false
      t.equal(await log.append(record(1)), true)
      await log.flush()
      t.equal(await store.requestLog.count({}), 1)
    },
  )

  t.test('whether the database takes records is tried without a record that anybody sees', async (t) => {
    const location = await database.fresh()
    const [store, other] = [await openStore(location), await openStore(location)]
    t.teardown(() => Promise.all([store.close(), other.close()]))
    await Promise.all([store, other, store].map(({ requestLog }) => requestLog.tryWriting()))
    await store.requestLog.tryWriting()
    t.equal(await store.requestLog.count({}), 0)
  })

  t.test('what is offered takes the room of nothing else, and is dropped where it cannot be written', async (t) => {
    const store = await openStore(await database.fresh())
    t.teardown(store.close)
    let isAway = false
    const insert = (records: readonly RequestLogRecord[]) =>
      isAway ? Promise.reject(new DatabaseAway('gone')) : store.requestLog.insert(records)
    const spool = createSpool({ folder: t.testdir({}), nodeId: 'root-1', limit: 1e6 })
    const log = createRequestLog({ ...store.requestLog, insert }, { ...effects, queueLimit: 3, spool })
    for (let id = 0; id < 150; id++) log.offer(record(id))
    const rest = [200, 201, 202].map((id) => log.append(record(id)))
    t.same(await Promise.all(rest), [true, true, true])
    t.equal(await store.requestLog.count({}), 103, 'a hundred wait at a time')

    isAway = true
    log.offer(record(300))
    t.equal(await log.append(record(301)), true)
    log.offer(record(302))
    await log.flush()
    isAway = false
    await log.close()
    log.offer(record(303))
    const ids = (await store.requestLog.query({ limit: 1000 })).map((row) => Number(row.hostMachineRequestId))
    t.same(
      ids.filter((id) => id >= 300),
      [301],
      'the spool is for what an answer waits for',
    )
  })

  t.test('the record comes back as it was, XrML only when asked for', async (t) => {
    const store = await openStore(await database.fresh())
    t.teardown(store.close)
    const whole = record(1, {
      secureConnectionState: true,
      receivedXrml: '<XrML>é</XrML>',
      issuedXrml: '<XrML/>',
      errorInformation: 'Ünï',
    })
    await createRequestLog(store.requestLog, effects).append(whole)
    await createRequestLog(store.requestLog, { ...effects, includeReceivedXrml: true, includeIssuedXrml: true }).append(
      {
        ...whole,
        hostMachineRequestId: '2',
      },
    )
    const { receivedXrml, issuedXrml, ...without } = whole
    const logCreateTime = '2026-01-02T03:04:05.678Z'
    t.same(await store.requestLog.query({}), [
      { ...without, hostMachineRequestId: '2', receivedXrml, issuedXrml, logCreateTime },
      { ...without, logCreateTime },
    ])
  })

  t.test('texts from the network are cut and cleaned', async (t) => {
    const store = await openStore(await database.fresh())
    t.teardown(store.close)
    const log = createRequestLog(store.requestLog, { ...effects, includeReceivedXrml: true })
    await log.append(
      record(1, { requestUserAgent: 'a\0b\uD800', requestPath: 'x'.repeat(1e6), receivedXrml: 'y'.repeat(3e6) }),
    )
    const [row] = await store.requestLog.query({})
    t.equal(row?.requestUserAgent, 'a\uFFFDb\uFFFD')
    t.equal(row?.requestPath.length, 1024)
    t.equal(row?.receivedXrml?.length, 2 ** 20)
  })

  t.test('records are asked for by time, user, operation and result', async (t) => {
    const { requestLog, close } = await openStore(await database.fresh())
    t.teardown(close)
    const log = createRequestLog(requestLog, effects)
    await Promise.all(
      Array.from({ length: 20 }, (_, id) =>
        log.append(
          record(id, {
            clusterName: id < 10 ? 'root' : 'branch',
            authenticatedId: id % 2 === 0 ? 'CONTOSO\\alice' : 'CONTOSO\\bob',
            requestType: id % 5 === 0 ? 'Certify' : 'AcquireLicense',
            successOrFailure: id % 4 === 0 ? 'Failed' : 'Succeeded',
          }),
        ),
      ),
    )
    const ids = async (query: Parameters<typeof requestLog.query>[0]) =>
      (await requestLog.query(query)).map((row) => Number(row.hostMachineRequestId))
    t.same(await ids({ limit: 3 }), [19, 18, 17], 'newest first')
    t.same(await ids({ since: '2026-01-01T00:00:05.000Z', until: '2026-01-01T00:00:08.000Z' }), [7, 6, 5])
    t.same(await ids({ requestType: 'Certify', user: 'CONTOSO\\alice' }), [10, 0])
    t.same(await ids({ successOrFailure: 'Failed', clusterName: 'branch' }), [16, 12])
    t.same(await ids({ user: "' or 1=1" }), [])
    t.equal(await requestLog.count({ clusterName: 'root', user: 'CONTOSO\\bob' }), 5)
  })

  t.test('the oldest records go by age, and of those that are too many', async (t) => {
    const { requestLog, close } = await openStore(await database.fresh())
    t.teardown(close)
    const logCreateTime = '2026-01-02T00:00:00.000Z'
    const fill = (from: number, count: number, more: Partial<NewRequestLogRecord> = {}) =>
      requestLog.insert(Array.from({ length: count }, (_, id) => ({ ...record(from + id, more), logCreateTime })))
    const bound = (days: number, rows: number) =>
      boundRequestLog(requestLog, { days, rows }, new Date('2026-01-02T00:00:08.000Z'))
    const ids = async () => (await requestLog.query({})).map(({ hostMachineRequestId }) => Number(hostMachineRequestId))

    await fill(0, 20)
    t.equal(await bound(0, 0), 0)
    t.equal(await bound(0, 20), 0)
    t.equal(await bound(0, 17), 3)
    t.equal((await ids()).at(-1), 3)
    t.equal(await bound(1, 17), 5, 'what is a day old stays, what is older goes')
    t.equal((await ids()).at(-1), 8)
    t.equal(await bound(1, 2), 10)
    t.same(await ids(), [19, 18])

    // As when the clock stands still: all of one moment, and more than go in one statement. Several nodes at once.
    await fill(100, 1300, { requestTime: '2026-01-03T00:00:00.000Z' })
    t.equal(
      (await Promise.all([bound(0, 50), bound(0, 50), bound(0, 50)])).reduce((sum, removed) => sum + removed, 0),
      1252,
    )
    t.equal(await requestLog.count({}), 50, 'none too many went')
  })
}
