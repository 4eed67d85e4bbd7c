/**
 * Published figures for RMS servers and their sizing, as data (TechNet, "RMS capacity planning": Windows Server 2003, dual 2.4 GHz Pentium 4,
 * 1 GB of memory, Cryptographic Mode 1). No figure is known for later servers, for RSA-2048 or for HSMs.
 */

export interface PublishedServer {
  /** What `--capacity` takes. */
  readonly name: string
  readonly operationsPerSecond: number
  readonly about: string
}

export const publishedServers: readonly PublishedServer[] = [
  {
    name: 'windows-2003',
    operationsPerSecond: 50,
    about: 'an RMS server of 2003, two 2.4 GHz Pentium 4: about 50 licenses a second',
  },
  {
    name: 'windows-2003-low',
    operationsPerSecond: 30,
    about: 'the lower end of the planning rule of 2003: 30 licenses a second',
  },
]

/** The planning rule: what one server does, and how much more than the average the busiest time needs. */
export const publishedRule = { licensesPerSecondAndServer: 50, peakFactor: 3 } as const

export interface PublishedExample {
  readonly users: number
  /** Share of users that are active, 0 to 1. */
  readonly active: number
  /** Protected items that each of them opens in an hour. */
  readonly itemsPerHour: number
  readonly servers: number
  /** Where the example plans for growth: the factor that gives its figure. */
  readonly growth?: { readonly factor: number; readonly servers: number }
}

/** The worked examples, with the number of servers that they come to. */
export const publishedExamples: readonly PublishedExample[] = [
  { users: 5000, active: 0.1, itemsPerHour: 3, servers: 1 },
  { users: 40_000, active: 0.5, itemsPerHour: 8, servers: 3, growth: { factor: 2, servers: 6 } },
  { users: 150_000, active: 0.7, itemsPerHour: 18, servers: 32, growth: { factor: 1.6, servers: 51 } },
]

/** Bytes on the wire, for planning of bandwidth: up to the server, down to the client. */
export const publishedBytes = {
  license: { up: 64 * 1024, down: 18 * 1024 },
  certify: { up: 12 * 1024, down: 16 * 1024 },
  clc: { up: 17 * 1024, down: 16 * 1024 },
} as const
