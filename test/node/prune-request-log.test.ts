/** One node of a cluster keeps the request log within its bounds; when it leaves, another one does. */
import { EventEmitter, on } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import { startNode, type RunningNode } from '../../src/node/start.js'
import { logRecord } from '../cluster/log-record.js'
import { databases } from '../cluster/postgres.js'
import { testClock } from '../fixtures/test-clock.js'

const minutes = 60_000

for (const { name, fresh } of databases(t))
  t.test(name, async (t) => {
    const database = await fresh()
    const clock = testClock('2026-02-01T00:00:00.000Z')
    const said = new EventEmitter()
    const log = pino({ level: 'info' }, { write: (line) => void said.emit('line', JSON.parse(line)) })
    const started: RunningNode[] = []
    t.teardown(async () => {
      for (const node of started) await node.close()
    })
    const start = async (nodeId: string): Promise<RunningNode> => {
      const requestLogBound = { days: 20, rows: 5 }
      // An hour: they say nothing of themselves while this runs.
      const settings = { configurationRefreshIntervalSeconds: 3600 }
      const node = await startNode({ database, nodeId, clock, timers: clock, log, requestLogBound, settings })
      started.push(node)
      return node
    }
    const first = await start('root-1')
    await clock.advance(1000)
    const { store } = (await start('root-2')).context
    const add = (from: number, count: number, requestTime: string) => {
      const one = (id: number) => ({ ...logRecord(from + id, { requestTime }), logCreateTime: requestTime })
      return store.requestLog.insert(Array.from({ length: count }, (_, id) => one(id)))
    }
    const pruned = async (): Promise<unknown> => {
      for await (const [line] of on(said, 'line') as AsyncIterable<readonly [Record<string, unknown>]>)
        if (/removed|pruned/.test(String(line['msg']))) return line
      return undefined
    }

    await add(0, 8, '2026-01-31T00:00:00.000Z')
    const byFirst = pruned()
    await clock.advance(5 * minutes)
    t.match(await byFirst, { server: 'root-1', removed: 3 })
    t.equal(await store.requestLog.count({}), 5)

    started.shift()
    await first.close()
    await add(100, 2, '2026-01-02T00:00:00.000Z')
    const bySecond = pruned()
    await clock.advance(5 * minutes)
    t.match(await bySecond, { server: 'root-2', removed: 2 }, 'older than 20 days')
    t.equal(await store.requestLog.count({}), 5)
  })
