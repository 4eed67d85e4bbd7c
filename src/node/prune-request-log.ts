/** One node of each cluster keeps the request log within its bounds. */
import { boundRequestLog, type RequestLogBound } from '../cluster/bound-request-log.js'
import type { NodeContext } from './context.js'

/** Milliseconds. */
const pruningInterval = 5 * 60_000

/**
 * Looks again and again, also at once, which records are too old or too many.
 * @returns ends it
 */
export function pruneRequestLog(context: NodeContext, bound: RequestLogBound): () => Promise<void> {
  if (bound.days === 0 && bound.rows === 0) return async () => undefined
  let pruning: Promise<void> | undefined
  const start = (): void => {
    pruning ??= prune(context, bound).finally(() => {
      pruning = undefined
    })
  }
  start()
  const timer = context.timers.every(pruningInterval, start)
  timer.unref()
  return async () => {
    timer.stop()
    await pruning
  }
}

async function prune({ store, nodeId, state, clock, log }: NodeContext, bound: RequestLogBound): Promise<void> {
  try {
    // The others have nothing to do then. Those that died leave the list by and by.
    const [first] = await store.members.list(state().name)
    if (first?.nodeId !== nodeId) return
    const removed = await boundRequestLog(store.requestLog, bound, clock.now())
    if (removed > 0) log.info({ removed }, 'the oldest records of the request log were removed')
  } catch (error) {
    log.warn({ why: error instanceof Error ? error.message : String(error) }, 'the request log could not be pruned')
  }
}
