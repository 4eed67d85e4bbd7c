/** `size --out`: what was predicted, and measured, as a page with charts. */
import { colors, number } from '../charts/frame.js'
import { lineChart } from '../charts/line-chart.js'
import { document, section, table } from '../charts/page.js'
import { limitSentence, time } from '../load/sentences.js'
import type { SweepPoint } from '../sizing/predict.js'
import { summaryOf } from '../sizing/percentiles.js'
import { element, text, type Markup } from '../xml/write.js'
import { answerText, plural, type Answer } from './size-report.js'
import type { Verified } from './verify-size.js'

const [blue, red] = colors

export interface SizePage {
  readonly answers: readonly Answer[]
  readonly verified: Verified | undefined
  readonly points: readonly SweepPoint[]
  /** ISO 8601. */
  readonly date: string
}

export function sizePage({ answers, verified, points, date }: SizePage): string {
  return document(
    'Size of an RMS cluster',
    `${date.slice(0, 16).replace('T', ' ')} UTC`,
    answers.map((answer) =>
      section(
        answer.byModel === undefined
          ? 'No cluster meets the target'
          : `${plural(answer.byModel.servers + answer.spare)} for ${number(answer.demand.users)} users`,
        undefined,
        element('pre', {}, text(answerText(answer, Infinity))),
      ),
    ),
    verified === undefined ? undefined : verification(verified),
    points.length === 0 ? undefined : sweepSection(points, verified),
  )
}

function verification({ plan, predicted, result, seconds, throughput, p50, p95 }: Verified): Markup {
  const { scale } = plan
  const percentages = Array.from({ length: 99 }, (_, index) => index + 1)
  const at = (percentage: number): number =>
    predicted.responses[Math.ceil((percentage / 100) * predicted.responses.length) - 1] ?? NaN
  const lines = [
    {
      name: 'predicted',
      color: blue,
      points: percentages.map((percentage) => [(1000 * at(percentage)) / scale, percentage] as const),
    },
    {
      name: 'measured',
      color: red,
      isDashed: true,
      points: result.distribution.slice(0, 99).map(([percentage, took]) => [took / scale, percentage] as const),
    },
  ]
  const row = (
    name: string,
    { predicted: before, measured, difference, isWithin, byChance }: Verified['p95'],
    show: (value: number) => string,
  ): string[] => [
    name,
    `${show(before)}${byChance === undefined ? '' : ` (by chance ${byChance.map(show).join(' to ')})`}`,
    show(measured),
    `${difference > 0 ? '+' : ''}${number(100 * difference)} %`,
    isWithin ? 'within what is allowed' : 'too far off',
  ]
  const milliseconds = (value: number): string => time(1000 * value)
  return section(
    'Predicted and measured',
    `Real servers issued ${number(result.answered)} licenses in ${number(seconds)} s, everything ${number(scale)} times slower than real time; figures are scaled back.`,
    table(
      ['', 'predicted', 'measured', 'difference', ''],
      [
        row('throughput', throughput, (value) => `${number(value)}/s`),
        row('p50', p50, milliseconds),
        row('p95', p95, milliseconds),
      ],
    ),
    element('p', { class: result.limits.length === 0 ? 'note good' : 'note bad' }, text(limitSentence(result))),
    lineChart({ title: 'Share of answers by time', x: 'milliseconds', y: '% of answers', lines, highestY: 100 }),
  )
}

/** Sizes that a chart can show without its lines lying on each other. */
const shownSizes = [1, 2, 4, 6, 8, 12, 16]

function sweepSection(points: readonly SweepPoint[], verified: Verified | undefined): Markup {
  const sizes = [...new Set(points.map(({ servers }) => servers))]
  const shown = sizes.filter((size) => shownSizes.includes(size))
  const lines = (of: (point: SweepPoint) => number) =>
    shown.map((size) => ({
      name: plural(size),
      points: points.filter(({ servers }) => servers === size).map((point) => [point.offered, of(point)] as const),
    }))
  const measured = (value: (result: Verified) => number) =>
    verified === undefined
      ? []
      : [
          {
            name: 'measured',
            color: '#000000',
            isDots: true,
            points: [[verified.plan.rate * verified.plan.scale, value(verified)] as const],
          },
        ]
  const rows = sizes.map((size) => {
    const own = points.filter(({ servers }) => servers === size)
    const best = summaryOf(own.map(({ served }) => served)).highest
    const at = (share: number): string =>
      time(
        1000 *
          (own.find(({ offered }) => offered >= (share * Math.max(...own.map((point) => point.offered))) / 1.2 - 1e-9)
            ?.p95 ?? NaN),
      )
    return [plural(size), `${number(best)}/s`, at(0.5), at(0.8), at(0.9), at(0.95), at(1)]
  })
  return section(
    'Clusters of 1 to 16 servers',
    'Simulated. A cluster answers as much as is asked until its servers have no rest left; long before, answers take longer. The more servers, the closer to full they may be run.',
    lineChart({
      title: 'Throughput against load',
      x: 'requests per second',
      y: 'answers per second',
      lines: [...lines(({ served }) => served), ...measured(({ throughput }) => throughput.measured)],
    }),
    lineChart({
      title: 'p95 against load',
      x: 'requests per second',
      y: 'milliseconds, logarithmic',
      isLogarithmic: true,
      lines: [...lines(({ p95 }) => 1000 * p95), ...measured(({ p95 }) => 1000 * p95.measured)],
    }),
    table(['p95 at a share of the capacity', 'at most', '50 %', '80 %', '90 %', '95 %', '100 %'], rows),
  )
}
