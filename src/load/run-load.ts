/** A whole load run: prepare, send, and sum up. */
import type { Clock, Random, Timers } from '../effects.js'
import { arrivalTimes } from '../sizing/arrivals.js'
import { seededChance } from '../sizing/chance.js'
import { watchMachine } from './machine-use.js'
import { runOpenLoop, type Sample } from './open-loop.js'
import { prepareRequests } from './prepare.js'
import { watchProgress, type LoadProgress } from './progress.js'
import { resultOf, type LoadPlan, type LoadResult } from './result.js'
import { createSender } from './send.js'

export interface LoadRun {
  readonly plan: LoadPlan
  /** Mail addresses: the first one publishes, all of them read. */
  readonly accounts: readonly string[]
  readonly password: string
  readonly timeoutMilliseconds: number
  /** Certificates in PEM that those of the servers may lead to. */
  readonly ca?: string | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** Told what is prepared. */
  readonly onPrepare: (text: string) => void
  /** Told once a second while load is sent. */
  readonly onProgress: (progress: LoadProgress) => void
  /** Ends the run; what was measured until then is the result. */
  readonly signal: AbortSignal
}

/** Milliseconds that requests get whose run is stopped. */
const grace = 1000

/**
 * The schedule and the operations follow from the seed alone.
 * @throws what a client would be told when sessions cannot be prepared; the signal's reason when it comes before load begins
 */
export async function runLoad(
  run: LoadRun,
): Promise<{ readonly result: LoadResult; readonly samples: readonly Sample[] }> {
  const { plan, accounts, password, timeoutMilliseconds, ca, clock, timers, random, signal, onPrepare, onProgress } =
    run
  const operations = plan.mix.map(({ operation }) => operation)
  const preparation = {
    url: plan.server,
    contents: plan.contents,
    operations,
    accounts,
    password,
    timeoutMilliseconds,
    ca,
    clock,
    random,
    progress: onPrepare,
    signal,
  }
  const requests = await prepareRequests(preparation)
  signal.throwIfAborted()
  const { connections } = plan
  const sender = createSender({ connections, timeoutMilliseconds, ca })
  const progress = watchProgress({ clock, timers }, plan.shape.seconds, onProgress)
  const stopWatching = watchMachine(clock)
  const arrivals = arrivalTimes(plan.shape, plan.arrivals, seededChance(plan.seed))
  const measured = await runOpenLoop({
    arrivals,
    mix: plan.mix,
    requests,
    sender,
    connections,
    chance: seededChance(plan.seed + 1),
    clock,
    timers,
    signal,
    grace,
    onSample: progress.add,
  })
  progress.stop()
  return {
    result: resultOf(plan, { ...measured, isStopped: signal.aborted, machine: stopWatching() }),
    samples: measured.samples,
  }
}
