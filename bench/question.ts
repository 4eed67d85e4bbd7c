/** What a question of the benchmark is given, and what it answers with. */
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/engine.js'
import type { Spread } from './spread.js'

/** How much is done. Figures count for `full` only; the others show that everything runs. */
export interface Size {
  readonly modes: readonly CryptoMode[]
  readonly engines: readonly EngineName[]
  /** Accounts with a RAC each. */
  readonly users: number
  /** Distinct publishing licenses: more than a node remembers, so that each is new to it when its turn comes. */
  readonly pls: number
  /** Each has one request under way at any time. */
  readonly connections: number
  readonly rounds: number
  readonly secondsPerRound: number
  readonly warmUpSeconds: number
  /** Points of each curve, those that come first. */
  readonly points: number
  /** The curve of log rows ends with as many as are written in so many seconds. */
  readonly logRowSeconds: number
  /** Kinds of installations that are started in a process, those that come first, and how many of a kind each process starts: three at least. */
  readonly inProcess: { readonly kinds: number; readonly starts: number }
}

export const full: Size = {
  modes: [2, 1],
  engines: ['openssl', 'forge'],
  users: 50,
  pls: 2000,
  connections: 16,
  rounds: 5,
  secondsPerRound: 2.5,
  warmUpSeconds: 3,
  points: Infinity,
  logRowSeconds: 60,
  inProcess: { kinds: Infinity, starts: 5 },
}

/** One mode, and one engine: with forge a license takes a hundred times as long. */
export const quick: Size = {
  ...full,
  modes: [2],
  engines: ['openssl'],
  users: 3,
  pls: 6,
  connections: 2,
  rounds: 1,
  secondsPerRound: 0.05,
  warmUpSeconds: 0.05,
  points: 1,
  inProcess: { kinds: 3, starts: 3 },
}

export interface Bench {
  readonly size: Size
  /** Of the node; undefined leaves it to the system. */
  readonly nodeCore?: number | undefined
  /** Where nodes leave a CPU profile; undefined takes none. */
  readonly profileFolder?: string | undefined
  /** Tells people how far it is. */
  readonly progress: (text: string) => void
  /** The run is to end early. */
  readonly signal: AbortSignal
}

/** A point of a curve: how something grows with something else. */
export interface Point {
  /** One word: the name of the chart. */
  readonly curve: string
  /** What grows, with its unit: the x axis. */
  readonly of: string
  readonly x: number
  /** One of the lines of the chart. */
  readonly line: string
}

export interface Row {
  /** What the goals know the row by, whatever the size of the run. */
  readonly key?: string
  readonly what: string
  /** Absent where no license is issued. */
  readonly mode?: CryptoMode
  readonly engine?: EngineName
  /** Operations in all rounds. */
  readonly operations?: number
  readonly perSecond?: Spread
  /** How long it took, where it is done once in a round. */
  readonly seconds?: Spread
  /** Milliseconds, over all rounds; absent where operations do not wait for each other. */
  readonly p50?: number
  readonly p99?: number
  /** CPU time of one operation, in milliseconds. */
  readonly cpu?: Spread
  /** Of the process behind the last round, in MiB. */
  readonly rss?: number
  /** Licenses per second of CPU time, as percentage of raw signatures per second of CPU time, same run and key length. */
  readonly share?: number
  /** The same with the time of the clock: it is lower when other programs use the cores, or the node waits. */
  readonly rateShare?: number
  /** Percentage of nginx's operations per second with the same nodes, in the same rounds. */
  readonly ofNginx?: number
  /** p50 less the p50 without anything between client and node, in milliseconds. */
  readonly addedP50?: number
  /** CPU time of one operation more than that of the first row, in percent: median and quartiles of the rounds, each against the same round of the other. */
  readonly moreCpu?: Spread
  /**
   * The same between the quarters of the rounds that took least: what else the machine does only adds, and these had least of it. In percent.
   */
  readonly moreCpuLeast?: number
  /** RSS more than that of the first row, in MiB. */
  readonly moreRss?: number
  /** Whether each node had a core of its own, and load and balancer others. */
  readonly ownCores?: boolean
  readonly point?: Point
}

/** One of operations that follow each other. */
export interface RateRow extends Row {
  readonly mode: CryptoMode
  readonly engine: EngineName
  readonly operations: number
  readonly perSecond: Spread
  readonly cpu: Spread
}

/** What a question was answered with. */
export interface Answered {
  readonly name: string
  readonly about: string
  /** Where they are others than those of the size. */
  readonly rounds?: number | undefined
  readonly rows: readonly Row[]
}

export interface Question {
  readonly name: string
  readonly about: string
  /** Whether it takes all cores, as an installation of many processes does; otherwise the load keeps to one of its own. */
  readonly takesAllCores?: boolean
  /** How many rounds it makes of those of the size; as many when left out. */
  readonly roundsOf?: (size: Size) => number
  /** @throws when anything failed: a figure from a run with errors is none */
  readonly ask: (bench: Bench) => Promise<readonly Row[]>
}
