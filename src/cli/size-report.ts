/** What `size` prints: the rule, the model and the bound, with their formulas. */
import { number } from '../charts/frame.js'
import { time } from '../load/sentences.js'
import { mostServers, serviceAlone, type Sized, type Target } from '../sizing/predict.js'
import { meanServiceSeconds, type EmulatedServer } from '../sizing/emulated-server.js'
import { erlangC, meanResponse, responsePercentile } from '../sizing/erlang.js'
import { averageRate, peakRate, serversByRule, type Demand } from '../sizing/published-rule.js'
import { percentileOf } from '../sizing/percentiles.js'
import { commandLine } from '../command-line.js'
import { tableText } from './table.js'
import { wrapped } from './text-width.js'

export interface Answer {
  readonly demand: Demand
  readonly server: EmulatedServer
  readonly target: Target
  readonly spare: number
  readonly average: number
  readonly peak: number
  readonly byRule: number
  /** undefined: no cluster meets the target. */
  readonly byModel: Sized | undefined
  /** The cluster of the rule, as it would really do; undefined where it is that of the model. */
  readonly ruleAsItIs: Sized | undefined
}

export function answerOf(
  demand: Demand,
  server: EmulatedServer,
  target: Target,
  spare: number,
  size: { find: (rate: number) => Sized | undefined; look: (rate: number, servers: number) => Sized },
): Answer {
  const [average, peak] = [averageRate(demand), peakRate(demand)]
  const byRule = serversByRule(peak, server.operationsPerSecond)
  const byModel = size.find(peak)
  return {
    demand,
    server,
    target,
    spare,
    average,
    peak,
    byRule,
    byModel,
    ruleAsItIs: byModel?.servers === byRule || byRule > mostServers ? undefined : size.look(peak, byRule),
  }
}

/** For programs: without the thousands of single times. */
export function answerJson({ byModel, ruleAsItIs, ...rest }: Answer): object {
  const short = (sized: Sized | undefined): object | null => {
    if (sized === undefined) return null
    const { responses: _, ...predicted } = sized.predicted
    return { servers: sized.servers, answeredWithin: sized.answeredWithin, predicted }
  }
  return {
    ...rest,
    byModel: short(byModel),
    ruleAsItIs: short(ruleAsItIs),
    withSpare: byModel === undefined ? null : byModel.servers + rest.spare,
    sharedQueue: byModel === undefined ? null : sharedQueue(rest, byModel.servers),
  }
}

function sharedQueue(
  { peak, server, target }: Pick<Answer, 'peak' | 'server' | 'target'>,
  servers: number,
): { readonly mean: number; readonly answeredWithin: number } {
  const queue = { servers, rate: peak, perServer: server.operationsPerSecond }
  return { mean: meanResponse(queue), answeredWithin: responsePercentile(target.percentile, queue) }
}

/** The answer first, then how it is found. @param width characters of a line; Infinity where there is no terminal */
export function answerText(answer: Answer, width: number): string {
  const lines = [
    ...answerLines(answer),
    '',
    ...demandLines(answer),
    '',
    ...ruleLines(answer),
    '',
    ...modelLines(answer, width),
    ...tryLines(answer),
  ]
  return lines.flatMap((line) => besideTitle(line, width)).join('\n')
}

/** Of what each part is about. */
const roomOfTitle = 10

/** A long line goes on under its text; a command is copied, and stays whole. */
function besideTitle(line: string, width: number): readonly string[] {
  if (line.length <= width || line.includes('npx rms-emulator')) return [line]
  const title = line.slice(0, roomOfTitle)
  return wrapped(line.slice(roomOfTitle), width - roomOfTitle, true).map(
    (text, at) => `${at === 0 ? title : ' '.repeat(roomOfTitle)}${text}`,
  )
}

/** A cluster that is busier than this has little left for what was not foreseen. */
const almostFull = 0.9

function answerLines({ demand, byModel, spare, server, peak }: Answer): readonly string[] {
  if (byModel === undefined) return [`Answer    no cluster meets the target for ${number(demand.users)} users`]
  const { servers } = byModel
  const load = peak / (servers * server.operationsPerSecond)
  const withSpare = spare === 0 ? '' : `: ${plural(servers)}, and ${spare} spare`
  const warning =
    load < almostFull
      ? []
      : [
          `          Almost full: ${spare === 0 ? 'they' : `the ${servers} without the spare`} are busy ${number(100 * load)} % of the busiest time. A little more load, and answers wait longer and longer; ${plural(servers + 1)} would be busy ${number((100 * peak) / ((servers + 1) * server.operationsPerSecond))} %.`,
        ]
  return [`Answer    ${plural(servers + spare)} for ${number(demand.users)} users${withSpare}`, ...warning]
}

/** A machine that emulates starts a process for each server. */
const mostTried = 16

function tryLines({ byModel, spare, server, peak }: Answer): readonly string[] {
  const servers = (byModel?.servers ?? Infinity) + spare
  if (servers > mostTried) return []
  const spread = server.serviceDistribution === 'fixed' ? '' : ` --service-distribution ${server.serviceDistribution}`
  return [
    '',
    `Try it    ${commandLine(`up --root ${servers} --no-licensing --capacity ${server.operationsPerSecond}${spread}`)}`,
    `          ${commandLine(`load --rate ${Number(peak.toPrecision(3))}`)}`,
  ]
}

function demandLines({ demand, average, peak }: Answer): readonly string[] {
  const { users, active, itemsPerHour, peakFactor, growth } = demand
  const grown = growth === 1 ? '' : ` × ${number(growth)} growth`
  return [
    `Load      ${number(users)} users × ${number(100 * active)} % active × ${number(itemsPerHour)} items an hour${grown} / 3,600 s = ${number(average)} licenses/s on average`,
    `          × ${number(peakFactor)} = ${number(peak)} licenses/s at the busiest time`,
  ]
}

function ruleLines({ peak, server, byRule }: Answer): readonly string[] {
  const perServer = number(server.operationsPerSecond)
  return [
    `Rule      servers = ⌈peak / capacity⌉ = ⌈${number(peak)} / ${perServer}⌉ = ${plural(byRule)} of ${perServer} licenses/s`,
  ]
}

function modelLines(answer: Answer, width: number): readonly string[] {
  const { server, target, byModel, ruleAsItIs, spare, peak } = answer
  const wanted = `${number(target.percentile)} % of answers within ${time(1000 * target.withinSeconds)}`
  const service = `${server.serviceDistribution} service time of ${time(1000 * meanServiceSeconds(server))}`
  const about = `Model     round robin over separate queues, independent arrivals, ${service}, simulated`
  if (byModel === undefined) {
    const alone = serviceAlone(server, target.percentile)
    const why =
      alone > target.withinSeconds
        ? `one operation alone takes longer: ${number(target.percentile)} % of them are done in ${time(1000 * alone)}`
        : `more than ${number(mostServers)} would be needed`
    return [about, `          no number of servers gives ${wanted}: ${why}`]
  }
  return [
    about,
    `          ${wanted}: ${plural(byModel.servers)}${spare === 0 ? '' : `, and ${spare} spare: ${plural(byModel.servers + spare)}`}`,
    ...indent(
      tableText(
        [
          ['', 'servers', 'load', 'mean', ...percentagesOf(target).map((percentage) => `p${number(percentage)}`)],
          ...rowsOf(answer),
        ],
        { hasHeader: true, width: width - roomOfTitle },
      ),
    ),
    ...(ruleAsItIs === undefined
      ? []
      : [
          `          The ${plural(ruleAsItIs.servers)} of the rule would answer ${number(target.percentile)} % within ${time(1000 * ruleAsItIs.answeredWithin)}${ruleAsItIs.predicted.refused > 0 ? `, and refuse ${number((100 * ruleAsItIs.predicted.refused) / ruleAsItIs.predicted.offered)} %` : ''}.`,
        ]),
    ...boundLines(peak, server, byModel.servers),
  ]
}

function rowsOf({ server, target, byModel, peak }: Answer): readonly (readonly string[])[] {
  if (byModel === undefined) return []
  const { response, responses, utilization } = byModel.predicted
  const percentages = percentagesOf(target)
  const queue = { servers: byModel.servers, rate: peak, perServer: server.operationsPerSecond }
  const seconds = (values: readonly number[]): readonly string[] =>
    values.map((value) => (Number.isFinite(value) ? time(1000 * value) : '∞'))
  const load = `${number(100 * utilization)} %`
  return [
    [
      'model',
      String(byModel.servers),
      load,
      ...seconds([response.mean, ...percentages.map((percentage) => percentileOf(responses, percentage))]),
    ],
    [
      'M/M/c',
      String(byModel.servers),
      `${number((100 * peak) / (byModel.servers * server.operationsPerSecond))} %`,
      ...seconds([meanResponse(queue), ...percentages.map((percentage) => responsePercentile(percentage, queue))]),
    ],
  ]
}

/** The usual ones, and that of the target. */
function percentagesOf({ percentile }: Target): readonly number[] {
  return [...new Set([50, 95, 99, percentile])].toSorted((one, other) => one - other)
}

function boundLines(peak: number, server: EmulatedServer, servers: number): readonly string[] {
  const load = peak / server.operationsPerSecond
  return [
    `          M/M/c is the bound of one ideal queue for all servers, with exponential service times${server.serviceDistribution === 'fixed' ? ' (fixed ones may do better)' : ''}:`,
    `          P(wait) = C(c, a), mean = 1/μ + C/(cμ − λ); with c = ${servers}, λ = ${number(peak)}/s, μ = ${number(server.operationsPerSecond)}/s, a = λ/μ = ${number(load)}: C = ${number(erlangC(servers, load))}`,
  ]
}

function indent(text: string): readonly string[] {
  return text.split('\n').map((line) => `          ${line}`)
}

export function plural(servers: number): string {
  return `${number(servers)} ${servers === 1 ? 'server' : 'servers'}`
}
