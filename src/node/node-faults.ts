/** The faults of the lab, at a node: counted together with the other nodes, and told in its metrics. */
import type { Logger } from 'pino'
import type { Store } from '../cluster/store/open.js'
import type { Timers } from '../effects.js'
import type { LabControl } from '../lab/exchange.js'
import { faultControl, type FaultParts } from '../lab/faults/fault-control.js'
import type { NamedFault } from '../lab/faults/installed.js'
import type { Metrics } from './metrics.js'

export interface NodeFaultParts {
  readonly store: Store
  readonly metrics: Metrics
  readonly timers: Timers
  readonly log: Logger
  readonly headerFaults: boolean
}

export function nodeFaults({ store, metrics, timers, log, headerFaults }: NodeFaultParts): LabControl {
  const count = countingAlone(({ name, since }) => store.faultCounts.take({ name, since }), log)
  return faultControl({ timers, count, headerFaults, onStrike: metrics.struck })
}

/** Of faults that were ever set, so many at most. */
const mostRemembered = 1000

/** While the database is away the node counts on alone: a fault does not stop then, when a test is just about that. */
export function countingAlone(take: FaultParts['count'], log: Logger): FaultParts['count'] {
  const last = new Map<string, number>()
  const keep = (key: string, ordinal: number): number => {
    if (last.size > mostRemembered) last.clear()
    last.set(key, ordinal)
    return ordinal
  }
  return async (fault: NamedFault) => {
    const key = `${fault.since} ${fault.name}`
    try {
      return keep(key, await take(fault))
    } catch (error) {
      log.warn({ fault: fault.name, err: error }, 'the requests of a fault are counted by this server alone')
      return keep(key, (last.get(key) ?? 0) + 1)
    }
  }
}
