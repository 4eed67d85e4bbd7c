/** What /metrics tells: the counters of the genuine servers (requests, failures, processing time per operation), and the time of each step. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { besideProcess } from '../process-metrics.js'
import type { StepObserver } from '../services/steps.js'
import { createHistogram, type Observe } from './histogram.js'

export interface Metrics {
  /** All that there is to tell, now. */
  readonly registry: () => Registry
  /** For one request of an operation. */
  readonly stepObserver: (operation: string) => StepObserver
  /** @param failure exception name or HTTP reason; undefined for a request that succeeded */
  readonly count: (operation: string, seconds: number, failure: string | undefined) => void
  /** For one request with parameters in a namespace that Windows does not look into. */
  readonly foreignParameters: (operation: string, fate: string) => void
  /** Something was let pass that the specification has otherwise. */
  readonly lenient: (operation: string, what: string) => void
  /** For one request whose turn has come at the emulated server. */
  readonly waited: (seconds: number) => void
  readonly refusedByQueue: () => void
  /** For one request that a fault of the lab touched. */
  readonly struck: (fault: string) => void
  /** @param active what is set in the lab, now, each in a few words */
  readonly watchLab: (active: () => readonly string[]) => void
  /** @param length requests that wait, now */
  readonly watchQueue: (length: () => number) => void
}

const buckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
const waitBuckets = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]

export function createMetrics(nodeId: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'rms_requests_total',
    help: 'Requests by operation',
    labelNames: ['operation'],
    registers,
  })
  const failures = new Counter({
    name: 'rms_failures_total',
    help: 'Refused requests by operation and reason',
    labelNames: ['operation', 'reason'],
    registers,
  })
  const duration = createHistogram(registry, {
    name: 'rms_request_duration_seconds',
    help: 'Time of requests by operation',
    labelNames: ['operation'],
    buckets,
  })
  const steps = createHistogram(registry, {
    name: 'rms_step_duration_seconds',
    help: 'Time of steps',
    labelNames: ['operation', 'step'],
    buckets,
  })
  const lenient = new Counter({
    name: 'rms_lenient_total',
    help: 'Requests that were let pass, though a specification has it otherwise: --profile strict refuses them',
    labelNames: ['operation', 'what'],
    registers,
  })
  const foreign = new Counter({
    name: 'rms_foreign_parameters_total',
    help: 'Requests with a parameter in a wrong namespace, which Windows would not see',
    labelNames: ['operation', 'fate'],
    registers,
  })
  const waits = new Histogram({
    name: 'rms_queue_wait_seconds',
    help: 'Time that requests waited for the emulated server',
    buckets: waitBuckets,
    registers,
  })
  const refused = new Counter({
    name: 'rms_queue_refused_total',
    help: 'Requests refused with 503 because too many waited',
    registers,
  })
  const struck = new Counter({
    name: 'rms_lab_faults_total',
    help: 'Requests that a fault of the lab touched',
    labelNames: ['fault'],
    registers,
  })
  const durations = new Map<string, Observe>()
  const stepObservers = new Map<string, StepObserver>()
  return {
    registry: besideProcess(registry, 'rms_', { node: nodeId }),
    stepObserver: (operation) =>
      once(stepObservers, operation, () => observerOfSteps((step) => steps(operation, step))),
    count: (operation, seconds, failure) => {
      requests.inc({ operation })
      once(durations, operation, () => duration(operation))(seconds)
      if (failure !== undefined) failures.inc({ operation, reason: failure })
    },
    lenient: (operation, what) => lenient.inc({ operation, what }),
    foreignParameters: (operation, fate) => foreign.inc({ operation, fate }),
    waited: (seconds) => waits.observe(seconds),
    refusedByQueue: () => refused.inc(),
    struck: (fault) => struck.inc({ fault }),
    watchLab: (active) => {
      const collect = function (this: Gauge): void {
        this.reset()
        for (const control of active()) this.set({ control }, 1)
      }
      const help = 'What is set in the lab: 1 for each clock, fault and server that is not as in a product'
      registry.registerMetric(
        new Gauge({ name: 'rms_lab_active', help, labelNames: ['control'], registers: [], collect }),
      )
    },
    watchQueue: (length) => {
      const collect = function (this: Gauge): void {
        this.set(length())
      }
      registry.registerMetric(
        new Gauge({
          name: 'rms_queue_length',
          help: 'Requests that wait for the emulated server',
          registers: [],
          collect,
        }),
      )
    },
  }
}

function observerOfSteps(observing: (step: string) => Observe): StepObserver {
  const observers = new Map<string, Observe>()
  return (step, milliseconds) => once(observers, step, () => observing(step))(milliseconds / 1000)
}

/** Names of operations and steps are few: they come from our tables, not from requests. */
function once<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const before = known.get(name)
  if (before !== undefined) return before
  const made = make()
  known.set(name, made)
  return made
}
