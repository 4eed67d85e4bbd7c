/** The report of a load run as one page that needs nothing else: no scripts, no other files, no network. */
import { barChart } from '../charts/bar-chart.js'
import { colors, number } from '../charts/frame.js'
import { lineChart } from '../charts/line-chart.js'
import { document, section, table, tile } from '../charts/page.js'
import { element, joined, text, type Markup } from '../xml/write.js'
import { compareRuns, differentPlans } from './compare.js'
import { soapNames } from './operations.js'
import type { LoadResult, Slice } from './result.js'
import { limitSentence, sentences, time } from './sentences.js'

const [blue, red, green, orange] = colors

/** @param before the run to compare with */
export function reportPage(result: LoadResult, before: LoadResult | undefined): string {
  const { plan, limits } = result
  const [headline = '', ...others] = sentences(result)
  return document(
    'Load on an RMS cluster',
    `${plan.server} · ${plan.date.slice(0, 16).replace('T', ' ')} UTC · ${described(result)}`,
    element('p', { class: 'headline' }, text(headline)),
    others.map((other) => element('p', {}, text(other))),
    element('p', { class: limits.length === 0 ? 'note good' : 'note bad' }, text(limitSentence(result))),
    tiles(result),
    section(
      'Over time',
      'Offered is what came in, by time of arrival; answered and refused by time of the answer. Where answered stays below offered, requests queue.',
      rates(result),
      latencies(result),
    ),
    section(
      'How long an answer takes',
      'From the moment a request was due, queues and late sending included, to the last byte of the answer. Read across from 95 % to find the p95.',
      distribution(result),
    ),
    section(
      'Servers',
      'Who gave the answers, as they say themselves (X-Served-By). Round robin gives equal shares.',
      servers(result),
    ),
    section('Operations', undefined, operations(result)),
    section('Refused or failed', undefined, refusals(result)),
    before === undefined
      ? undefined
      : section(
          'Compared with the last run',
          `The last one: ${before.plan.date.slice(0, 16).replace('T', ' ')} UTC.`,
          comparison(before, result),
        ),
    section('The run', undefined, settings(result)),
  )
}

function described({ plan: { shape, arrivals }, isStopped, seconds }: LoadResult): string {
  const kind = { constant: 'constant load', ramp: 'rising load', daily: 'a working day', spike: 'a mail to all staff' }[
    shape.name
  ]
  const stopped = isStopped ? `, stopped after ${number(seconds)} s` : ''
  return `${kind}, up to ${number(shape.highestRate)}/s, ${arrivals === 'even' ? 'evenly spaced' : 'independent'} arrivals, ${number(shape.seconds)} s${stopped}`
}

function tiles({ offeredPerSecond, answeredPerSecond, offered, answered, latency }: LoadResult): Markup {
  const missing = offered - answered
  return element(
    'div',
    { class: 'tiles' },
    tile('offered', `${number(offeredPerSecond)}/s`, `${number(offered)} requests`),
    tile('answered', `${number(answeredPerSecond)}/s`, `${number(answered)} answers`),
    tile('refused or failed', share(missing, offered), `${number(missing)} requests`),
    tile('half within (p50)', time(latency.p50), 'of answers'),
    tile('95 % within (p95)', time(latency.p95), 'of answers'),
    tile('99 % within (p99)', time(latency.p99), 'of answers'),
  )
}

/** A curve through the middle of each part of the run. */
function curve(slices: readonly Slice[], of: (slice: Slice) => number): (readonly [number, number])[] {
  return slices.map((slice, index) => [(slice.until + (slices[index - 1]?.until ?? 0)) / 2, of(slice)])
}

function rates({ slices }: LoadResult): Markup {
  const lines = [
    { name: 'offered', color: blue, isFilled: true, points: curve(slices, ({ offered }) => offered) },
    { name: 'answered', color: green, points: curve(slices, ({ answered }) => answered) },
    { name: 'refused or failed', color: red, points: curve(slices, ({ refused }) => refused) },
  ]
  return lineChart({
    title: 'Requests',
    x: 'seconds since the start',
    y: 'per second',
    lines,
    highestX: slices.at(-1)?.until ?? 1,
  })
}

function latencies({ slices }: LoadResult): Markup {
  const lines = [
    { name: 'p99', color: red, points: curve(slices, ({ p99 }) => p99) },
    { name: 'p95', color: orange, points: curve(slices, ({ p95 }) => p95) },
    { name: 'p50', color: blue, points: curve(slices, ({ p50 }) => p50) },
  ]
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite)
  const isLogarithmic = Math.max(...values) > 50 * Math.min(...values)
  const y = isLogarithmic ? 'milliseconds, logarithmic' : 'milliseconds'
  return lineChart({
    title: 'Time to the answer, by time of arrival',
    x: 'seconds since the start',
    y,
    lines,
    isLogarithmic,
    highestX: slices.at(-1)?.until ?? 1,
  })
}

function distribution({ distribution: points }: LoadResult): Markup {
  if (points.length === 0) return element('p', {}, text('Nothing was answered.'))
  const line = {
    name: 'answers that came within that time',
    color: blue,
    isFilled: true,
    points: points.map(([percentage, took]) => [took, percentage] as const),
  }
  const p95 = points[94]?.[1] ?? 0
  const mark = {
    name: `p95: ${time(p95)}`,
    color: orange,
    points: [
      [0, 95],
      [p95, 95],
      [p95, 0],
    ] as const,
    isDashed: true,
  }
  return lineChart({
    title: 'Share of answers by time',
    x: 'milliseconds',
    y: '% of answers',
    lines: [line, mark],
    highestY: 100,
  })
}

function servers({ nodes }: LoadResult): Markup {
  if (nodes.length === 0) return element('p', {}, text('No answer named its server.'))
  const parts = [
    { name: 'answered', color: green },
    { name: 'refused', color: red },
  ]
  const bars = nodes.map(({ id, answers, refused, share, p95 }) => ({
    name: id,
    values: [answers - refused, refused],
    note: `${number(100 * share)} %, p95 ${time(p95)}`,
  }))
  return barChart({ title: 'Answers of each server', x: 'answers', parts, bars })
}

function operations({ operations: all }: LoadResult): Markup {
  const rows = all.map(({ operation, offered, answered, latency }) => [
    `${operation} (${soapNames[operation]})`,
    number(offered),
    number(answered),
    ...[latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.highest].map(time),
  ])
  return table(['operation', 'offered', 'answered', 'mean', 'p50', 'p90', 'p95', 'p99', 'highest'], rows)
}

function refusals({ refusals: reasons, offered }: LoadResult): Markup {
  if (reasons.length === 0) return element('p', { class: 'note good' }, text('Every request was answered.'))
  return table(
    ['exception or status', 'requests', 'share'],
    reasons.map(({ reason, count }) => [reason, number(count), share(count, offered)]),
  )
}

function comparison(before: LoadResult, now: LoadResult): Markup {
  const different = differentPlans(before, now)
  const rows = compareRuns(before, now).map(({ name, show, before: was, now: is, change, verdict }) => [
    name,
    show(was),
    show(is),
    Number.isFinite(change) ? `${change > 0 ? '+' : ''}${number(100 * change)} %` : '',
    different.length === 0 ? verdict : '',
  ])
  const warning =
    different.length === 0
      ? undefined
      : element('p', { class: 'note bad' }, text(`The runs were not the same: ${different.join('; ')}.`))
  return joined(warning, table(['figure', 'last run', 'this run', 'change', ''], rows))
}

function settings({ plan, machine, lateness }: LoadResult): Markup {
  const rows = [
    ['mix', plan.mix.map(({ operation, weight }) => `${operation}=${weight}`).join(', ')],
    ['accounts', String(plan.accounts)],
    ['distinct publishing licenses', String(plan.contents)],
    ['connections at most', String(plan.connections)],
    ['seed', String(plan.seed)],
    ['sent late (p99)', time(lateness)],
    ['event loop of the generator late (p99)', time(machine.eventLoopDelay)],
    ['processor use of the generator', `${number(100 * machine.generatorCpu)} % of one core`],
    ['processor use of this machine', `${number(100 * machine.machineCpu)} % of ${machine.cores} cores`],
  ]
  return table(['setting or figure', ''], rows)
}

function share(part: number, whole: number): string {
  return `${number((100 * part) / Math.max(1, whole))} %`
}
