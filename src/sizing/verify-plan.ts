/** How a cluster of any capacity is emulated on a small machine: everything so many times slower than real time. */
import type { EmulatedServer } from './emulated-server.js'

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
  return { scale: chosen, server: { ...server, operationsPerSecond: server.operationsPerSecond / chosen }, rate: rate / chosen }
}

export interface Compared {
  readonly predicted: number
  readonly measured: number
  /** (measured − predicted) / predicted. */
  readonly difference: number
  readonly isWithin: boolean
}

/** @param allowed share of the predicted value */
export function compared(predicted: number, measured: number, allowed: number): Compared {
  const difference = (measured - predicted) / predicted
  return { predicted, measured, difference, isWithin: Math.abs(difference) <= allowed }
}

/** How far the measured cluster may be from the predicted one. */
export const allowedDifference = { throughput: 0.1, p95: 0.25 } as const
