/** What a refusal was decided by: for whoever asks why, on the server's side of the wire alone. */

/** The rule, and both sides of the comparison, in a few words each. */
export interface RefusalFacts {
  /** What must hold: `the RAC was issued by a trusted user domain` */
  readonly rule: string
  /** What would have been taken. */
  readonly wanted: string
  /** What was there. */
  readonly found: string
  /** By what a near miss can be looked for. */
  readonly about?: RefusalSubject
}

/** Values as they were compared. Whoever looks for near misses has directory, templates and clusters beside them. */
export type RefusalSubject =
  | RightsSubject
  /** A template that was looked for by its GUID. */
  | { readonly kind: 'template'; readonly guid: string }
  /** Something that holds for a time, and the time by the clock of the server. */
  | { readonly kind: 'time'; readonly from: Date; readonly until: Date; readonly now: Date }
  /** A server that is not trusted here, or that a document was made for: its id, and its public key as base64 of the modulus. */
  | { readonly kind: 'server'; readonly id: string; readonly key: string }
  /** A document of the other cryptographic mode. */
  | { readonly kind: 'mode'; readonly mode: 1 | 2 }
  /** An account whose public key, as base64 of the modulus, is excluded. */
  | { readonly kind: 'excluded key'; readonly key: string }
  /** An account that was looked for by a name, address or SID. */
  | { readonly kind: 'account'; readonly asked: string }
  /** A word that is none of those that there are. */
  | { readonly kind: 'word'; readonly asked: string; readonly known: readonly string[] }
  /** An address that belongs to no cluster. */
  | { readonly kind: 'url'; readonly url: string }

/** Somebody whom a policy does not name. */
export interface RightsSubject {
  readonly kind: 'rights'
  /** SID and mail address of the account's certificate; '' where it has none. */
  readonly sid: string
  readonly mail: string
  /** Addresses and SIDs that the policy names. */
  readonly named: readonly string[]
  /** The older copy of the template inside the license would give them rights; the one of the server counts. */
  readonly byOlderTemplate: boolean
}
