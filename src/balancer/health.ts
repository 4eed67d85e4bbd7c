/** Active checks: asks a node's /readyz again and again, quickly while its state is not known or has just changed for the worse. */
import { get } from 'node:http'
import { get as getByTls } from 'node:https'
import type { Logger } from 'pino'
import type { Clock } from '../effects.js'
import type { BalancedNode, NodeState } from './node.js'
import type { Limits } from './options.js'

/** Checks in a row that must time out before a node counts as down: a busy node is slow, a dead one refuses. */
const patience = 3
/** That many quick checks, then the usual interval. */
const quickChecks = 50

export interface ClusterEffects {
  readonly clock: Clock
  readonly log: Logger
  /** Called after every change of a node's state. */
  readonly changed: () => void
}

export interface Watch {
  /** Checks now. */
  check(): void
  stop(): void
}

interface CheckResult {
  readonly ready: boolean
  readonly timedOut: boolean
  readonly reason: string
}

/** Checks the node at once and then until it is stopped; `node.suspect` marks it down and checks at once. */
export function watchNode(node: BalancedNode, limits: Limits, { clock, log, changed }: ClusterEffects): Watch {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  /** Results of checks that began before the last change from outside are stale. */
  let generation = 0
  let timeouts = 0
  let quick = 0

  function become(state: NodeState, reason: string): void {
    if (node.state === state) return
    log[state === 'down' ? 'warn' : 'info'](
      { node: node.id, url: node.url, state, reason },
      `node ${node.id} is ${state}`,
    )
    if (state === 'down') quick = 0
    node.state = state
    node.reason = reason
    node.since = clock.now()
    changed()
  }

  /** @param isBusy it answers requests, and the check waits behind them: if all such nodes were down, nobody would be left to send anything to */
  function judge(result: CheckResult, isBusy: boolean): void {
    node.counters.checks++
    timeouts = result.timedOut && !isBusy ? timeouts + 1 : 0
    if (!result.ready) node.counters.failedChecks++
    if (node.state === 'draining' || isBusy) return
    if (result.ready) become('ready', result.reason)
    else if (!result.timedOut || node.state !== 'ready' || timeouts >= patience) become('down', result.reason)
  }

  function check(): void {
    clearTimeout(timer)
    if (stopped) return
    void checkOnce(++generation)
  }

  async function checkOnce(mine: number): Promise<void> {
    const answersBefore = answersOf(node)
    const result = await askReady(node.url, limits.checkTimeout)
    if (stopped || mine !== generation) return
    judge(result, result.timedOut && answersOf(node) > answersBefore)
    const isQuick = node.state !== 'ready' && node.state !== 'draining' && quick++ < quickChecks
    timer = setTimeout(check, isQuick ? limits.quickCheckInterval : limits.checkInterval)
    timer.unref()
  }

  node.suspect = (reason) => {
    if (node.state === 'draining' || node.state === 'down') return
    become('down', reason)
    check()
  }
  check()
  return {
    check,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

function answersOf({ counters }: BalancedNode): number {
  return counters.answers.reduce((sum, count) => sum + count, 0)
}

/** A connection of its own for each check: a node that no longer accepts connections is not ready, whatever old ones do. Never rejects. */
function askReady(url: string, timeout: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeout)
    const failed = (error: Error): void => {
      const reason = signal.aborted ? `/readyz did not answer within ${timeout} ms` : `/readyz: ${error.message}`
      resolve({ ready: false, timedOut: signal.aborted, reason })
    }
    const ask = url.startsWith('https:') ? getByTls : get
    const request = ask(
      new URL('/readyz', url),
      { agent: false, signal, headers: { connection: 'close' } },
      (answer) => {
        const ready = answer.statusCode === 200
        answer.on('error', failed)
        answer.resume()
        resolve({ ready, timedOut: false, reason: `/readyz answered ${answer.statusCode}` })
      },
    )
    request.on('error', failed)
  })
}
