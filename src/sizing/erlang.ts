/**
 * The queue M/M/c: one line for all servers, exponential times. It is the best that c servers can do with such times; round robin over
 * separate queues does worse. Erlang's formulas, for instance in Cooper, Introduction to Queueing Theory, chapter 3.
 */

export interface SharedQueue {
  readonly servers: number
  /** Arrivals per second. */
  readonly rate: number
  /** Operations per second that one server does. */
  readonly perServer: number
}

/**
 * Share of arrivals that find all servers busy when nobody may wait.
 * @param load arrivals per service time, in erlangs
 */
export function erlangB(servers: number, load: number): number {
  let blocked = 1
  for (let count = 1; count <= servers; count++) blocked = (load * blocked) / (count + load * blocked)
  return blocked
}

/** Share of arrivals that must wait; 1 when the load is more than the servers can do. */
export function erlangC(servers: number, load: number): number {
  if (load >= servers) return 1
  const blocked = erlangB(servers, load)
  return (servers * blocked) / (servers - load * (1 - blocked))
}

/** Seconds an operation waits on average; Infinity when the load is too much. */
export function meanWait({ servers, rate, perServer }: SharedQueue): number {
  const spare = servers * perServer - rate
  return spare <= 0 ? Infinity : erlangC(servers, rate / perServer) / spare
}

/** Seconds from arrival to answer on average. */
export function meanResponse(queue: SharedQueue): number {
  return meanWait(queue) + 1 / queue.perServer
}

/** Share of operations whose answer takes longer than that many seconds. */
export function shareSlowerThan(seconds: number, { servers, rate, perServer }: SharedQueue): number {
  const spare = servers * perServer - rate
  if (spare <= 0) return 1
  const waits = erlangC(servers, rate / perServer)
  const served = Math.exp(-perServer * seconds)
  const difference = spare - perServer
  // Both times of nearly the same length: the limit of the formula below.
  if (Math.abs(difference) < 1e-9 * perServer) return served * (1 + waits * perServer * seconds)
  return served + (waits * perServer * (served - Math.exp(-spare * seconds))) / difference
}

/**
 * Seconds within which that percentage of operations is answered; Infinity when the load is too much.
 * @param percentage above 0, below 100
 */
export function responsePercentile(percentage: number, queue: SharedQueue): number {
  const slower = 1 - percentage / 100
  if (queue.rate >= queue.servers * queue.perServer) return Infinity
  let [low, high] = [0, 1 / queue.perServer]
  while (shareSlowerThan(high, queue) > slower) high *= 2
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2
    if (shareSlowerThan(middle, queue) > slower) low = middle
    else high = middle
  }
  return high
}
