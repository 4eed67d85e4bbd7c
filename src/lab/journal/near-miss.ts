/** A near miss, and what is looked through for some. */
import type { Account, Directory } from '../../directory/directory.js'

export interface NearMiss {
  /** In one or two words: `other address`, `archived`. */
  readonly kind: string
  /** A sentence, with the values. */
  readonly text: string
}

/** More would not be near. */
export const mostNearMisses = 3

export interface KnownTemplate {
  readonly guid: string
  readonly state: 'published' | 'archived'
  /** ISO 8601. */
  readonly changed: string
}

export interface KnownCluster {
  readonly name: string
  /** Whether it is the cluster of the node that refused. */
  readonly isOwn: boolean
  readonly mode: 1 | 2
  /** Of its SLC: the id, and the public key as base64 of the modulus. */
  readonly id: string
  readonly key: string
  readonly urls: readonly string[]
  readonly templates: readonly KnownTemplate[]
  readonly excluded: readonly { readonly publicKey: string; readonly account: string | null; readonly since: string }[]
}

/** Where near misses are looked for. */
export interface NearMissSources {
  readonly directory: Directory
  /** Names and addresses of those that there are, as many as can be looked through. */
  readonly accounts: () => Promise<readonly Account[]>
  readonly clusters: () => Promise<readonly KnownCluster[]>
  /** The paths that this node serves. */
  readonly paths: readonly string[]
  /** The clock at the time of the refusal. */
  readonly clock: ClockShown
}

/** The clock that decided. */
export interface ClockShown {
  /** `clock offset P366D`; undefined for the real time. */
  readonly setting: string | undefined
  /** The real time of the refusal. */
  readonly real: Date
}
