/**
 * The open loop: requests go out when the schedule says, whatever became of those before them. Times are counted from the scheduled
 * arrival, so that nothing that was late, here or there, is left out.
 */
import { pause, type Clock, type Timer, type Timers } from '../effects.js'
import type { Chance } from '../sizing/chance.js'
import { notSent } from './answer.js'
import { chooseOperation, type LoadOperation, type MixPart } from './operations.js'
import type { PreparedRequests } from './prepare.js'
import type { Sender } from './send.js'

export interface Sample {
  /** Scheduled arrival, in seconds from the start. */
  readonly at: number
  readonly operation: LoadOperation
  /** Milliseconds from the scheduled arrival to the sending. */
  readonly late: number
  /** Milliseconds from the scheduled arrival to the whole answer, or to giving up. */
  readonly took: number
  readonly outcome: string
  readonly node: string | undefined
}

export interface OpenLoop {
  /** Seconds from the start, ascending. */
  readonly arrivals: Iterable<number>
  readonly mix: readonly MixPart[]
  readonly requests: PreparedRequests
  readonly sender: Sender
  /** Requests that may be under way at the same time. */
  readonly connections: number
  readonly chance: Chance
  readonly clock: Clock
  readonly timers: Timers
  /** Ends the schedule early; what is under way gets `grace` milliseconds. */
  readonly signal: AbortSignal
  readonly grace: number
  readonly onSample: (sample: Sample, underWay: number) => void
}

/** Resolves when every request has its answer or has been given up. Closes the sender. */
export async function runOpenLoop(
  loop: OpenLoop,
): Promise<{ readonly samples: readonly Sample[]; readonly seconds: number }> {
  const { arrivals, mix, requests, sender, connections, chance, clock, timers, signal, onSample } = loop
  const samples: Sample[] = []
  const underWay = new Set<Promise<void>>()
  const turns = new Map<LoadOperation, number>()
  const start = clock.monotonic()
  const record = (sample: Sample): void => {
    samples.push(sample)
    onSample(sample, underWay.size)
  }
  const shoot = async (at: number, operation: LoadOperation, late: number): Promise<void> => {
    const prepared = requests[operation] ?? []
    const turn = turns.get(operation) ?? 0
    turns.set(operation, turn + 1)
    const request = prepared[turn % prepared.length]
    if (request === undefined) throw new RangeError(`No requests were prepared for ${operation}`)
    const { outcome, node } = await sender.send(request)
    record({ at, operation, late, took: clock.monotonic() - start - at * 1000, outcome, node })
  }
  for (const at of arrivals) {
    const left = start + at * 1000 - clock.monotonic()
    if (left > 0) await pause(timers, left, signal)
    if (signal.aborted) break
    const operation = chooseOperation(mix, chance())
    const late = clock.monotonic() - start - at * 1000
    if (underWay.size >= connections) {
      record({ at, operation, late, took: late, outcome: notSent, node: undefined })
      continue
    }
    const one = shoot(at, operation, late).finally(() => underWay.delete(one))
    underWay.add(one)
  }
  const seconds = (clock.monotonic() - start) / 1000
  await finish(underWay, loop)
  return { samples, seconds }
}

/** Those under way have as long as the sender lets them, or the grace when the run was stopped. */
async function finish(
  underWay: ReadonlySet<Promise<void>>,
  { sender, signal, grace, timers }: OpenLoop,
): Promise<void> {
  const all = Promise.all(underWay)
  let timer: Timer | undefined
  const giveUp = (): void => {
    timer ??= timers.after(grace, () => void sender.close())
  }
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  await all
  timer?.stop()
  signal.removeEventListener('abort', giveUp)
  await sender.close()
}
