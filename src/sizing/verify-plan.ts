/** How a cluster of any capacity is emulated on a small machine: everything so many times slower than real time. */
import type { EmulatedServer } from './emulated-server.js'
import { percentileOf } from './percentiles.js'

export interface VerifyPlan {
  /** How many times slower. */
  readonly scale: number
  /** As it runs here. */
  readonly server: EmulatedServer
  /** Requests per second that are sent here. */
  readonly rate: number
}

/** Requests per second that a small machine answers beside other work, generator and servers together. */
const comfortable = 8

/** @param scale when told; otherwise what brings the rate down to what the machine does easily */
export function verifyPlan(rate: number, server: EmulatedServer, scale: number | undefined): VerifyPlan {
  const chosen = scale ?? Math.max(1, Math.ceil(rate / comfortable))
  return {
    scale: chosen,
    server: { ...server, operationsPerSecond: server.operationsPerSecond / chosen },
    rate: rate / chosen,
  }
}

export interface Compared {
  readonly predicted: number
  readonly measured: number
  /** (measured − predicted) / predicted. */
  readonly difference: number
  readonly isWithin: boolean
  /** Between these lie nine of ten runs that differ in nothing but chance; undefined where chance has no part. */
  readonly byChance: readonly [lowest: number, highest: number] | undefined
}

/**
 * @param predictions of runs that differ by chance alone, one where chance has no part; the median counts
 * @param allowed share of the predicted value
 */
export function compared(predictions: readonly number[], measured: number, allowed: number): Compared {
  const sorted = Float64Array.from(predictions).toSorted()
  const predicted = percentileOf(sorted, 50)
  const byChance = sorted.length < 2 ? undefined : ([percentileOf(sorted, 5), percentileOf(sorted, 95)] as const)
  const difference = (measured - predicted) / predicted
  const isUsual = byChance !== undefined && measured >= byChance[0] && measured <= byChance[1]
  return { predicted, measured, difference, isWithin: isUsual || Math.abs(difference) <= allowed, byChance }
}

/** How far the measured cluster may be from the predicted one. */
export const allowedDifference = { throughput: 0.1, p95: 0.25 } as const
