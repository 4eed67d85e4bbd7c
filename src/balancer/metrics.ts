/** What /metrics tells. Counters live as plain numbers where they are counted and are read when somebody asks, so that requests cost nothing. */
import { Gauge, Histogram, Registry } from 'prom-client'
import { besideProcess } from '../process-metrics.js'
import type { BalancedCluster } from './cluster.js'
import type { Listener } from './listener.js'

export interface BalancerMetrics {
  /** All that there is to tell, now. */
  readonly registry: () => Registry
  /** For the requests of one cluster. */
  readonly observer: (cluster: string) => (status: number, milliseconds: number) => void
}

export interface Observed {
  readonly cluster: BalancedCluster
  readonly listeners: readonly Listener[]
}

const buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

/** @param observed called at each scrape */
export function createBalancerMetrics(observed: () => readonly Observed[]): BalancerMetrics {
  const registry = new Registry()
  const registers = [registry]
  const duration = new Histogram({
    name: 'rms_balancer_request_duration_seconds',
    help: 'Time of requests, from headers to the last byte',
    labelNames: ['cluster'],
    buckets,
    registers,
  })
  const statuses = new Map<string, Map<number, number>>()

  function gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    const made = new Gauge({
      name: `rms_balancer_${name}`,
      help,
      labelNames,
      registers,
      collect: () => {
        made.reset()
        collect((labels, value) => made.set(labels, value))
      },
    })
  }
  function nodeGauge(
    name: string,
    help: string,
    read: (node: ReturnType<BalancedCluster['nodes']>[number]) => number,
  ): void {
    gauge(name, help, ['cluster', 'node'], (set) => {
      for (const { cluster } of observed())
        for (const node of cluster.nodes()) set({ cluster: cluster.name, node: node.id }, read(node))
    })
  }

  gauge('requests_total', 'Requests by status; 0 for clients that went away', ['cluster', 'status'], (set) => {
    for (const [cluster, counts] of statuses)
      for (const [status, count] of counts) set({ cluster, status: String(status) }, count)
  })
  nodeGauge('node_ready', 'Whether the node takes requests', (node) => (node.state === 'ready' ? 1 : 0))
  nodeGauge('node_requests_total', 'Requests sent to the node', (node) => node.counters.requests)
  nodeGauge('node_failures_total', 'Requests that the node did not answer', (node) => node.counters.failures)
  nodeGauge('node_moved_total', 'Requests that went on to another node', (node) => node.counters.movedAway)
  nodeGauge('node_running', 'Requests that are with the node', (node) => node.running)
  nodeGauge('node_pinned_connections', 'Client connections that belong to the node', (node) => node.pins.size)
  nodeGauge('node_failed_checks_total', 'Checks that found the node not ready', (node) => node.counters.failedChecks)
  gauge('client_connections', 'Open client connections', ['cluster', 'listener'], (set) => {
    for (const { cluster, listeners } of observed())
      for (const listener of listeners) set({ cluster: cluster.name, listener: listener.name }, listener.connections())
  })
  gauge(
    'dropped_connections_total',
    'Connections closed because there were too many',
    ['cluster', 'listener'],
    (set) => {
      for (const { cluster, listeners } of observed())
        for (const listener of listeners)
          set({ cluster: cluster.name, listener: listener.name }, listener.counters().dropped)
    },
  )

  return {
    registry: besideProcess(registry, 'rms_balancer_', {}),
    observer: (cluster) => {
      const time = duration.labels(cluster)
      const counts = new Map<number, number>()
      statuses.set(cluster, counts)
      return (status, milliseconds) => {
        counts.set(status, (counts.get(status) ?? 0) + 1)
        time.observe(milliseconds / 1000)
      }
    },
  }
}
