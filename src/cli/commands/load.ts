/** `load`: sends load to a running installation when the schedule says, and reports what came of it. */
import type { Settings } from '../../config/options.js'
import { seedPassword } from '../../directory/seed.js'
import { systemClock, systemRandom, systemTimers } from '../../effects.js'
import { compareRuns, differentPlans } from '../../load/compare.js'
import { readMix } from '../../load/operations.js'
import type { LoadPlan, LoadResult } from '../../load/result.js'
import { runLoad } from '../../load/run-load.js'
import { limitSentence, sentences, time } from '../../load/sentences.js'
import { expectedArrivals } from '../../sizing/load-shape.js'
import { number } from '../../charts/frame.js'
import { readCertificates } from '../certificates.js'
import { Failure } from '../failure.js'
import { loadAccounts } from '../load-accounts.js'
import { lastRun, writeReport } from '../load-report.js'
import { mailDomainAt } from '../mail-domain.js'
import { requireFolder } from '../report-folder.js'
import { scheduleSeed } from '../schedule-seed.js'
import { createOutput, screenWidth, table, type Output } from '../output.js'
import { runningPlace } from '../running-server.js'
import { createProgressLine } from '../progress-line.js'
import { folded } from '../text-width.js'
import { stopSignal } from '../stop-signal.js'

/** Every request is kept until the report is written. */
const mostArrivals = 1_000_000

export async function load(settings: Settings<'load'>): Promise<void> {
  const place = settings.server === undefined ? await runningPlace() : { url: settings.server }
  const plan = planOf(settings, place.url)
  const output = createOutput(settings.json)
  const folder = settings.out ?? 'rms-load'
  await requireFolder(folder)
  const stop = stopSignal()
  const line = createProgressLine(settings.json)
  try {
    const ca = settings.ca === undefined ? undefined : await readCertificates(settings.ca)
    const timeoutMilliseconds = settings.requestTimeout * 1000
    const domain = place.forest ?? (await mailDomainAt(place.url, { ca, timeoutMilliseconds }))
    const { result, samples } = await runLoad({
      plan,
      accounts: await loadAccounts(settings.accounts, domain, settings, line.show),
      password: seedPassword,
      timeoutMilliseconds,
      ca,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      onPrepare: line.show,
      onProgress: line.showLoad,
      signal: stop.signal,
    })
    line.clear()
    const before = await lastRun(folder)
    const files = await writeReport(folder, result, samples, before)
    output.result({ event: 'done', ...result, files }, summary(result, before, files.page, output))
    if (result.answered === 0) throw new Failure('Nothing was answered')
  } catch (error) {
    line.clear()
    throw stop.signal.aborted && error === stop.signal.reason
      ? new Failure('Stopped before load began: nothing was measured')
      : error
  } finally {
    stop.release()
  }
}

function planOf(settings: Settings<'load'>, server: string): LoadPlan {
  const shape = { name: settings.shape, highestRate: settings.rate, seconds: settings.duration ?? 60 }
  const expected = expectedArrivals(shape)
  if (expected > mostArrivals) {
    throw new Failure(
      `That are ${number(expected)} requests, ${number(mostArrivals)} are the most of one run: choose a lower --rate or a shorter --duration`,
      2,
    )
  }
  return {
    date: systemClock.now().toISOString(),
    server,
    shape,
    arrivals: settings.arrivals,
    mix: readMix(settings.mix),
    seed: scheduleSeed(settings.seed),
    accounts: settings.accounts,
    contents: settings.contents,
    connections: settings.connections,
  }
}

function summary(result: LoadResult, before: LoadResult | undefined, page: string, { paint }: Output): string {
  const { operations, nodes, refusals, limits, isStopped } = result
  const operationRows = operations.map(({ operation, offered, answered, latency }) => [
    operation,
    number(offered),
    number(answered),
    ...[latency.p50, latency.p90, latency.p95, latency.p99, latency.highest].map(time),
  ])
  const nodeRows = nodes.map(({ id, answers, refused, share, p95 }) => [
    id,
    number(answers),
    number(refused),
    `${number(100 * share)} %`,
    time(p95),
  ])
  const [headline = '', ...others] = sentences(result)
  const words = (text: string): string => folded(text, screenWidth())
  return [
    ...(isStopped
      ? [
          paint.note(
            `Stopped after ${number(result.seconds)} of ${number(result.plan.shape.seconds)} seconds. Until then:`,
          ),
        ]
      : []),
    paint.strong(words(headline)),
    ...others.map(words),
    '',
    table([['operation', 'offered', 'answered', 'p50', 'p90', 'p95', 'p99', 'highest'], ...operationRows], {
      hasHeader: true,
    }),
    ...(nodes.length === 0
      ? []
      : ['', table([['server', 'answers', 'refused', 'share', 'p95'], ...nodeRows], { hasHeader: true })]),
    ...(refusals.length === 0
      ? []
      : [
          '',
          table([['requests', 'refused or failed'], ...refusals.map(({ reason, count }) => [number(count), reason])], {
            hasHeader: true,
          }),
        ]),
    ...(before === undefined ? [] : ['', comparison(result, before)]),
    '',
    (limits.length === 0 ? paint.dim : paint.note)(words(limitSentence(result))),
    `Report: ${page}`,
  ].join('\n')
}

function comparison(result: LoadResult, before: LoadResult): string {
  const different = differentPlans(before, result)
  const rows = compareRuns(before, result).map(({ name, show, before: was, now, change, verdict }) => [
    name,
    show(was),
    show(now),
    // Of different loads it would say something of the loads, and be read as if it said it of the server.
    different.length === 0 && Number.isFinite(change) ? `${change > 0 ? '+' : ''}${number(100 * change)} %` : '',
    different.length === 0 ? verdict : '',
  ])
  const text = table([['', 'last run', 'this run', 'change', ''], ...rows], { hasHeader: true })
  return different.length === 0
    ? text
    : `${text}\n${folded(`The runs were not the same: ${different.join('; ')}`, screenWidth())}`
}
