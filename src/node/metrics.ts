/** What /metrics tells: the counters of the genuine servers (requests, failures, processing time per operation), and the time of each step. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { StepObserver } from '../services/steps.js'

export interface Metrics {
  readonly registry: Registry
  /** For one request of an operation. */
  readonly stepObserver: (operation: string) => StepObserver
  /** @param failure exception name or HTTP reason; undefined for a request that succeeded */
  readonly count: (operation: string, seconds: number, failure: string | undefined) => void
  /** For one request whose turn has come at the emulated server. */
  readonly waited: (seconds: number) => void
  readonly refusedByQueue: () => void
  /** @param length requests that wait, now */
  readonly watchQueue: (length: () => number) => void
}

const buckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
const waitBuckets = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]

export function createMetrics(nodeId: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ node: nodeId })
  collectDefaultMetrics({ register: registry, prefix: 'rms_' })
  const registers = [registry]
  const requests = new Counter({ name: 'rms_requests_total', help: 'Requests by operation', labelNames: ['operation'], registers })
  const failures = new Counter({ name: 'rms_failures_total', help: 'Refused requests by operation and reason', labelNames: ['operation', 'reason'], registers })
  const duration = new Histogram({ name: 'rms_request_duration_seconds', help: 'Time of requests by operation', labelNames: ['operation'], buckets, registers })
  const steps = new Histogram({ name: 'rms_step_duration_seconds', help: 'Time of steps', labelNames: ['operation', 'step'], buckets, registers })
  const waits = new Histogram({ name: 'rms_queue_wait_seconds', help: 'Time that requests waited for the emulated server', buckets: waitBuckets, registers })
  const refused = new Counter({ name: 'rms_queue_refused_total', help: 'Requests refused with 503 because too many waited', registers })
  return {
    registry,
    stepObserver: (operation) => (step, milliseconds) => steps.observe({ operation, step }, milliseconds / 1000),
    count: (operation, seconds, failure) => {
      requests.inc({ operation })
      duration.observe({ operation }, seconds)
      if (failure !== undefined) failures.inc({ operation, reason: failure })
    },
    waited: (seconds) => waits.observe(seconds),
    refusedByQueue: () => refused.inc(),
    watchQueue: (length) => {
      const collect = function (this: Gauge): void {
        this.set(length())
      }
      registry.registerMetric(new Gauge({ name: 'rms_queue_length', help: 'Requests that wait for the emulated server', registers: [], collect }))
    },
  }
}
