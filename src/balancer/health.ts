/**
 * What state a node is in. Its own word counts: /readyz is asked again and again, quickly while the state is not known or has just changed for the
 * worse, and at once when a request fails. A request that failed is no proof, as a client may have made it fail; only a refused connection is.
 * What waits at a node that says nothing any more, as one that hangs, goes to another one, once: nobody waits for the time of an answer, but a request
 * that silences each node that it comes to.
 */
import type { Logger } from 'pino'
import type { Clock, Timer, Timers } from '../effects.js'
import { askReady, type Readiness } from './ask-ready.js'
import type { BalancedNode, NodeState } from './node.js'
import type { Limits } from './options.js'

/** Checks in a row without a word of the node after which it counts as down: a busy one is slow, and may drop a connection. */
const patience = 3
/** That many quick checks, then the usual interval. */
const quickChecks = 50

export interface ClusterEffects {
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Logger
  /** Called after every change of a node's state. */
  readonly changed: () => void
}

export interface Watch {
  /** Checks now; what a check says that began before does not count. */
  check(): void
  stop(): void
}

/** Checks the node at once and then until it is stopped. */
export function watchNode(node: BalancedNode, limits: Limits, effects: ClusterEffects): Watch {
  const { clock, timers, log, changed } = effects
  let timer: Timer | undefined
  let stopped = false
  let isAsking = false
  /** Another check is wanted as soon as the one that runs has ended. */
  let isAwaited = false
  /** What the check that runs will say was true before something that is known since. */
  let isStale = false
  let silences = 0
  let quick = 0

  function become(state: NodeState, reason: string): void {
    if (node.state === state) return
    log[state === 'down' ? 'warn' : 'info'](
      { node: node.id, url: node.url, state, reason },
      `node ${node.id} is ${state}`,
    )
    quick = 0
    node.state = state
    node.reason = reason
    node.since = clock.now()
    changed()
  }

  /** @param isBusy it answers requests, and the check waits behind them: if all such nodes were down, nobody would be left to send anything to */
  function judge({ says, reason }: Readiness, isBusy: boolean): void {
    silences = says === 'nothing' && !isBusy ? silences + 1 : 0
    node.isSilent = silences >= patience
    if (says !== 'ready') node.counters.failedChecks++
    if (node.state === 'draining' || says === 'unknown') return
    if (says === 'ready') become('ready', reason)
    else if (says !== 'nothing') become('down', reason)
    else if (!isBusy && (node.state !== 'ready' || silences >= patience)) become('down', reason)
  }

  async function ask(): Promise<void> {
    isAsking = true
    isAwaited = false
    isStale = false
    const answersBefore = answersOf(node)
    const readiness = await askReady(node.url, limits.checkTimeout, timers)
    isAsking = false
    if (stopped) return
    node.counters.checks++
    if (!isStale) {
      judge(readiness, answersOf(node) > answersBefore)
      // Also when it drains: what it has would never be finished.
      if (node.isSilent) for (const moveOn of node.waiting) moveOn()
    }
    if (isAwaited) {
      void ask()
      return
    }
    const isSure = node.state === 'draining' || (node.state === 'ready' && silences === 0)
    const isQuick = !isSure && quick++ < quickChecks
    timer = timers.after(isQuick ? limits.quickCheckInterval : limits.checkInterval, askSoon)
    timer.unref()
  }

  function askSoon(): void {
    timer?.stop()
    if (stopped) return
    if (isAsking) isAwaited = true
    else void ask()
  }

  function check(): void {
    isStale = true
    askSoon()
  }

  node.suspect = () => {
    if (node.state === 'ready') askSoon()
  }
  node.refused = (reason) => {
    if (node.state === 'draining' || node.state === 'down') return
    become('down', reason)
    check()
  }
  askSoon()
  return {
    check,
    stop: () => {
      stopped = true
      timer?.stop()
    },
  }
}

function answersOf({ counters }: BalancedNode): number {
  return counters.answers.reduce((sum, count) => sum + count, 0)
}
