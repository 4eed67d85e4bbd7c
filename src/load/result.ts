/** A load run in figures: what result.json holds, and what page, table and comparison are made of. */
import type { ArrivalKind } from '../sizing/arrivals.js'
import type { LoadShape } from '../sizing/load-shape.js'
import { summaryOf, type Summary } from '../sizing/percentiles.js'
import { good, notSent } from './answer.js'
import type { MachineUse } from './machine-use.js'
import type { Sample } from './open-loop.js'
import type { LoadOperation, MixPart } from './operations.js'

/** What the run was asked to be. */
export interface LoadPlan {
  /** ISO 8601. */
  readonly date: string
  readonly server: string
  readonly shape: LoadShape
  readonly arrivals: ArrivalKind
  readonly mix: readonly MixPart[]
  readonly seed: number
  readonly accounts: number
  readonly contents: number
  readonly connections: number
}

export interface Counts {
  readonly offered: number
  /** Got what they asked for. */
  readonly answered: number
}

export interface OperationResult extends Counts {
  readonly operation: LoadOperation
  /** Milliseconds, from the scheduled arrival. */
  readonly latency: Summary
}

export interface NodeResult {
  readonly id: string
  readonly answers: number
  readonly refused: number
  /** Of all answers, 0 to 1. */
  readonly share: number
  readonly p95: number
}

export interface Reason {
  readonly reason: string
  readonly count: number
}

/** A part of the run. */
export interface Slice {
  /** Seconds from the start to its end. */
  readonly until: number
  /** Per second, by scheduled arrival. */
  readonly offered: number
  /** Per second, by the time of the answer. */
  readonly answered: number
  readonly refused: number
  /** Milliseconds, of requests that arrived in it and were answered. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

export interface LoadResult extends Counts {
  readonly version: 1
  readonly plan: LoadPlan
  /** It was stopped before its time. */
  readonly isStopped: boolean
  /** That load was sent. */
  readonly seconds: number
  readonly offeredPerSecond: number
  /** From the first arrival to the last answer. */
  readonly answeredPerSecond: number
  /** Milliseconds, of those that were answered, from the scheduled arrival. */
  readonly latency: Summary
  readonly operations: readonly OperationResult[]
  readonly nodes: readonly NodeResult[]
  /** Why requests were not answered, the most frequent first. */
  readonly refusals: readonly Reason[]
  readonly slices: readonly Slice[]
  /** Percentage of answers and the milliseconds they came within. */
  readonly distribution: readonly (readonly [percentage: number, milliseconds: number])[]
  readonly machine: MachineUse
  /** Milliseconds by which requests went out late, 99th percentile. */
  readonly lateness: number
  /** What limited the run besides the cluster; empty when nothing did. */
  readonly limits: readonly string[]
}

export interface Measured {
  readonly samples: readonly Sample[]
  readonly seconds: number
  readonly isStopped: boolean
  readonly machine: MachineUse
}

export function resultOf(plan: LoadPlan, { samples, seconds, isStopped, machine }: Measured): LoadResult {
  const answered = samples.filter(({ outcome }) => outcome === good)
  const latency = summaryOf(answered.map(({ took }) => took))
  const sent = isStopped ? seconds : plan.shape.seconds
  const lateness = summaryOf(samples.map(({ late }) => late)).p99
  const refusals = counted(samples.filter(({ outcome }) => outcome !== good).map(({ outcome }) => outcome))
  return {
    version: 1,
    plan,
    isStopped,
    seconds: sent,
    offered: samples.length,
    answered: answered.length,
    offeredPerSecond: samples.length / Math.max(sent, 1e-3),
    answeredPerSecond: answered.length / Math.max(spanOf(answered), 1e-3),
    latency,
    operations: plan.mix.map(({ operation }) => operationResult(operation, samples)),
    nodes: nodesOf(samples),
    refusals,
    slices: slicesOf(samples, sent),
    distribution: distributionOf(answered),
    machine,
    lateness,
    limits: limitsOf({ machine, lateness, latency, refusals, connections: plan.connections }),
  }
}

function operationResult(operation: LoadOperation, samples: readonly Sample[]): OperationResult {
  const own = samples.filter((sample) => sample.operation === operation)
  const answered = own.filter(({ outcome }) => outcome === good)
  return {
    operation,
    offered: own.length,
    answered: answered.length,
    latency: summaryOf(answered.map(({ took }) => took)),
  }
}

function nodesOf(samples: readonly Sample[]): readonly NodeResult[] {
  const known = samples.filter(({ node }) => node !== undefined)
  const ids = [...new Set(known.map(({ node }) => node ?? ''))].toSorted((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  )
  return ids.map((id) => {
    const own = known.filter(({ node }) => node === id)
    const answered = own.filter(({ outcome }) => outcome === good)
    return {
      id,
      answers: own.length,
      refused: own.length - answered.length,
      share: own.length / known.length,
      p95: summaryOf(answered.map(({ took }) => took)).p95,
    }
  })
}

function counted(reasons: readonly string[]): readonly Reason[] {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => ({ reason, count })).toSorted((one, other) => other.count - one.count)
}

const answeredAt = ({ at, took }: Sample): number => at + took / 1000

/** Seconds from the first arrival to the last answer. */
function spanOf(answered: readonly Sample[]): number {
  const first = answered.reduce((least, { at }) => Math.min(least, at), Infinity)
  return answered.reduce((most, sample) => Math.max(most, answeredAt(sample)), 0) - (Number.isFinite(first) ? first : 0)
}

/** As many points as a chart can show; a second at least, so that rates mean something. */
const mostSlices = 60

function slicesOf(samples: readonly Sample[], seconds: number): readonly Slice[] {
  const end = Math.max(
    seconds,
    samples.reduce((most, sample) => Math.max(most, answeredAt(sample)), 0),
  )
  const width = Math.max(1, Math.ceil(end / mostSlices))
  // What is left at the end is a part of the last one: rates of shorter times would be of single requests.
  const count = Math.max(1, Math.floor(end / width))
  const arrived = bins(samples, ({ at }) => at / width, count)
  const ended = bins(samples, (sample) => answeredAt(sample) / width, count)
  return arrived.map((own, index) => {
    const latency = summaryOf(own.filter(({ outcome }) => outcome === good).map(({ took }) => took))
    const finished = ended[index] ?? []
    const answered = finished.filter(({ outcome }) => outcome === good).length
    const { p50, p95, p99 } = latency
    const until = index === count - 1 ? end : (index + 1) * width
    const length = Math.max(1e-3, until - index * width)
    return {
      until,
      offered: own.length / length,
      answered: answered / length,
      refused: (finished.length - answered) / length,
      p50,
      p95,
      p99,
    }
  })
}

function bins(
  samples: readonly Sample[],
  place: (sample: Sample) => number,
  count: number,
): readonly (readonly Sample[])[] {
  const all = Array.from({ length: count }, (): Sample[] => [])
  for (const sample of samples) all[Math.min(count - 1, Math.floor(place(sample)))]?.push(sample)
  return all
}

function distributionOf(answered: readonly Sample[]): LoadResult['distribution'] {
  const sorted = Float64Array.from(answered, ({ took }) => took).toSorted()
  const points = 100
  if (sorted.length === 0) return []
  return Array.from({ length: points }, (_, index) => {
    const percentage = ((index + 1) / points) * 100
    return [percentage, sorted[Math.max(0, Math.ceil((percentage / 100) * sorted.length) - 1)] ?? 0] as const
  })
}

interface Limiting {
  readonly machine: MachineUse
  readonly lateness: number
  readonly latency: Summary
  readonly refusals: readonly Reason[]
  readonly connections: number
}

/** Shares of processor time above which its owner, and not the cluster, sets the pace. */
const busyMachine = 0.9
const busyGenerator = 0.9
/** Milliseconds; what is late by less does not show in the figures. */
const lateSending = 20

function limitsOf({ machine, lateness, latency, refusals, connections }: Limiting): readonly string[] {
  const percent = (share: number): string => `${Math.round(share * 100)} %`
  const without = refusals.find(({ reason }) => reason === notSent)?.count ?? 0
  const isLate = Math.max(lateness, machine.eventLoopDelay) > Math.max(lateSending, 0.2 * latency.p50)
  return [
    without > 0
      ? `${without} requests were not sent, because all ${connections} connections were in use: give more with --connections, or the cluster is far beyond its capacity`
      : '',
    machine.machineCpu > busyMachine
      ? `the processors of this machine were busy to ${percent(machine.machineCpu)}: what runs on it, servers included, may have been slowed down by that`
      : '',
    machine.generatorCpu > busyGenerator
      ? `the generator used ${percent(machine.generatorCpu)} of the one core it can use: more load needs a second generator`
      : '',
    isLate
      ? `the generator was late: one of a hundred requests went out ${Math.round(lateness)} ms after its time or later, the event loop was ${Math.round(machine.eventLoopDelay)} ms behind; latency includes that`
      : '',
  ].filter((limit) => limit !== '')
}
