/** `size`: how many servers a load needs, by the published rule and by a model; `--verify` measures it, `--sweep` compares sizes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { number } from '../../charts/frame.js'
import type { Settings } from '../../config/options.js'
import { systemClock } from '../../effects.js'
import { limitSentence, time } from '../../load/sentences.js'
import { predict, serversForTarget, simulatedArrivals, sizedAs, sweep, type SweepPoint } from '../../sizing/predict.js'
import type { EmulatedServer } from '../../sizing/emulated-server.js'
import { publishedExamples, publishedRule } from '../../sizing/published-figures.js'
import type { Demand } from '../../sizing/published-rule.js'
import { emulatedServerOf } from '../emulated-server.js'
import { Failure } from '../failure.js'
import { scheduleSeed } from '../schedule-seed.js'
import { createOutput, screenWidth, table, type Output } from '../output.js'
import { requireFolder } from '../report-folder.js'
import { createProgressLine } from '../progress-line.js'
import { sizePage } from '../size-page.js'
import { answerJson, answerOf, answerText, plural, type Answer } from '../size-report.js'
import { verifySize, type Verified } from '../verify-size.js'

type SizeSettings = Settings<'size'>

const largestSweep = 16
/** A machine that emulates starts a process for each. */
const mostVerified = 64

export async function size(settings: SizeSettings): Promise<void> {
  const output = createOutput(settings.json)
  const server = serverOf(settings)
  if (settings.verify && settings.users === undefined)
    throw new Failure('Say what is to be verified: --users N, and what they do', 2)
  if (settings.out !== undefined) await requireFolder(settings.out)
  const answers = demandsOf(settings).map((demand) => answerFor(demand, server, settings))
  for (const answer of answers)
    output.result({ event: 'size', ...answerJson(answer) }, `${answerText(answer, screenWidth())}\n`)
  if (settings.users === undefined)
    output.note(
      'These are the published examples. Give your own load: --users N --active 0.5 --items-per-hour 8, and see --help',
    )
  const points = settings.sweep ? sweepOf(server, settings, output) : []
  const [first] = answers
  const verified = settings.verify && first !== undefined ? await verify(first, settings, output) : undefined
  if (settings.out !== undefined)
    await writePage(settings.out, { answers, verified, points, date: systemClock.now().toISOString() }, output)
  requireGood(first, verified)
}

/** One of the published rule unless told otherwise. */
function serverOf(settings: SizeSettings): EmulatedServer {
  const { serviceDistribution, queueLimit } = settings
  return (
    emulatedServerOf(settings) ?? {
      operationsPerSecond: publishedRule.licensesPerSecondAndServer,
      serviceDistribution,
      queueLimit,
    }
  )
}

function requireGood(answer: Answer | undefined, verified: Verified | undefined): void {
  if (answer?.byModel === undefined) throw new Failure('No cluster meets the target')
  if (verified !== undefined && !(verified.throughput.isWithin && verified.p95.isWithin))
    throw new Failure('What was measured is too far from what was predicted')
}

function demandsOf({ users, active, itemsPerHour, peakFactor, growth }: SizeSettings): readonly Demand[] {
  if (users !== undefined) return [{ users, active, itemsPerHour, peakFactor, growth }]
  return publishedExamples.flatMap((example) => {
    const today = {
      users: example.users,
      active: example.active,
      itemsPerHour: example.itemsPerHour,
      peakFactor,
      growth,
    }
    return example.growth === undefined ? [today] : [today, { ...today, growth: example.growth.factor * growth }]
  })
}

function answerFor(demand: Demand, server: EmulatedServer, { percentile, within, spare, seed }: SizeSettings): Answer {
  const target = { percentile, withinSeconds: within / 1000 }
  const drawn = { seed: scheduleSeed(seed), arrivals: simulatedArrivals }
  return answerOf(demand, server, target, spare, {
    find: (rate) => serversForTarget({ server, rate, ...drawn }, target),
    look: (rate, servers) => sizedAs({ server, rate, ...drawn, servers }, percentile),
  })
}

function sweepOf(server: EmulatedServer, { seed }: SizeSettings, output: Output): readonly SweepPoint[] {
  const points: SweepPoint[] = []
  const sizes = Array.from({ length: largestSweep }, (_, index) => index + 1)
  for (const point of sweep(sizes, server, { seed: scheduleSeed(seed), arrivals: 20_000 })) {
    points.push(point)
    if (output.json) output.result({ event: 'point', ...point }, '')
  }
  if (output.json) return points
  const loads = [0.5, 0.8, 0.9, 0.95, 1, 1.2]
  const rows = sizes.map((servers) => [
    plural(servers),
    ...loads.map((load) => {
      const point = points.find(
        (one) =>
          one.servers === servers && Math.abs(one.offered / (servers * server.operationsPerSecond) - load) < 1e-6,
      )
      return point === undefined ? '' : `${number(point.served)}/s ${time(1000 * point.p95)}`
    }),
  ])
  output.result(
    {},
    `Throughput and p95 at a load of\n${table([['', ...loads.map((load) => `${100 * load} %`)], ...rows])}\n`,
  )
  return points
}

async function verify({ byModel, peak, server }: Answer, settings: SizeSettings, output: Output): Promise<Verified> {
  if (byModel === undefined) throw new Failure('No cluster meets the target: there is nothing to verify')
  const { servers } = byModel
  if (servers > mostVerified)
    throw new Failure(`${servers} servers are too many for one machine: ${mostVerified} are the most that are verified`)
  const line = createProgressLine(settings.json)
  try {
    const seconds = settings.duration ?? 120
    const verified = await verifySize({
      servers,
      peak,
      server,
      scale: settings.scale,
      seconds,
      seed: scheduleSeed(settings.seed),
      onProgress: line.show,
      onLoad: line.showLoad,
    })
    line.clear()
    const {
      result,
      samples: _,
      predicted: { responses: __, ...predicted },
      ...figures
    } = verified
    output.result(
      { event: 'verified', ...figures, predicted, result },
      verifiedText(verified, longRun(verified, servers, settings), output),
    )
    return verified
  } finally {
    line.clear()
  }
}

/** What the same cluster does when the load goes on: a run of a few minutes may well differ from it. */
function longRun({ plan }: Verified, servers: number, { seed }: SizeSettings): string {
  const { response } = predict({
    servers,
    server: plan.server,
    rate: plan.rate,
    seed: scheduleSeed(seed),
    arrivals: simulatedArrivals,
  })
  return `p50 ${time((1000 * response.p50) / plan.scale)}, p95 ${time((1000 * response.p95) / plan.scale)}`
}

function verifiedText(
  { plan, seconds, result, throughput, p50, p95 }: Verified,
  inTheLongRun: string,
  { paint }: Output,
): string {
  const row = (
    name: string,
    { predicted, measured, difference, isWithin, byChance }: Verified['p95'],
    show: (value: number) => string,
  ): readonly string[] => [
    name,
    `${show(predicted)}${byChance === undefined ? '' : ` (by chance ${byChance.map(show).join(' to ')})`}`,
    show(measured),
    `${difference > 0 ? '+' : ''}${number(100 * difference)} %`,
    isWithin ? 'good' : 'too far off',
  ]
  const milliseconds = (value: number): string => time(1000 * value)
  const slower =
    plan.scale === 1
      ? 'in real time'
      : `everything ${number(plan.scale)} times slower than real time (${number(plan.rate)} requests/s at servers of ${number(plan.server.operationsPerSecond)}/s), figures scaled back`
  return [
    `Verified  ${number(result.answered)} real licenses in ${number(seconds)} s, ${slower}`,
    '',
    table([
      ['', 'predicted', 'measured', 'difference', ''],
      row('throughput', throughput, (value) => `${number(value)}/s`),
      row('p50', p50, milliseconds),
      row('p95', p95, milliseconds),
    ]),
    '',
    `Predicted for the very arrivals that were sent. Allowed: throughput 10 %, times 25 %${throughput.byChance === undefined ? '' : ', or what nine of ten runs have whose service times differ by chance alone'}.`,
    `In the long run the model gives ${inTheLongRun}; a run this short may differ from that by chance.`,
    (result.limits.length === 0 ? paint.dim : paint.note)(limitSentence(result)),
    '',
  ].join('\n')
}

async function writePage(folder: string, page: Parameters<typeof sizePage>[0], output: Output): Promise<void> {
  const path = join(folder, 'size.html')
  await writeFile(path, sizePage(page))
  output.result({ event: 'page', path }, `Page: ${path}`)
}
