/** What a question of the benchmark is given, and what it answers with. */
import type { CryptoMode } from '../src/crypto/modes.js'
import type { EngineName } from '../src/crypto/signer.js'
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
}

export const full: Size = {
  modes: [2, 1],
  engines: ['openssl', 'forge'],
  users: 50,
  pls: 2000,
  connections: 8,
  rounds: 5,
  secondsPerRound: 5,
  warmUpSeconds: 5,
}

export const quick: Size = { ...full, users: 3, pls: 6, connections: 2, rounds: 3, secondsPerRound: 0.2, warmUpSeconds: 0.2 }

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

export interface Row {
  readonly what: string
  readonly mode: CryptoMode
  readonly engine: EngineName
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
}

/** One of operations that follow each other. */
export interface RateRow extends Row {
  readonly operations: number
  readonly perSecond: Spread
  readonly cpu: Spread
}

export interface Question {
  readonly name: string
  readonly about: string
  /** Whether it takes all cores, as an installation of many processes does; otherwise the load keeps to one of its own. */
  readonly takesAllCores?: boolean
  /** @throws when anything failed: a figure from a run with errors is none */
  readonly ask: (bench: Bench) => Promise<readonly Row[]>
}
