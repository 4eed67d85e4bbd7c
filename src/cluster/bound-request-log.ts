/** Keeps the request log from growing without end: the oldest records go, by age and by number, a few at a time. */
import type { RequestLogPosition, RequestLogStore } from './store/request-log-store.js'

export interface RequestLogBound {
  /** Records of requests that are older go; 0: none do. */
  readonly days: number
  /** Of more records the oldest go; 0: none do. */
  readonly rows: number
}

/** In one statement: writers wait no longer than for this. */
const rowsAtOnce = 500

const millisecondsPerDay = 86_400_000

/**
 * What goes is decided before anything goes, so that several nodes may do this at once, and none takes more than is to go.
 * @param now of the clock that requests are dated by
 * @returns how many records went
 * @throws DatabaseAway
 */
export async function boundRequestLog(
  store: Pick<RequestLogStore, 'newestBeyond' | 'removeUpTo'>,
  { days, rows }: RequestLogBound,
  now: Date,
): Promise<number> {
  const tooMany = rows === 0 ? undefined : await store.newestBeyond(rows)
  return (days === 0 ? 0 : await removeAll(store, olderThan(days, now))) + (await removeAll(store, tooMany))
}

/** Before all records of that time. */
function olderThan(days: number, now: Date): RequestLogPosition {
  const requestTime = new Date(now.getTime() - days * millisecondsPerDay).toISOString()
  return { requestTime, hostMachineName: '', hostMachineRequestId: '' }
}

async function removeAll(
  store: Pick<RequestLogStore, 'removeUpTo'>,
  position: RequestLogPosition | undefined,
): Promise<number> {
  if (position === undefined) return 0
  let removed = 0
  for (;;) {
    const more = await store.removeUpTo(position, rowsAtOnce)
    removed += more
    // Fewer than asked for may mean that another node took the others.
    if (more === 0) return removed
  }
}
