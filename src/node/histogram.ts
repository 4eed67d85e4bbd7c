/**
 * A histogram of Prometheus whose labels are looked up once and not with each observation, as prom-client does it: a request is observed a dozen
 * times. prom-client's registry writes it out with the others.
 */
import type { Metric, Registry } from 'prom-client'

export interface HistogramOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[]
}

/** Takes one observation, in seconds. */
export type Observe = (seconds: number) => void

interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** One for each bucket, and one for what is above them all. */
  readonly counts: number[]
  sum: number
}

/** @returns gives the place of observations with these values of the labels, in the order of their names; whoever observes often keeps it */
export function createHistogram(
  registry: Registry,
  { name, help, labelNames, buckets }: HistogramOptions,
): (...labelValues: readonly string[]) => Observe {
  const allSeries: Series[] = []
  const get = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: allSeries.flatMap((series) => valuesOf(name, buckets, series)),
  })
  registry.registerMetric({ name, get } as unknown as Metric)
  return (...labelValues) => {
    const labels = Object.fromEntries(labelNames.map((label, index) => [label, labelValues[index] ?? '']))
    const series: Series = { labels, counts: Array.from({ length: buckets.length + 1 }, () => 0), sum: 0 }
    allSeries.push(series)
    return (seconds) => {
      let bucket = 0
      while (seconds > (buckets[bucket] ?? Infinity)) bucket++
      series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
      series.sum += seconds
    }
  }
}

interface SeriesValue {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName: string
}

function valuesOf(name: string, buckets: readonly number[], { labels, counts, sum }: Series): readonly SeriesValue[] {
  let count = 0
  const values = counts.map((own, index): SeriesValue => {
    count += own
    return { labels: { le: buckets[index] ?? '+Inf', ...labels }, value: count, metricName: `${name}_bucket` }
  })
  return [
    ...values,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ]
}
