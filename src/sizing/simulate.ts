/**
 * What really happens at a cluster: requests go to the servers in turn, and each server has a queue of its own. A server whose queue is full
 * refuses, and the balancer asks the next one, until every server has refused.
 */
import type { Chance } from './chance.js'
import { serviceSeconds, type EmulatedServer } from './emulated-server.js'
import { summaryOf, type Summary } from './percentiles.js'

export interface ClusterModel {
  readonly servers: number
  readonly server: EmulatedServer
  /** Of service times. */
  readonly chance: Chance
}

export interface Simulated {
  readonly offered: number
  /** Requests that every server refused. */
  readonly refused: number
  /** Seconds from arrival to answer, of those that were served. */
  readonly response: Summary
  /** The same, ascending. */
  readonly responses: Float64Array
  /** Answers per second, from the first arrival to the last answer. */
  readonly servedPerSecond: number
  /** Share of the time that servers worked. */
  readonly utilization: number
  /** Answers of each server. */
  readonly served: readonly number[]
}

/**
 * @param arrivals seconds, ascending
 * @param skipped first requests that are not counted, while queues fill to their usual length
 */
export function simulateCluster(
  arrivals: Iterable<number>,
  { servers, server, chance }: ClusterModel,
  skipped = 0,
): Simulated {
  const queues = Array.from({ length: servers }, createQueue)
  const responses: number[] = []
  const served = queues.map(() => 0)
  let [seen, refused, turn, worked] = [0, 0, 0, 0]
  let first: number | undefined
  let end = 0
  for (const time of arrivals) {
    const isCounted = ++seen > skipped
    if (isCounted) first ??= time
    const chosen = choose(queues, turn, time, server.queueLimit)
    // The balancer begins behind the last one it asked.
    turn = ((chosen ?? turn + servers - 1) + 1) % servers
    if (chosen === undefined) {
      if (isCounted) refused++
      continue
    }
    const service = serviceSeconds(server, chance)
    const answered = queues[chosen]?.enter(time, service) ?? time
    if (!isCounted) continue
    responses.push(answered - time)
    served[chosen] = (served[chosen] ?? 0) + 1
    worked += service
    end = Math.max(end, answered)
  }
  const seconds = end - (first ?? 0)
  return {
    offered: Math.max(0, seen - skipped),
    refused,
    response: summaryOf(responses),
    responses: Float64Array.from(responses).toSorted(),
    servedPerSecond: seconds > 0 ? responses.length / seconds : 0,
    utilization: seconds > 0 ? Math.min(1, worked / (seconds * servers)) : 0,
    served,
  }
}

interface Queue {
  /** Requests that wait, without the one that is worked on; -1 when the server rests. */
  waitingAt(time: number): number
  /** @returns when the answer is there */
  enter(time: number, service: number): number
}

function choose(queues: readonly Queue[], turn: number, time: number, limit: number): number | undefined {
  for (let step = 0; step < queues.length; step++) {
    const index = (turn + step) % queues.length
    if ((queues[index]?.waitingAt(time) ?? 0) < limit) return index
  }
  return undefined
}

function createQueue(): Queue {
  /** When each request ends; those before `head` have ended. */
  let ends: number[] = []
  let head = 0
  return {
    waitingAt: (time) => {
      while (head < ends.length && (ends[head] ?? 0) <= time) head++
      if (head > 1000) {
        ends = ends.slice(head)
        head = 0
      }
      return ends.length - head - 1
    },
    enter: (time, service) => {
      const answered = Math.max(time, ends.at(-1) ?? 0) + service
      ends.push(answered)
      return answered
    },
  }
}
