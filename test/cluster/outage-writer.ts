/**
 * A child process of outage.test.ts: a node that logs one request after the other, eight at a time, and tells the ids of those whose
 * record is kept. Arguments: database, spool folder, node id, a prefix for its ids.
 */
import { createRequestLog } from '../../src/cluster/request-log.js'
import { createSpool } from '../../src/cluster/spool.js'
import { openStore } from '../../src/cluster/store/open.js'
import { systemClock, systemTimers } from '../../src/effects.js'
import { aMoment } from '../fixtures/until.js'
import { logRecord } from './log-record.js'

const [location = '', folder = '', nodeId = '', prefix = ''] = process.argv.slice(2)
const store = await openStore(location, { create: false })
const spool = createSpool({ folder, nodeId, limit: 1e8 })
const log = createRequestLog(store.requestLog, {
  clock: systemClock,
  timers: systemTimers,
  spool,
  retryInterval: 30,
  report: (event) => process.send?.({ event: event.kind }),
})
let count = 0
async function work(): Promise<never> {
  for (;;) {
    const id = `${prefix}-${++count}`
    await log.append(
      logRecord(id, {
        hostMachineName: nodeId,
        requestTime: new Date(Date.UTC(2026, 0, 1) + count * 1000).toISOString(),
      }),
    )
    process.send?.({ kept: `${nodeId} ${id}` })
    // Some air, so that the disk is not all that is tested.
    await aMoment()
  }
}
process.once('disconnect', () => process.exit())
await Promise.all(Array.from({ length: 8 }, work))
