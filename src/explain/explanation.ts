/** What an explanation says: the shape that `explain --json` prints and other programs rely on. Times are `YYYY-MM-DDTHH:MM`, UTC. */
import type { DocumentKind } from '../xrml/document.js'

/** `surface.maker` of a document that could not be read at all: nothing else about it is known. */
export const notRead = 'not read'

export interface Check {
  readonly ok: boolean
  /** What was wrong, with the values; or, of a good check, what it rests on. */
  readonly why?: string
}

/** A principal: who it is, and the key it is known by. */
export interface Party {
  readonly type: string
  readonly id: string
  readonly name?: string
  /** RSA key length in bits. */
  readonly bits?: number
  /** First ten hex digits of SHA-1 over the big-endian modulus. */
  readonly fingerprint?: string
}

export interface RightExplanation {
  readonly right: string
  readonly principal?: string
  readonly from?: string
  readonly until?: string
}

export interface SealedExplanation {
  readonly type: string
  readonly bytes: number
  /** What seals of genuine documents of this type and length hold. */
  readonly holds: string
}

/** What is encrypted in a PL, where the key of its server was at hand. */
export interface PolicyExplanation extends Check {
  /** The cluster that has the key. */
  readonly openedBy: string
  /** GUID of the template that it was made from. */
  readonly template?: string
  readonly owner?: string
  /** Bounds every right. */
  readonly from?: string
  readonly until?: string
  /** The same, counted from when a license is issued. */
  readonly days?: number
  readonly list?: readonly RightExplanation[]
  /** As it was before it was encrypted. */
  readonly xrml?: string
}

export interface DocumentExplanation {
  /** 1 for the first in the file. */
  readonly number: number
  readonly kind: DocumentKind
  readonly issuedTime?: string
  readonly issuer?: Party
  readonly subject?: Party
  /** XML that can be read, with everything that its kind needs. */
  readonly form: Check
  /** Whether a genuine server or client would have written these characters. A deviation alone is no fault. */
  readonly surface: { readonly ok: boolean; readonly maker: string; readonly notes: readonly string[] }
  /** Base64. `why` names what was done to the text, when undoing it makes the digest fit. */
  readonly digest: {
    readonly ok: boolean
    readonly algorithm: string
    readonly expected: string
    readonly found: string
    readonly repaired: boolean
    readonly why?: string
  }
  readonly signature: Check
  /** `ok` is null when the issuer's certificate is not in the file; `document` is the number of that certificate. */
  readonly link: { readonly ok: boolean | null; readonly document?: number; readonly why?: string }
  readonly validity: Check & { readonly from?: string; readonly until?: string }
  readonly rights: Check & { readonly list: readonly RightExplanation[] }
  readonly sealed: readonly SealedExplanation[]
  readonly policy?: PolicyExplanation
  /** All of the above, surface apart. */
  readonly ok: boolean
}

export interface ChainTrust extends Check {
  /** Numbers of the documents, leaf first. */
  readonly documents: readonly number[]
  /** The pinned root that the issuers lead to. */
  readonly root?: string
  /** The root that they lead to, which is not pinned. */
  readonly foreignRoot?: Party
  /** The issuer whose certificate is not in the file. */
  readonly missing?: Party
}

export type CheckName = 'form' | 'digest' | 'signature' | 'link' | 'trust' | 'validity' | 'rights'

export interface Problem {
  /** Number of the document; of the leaf, when it is the trust of a chain. */
  readonly document?: number
  readonly kind?: DocumentKind
  readonly check: CheckName
  readonly why: string
  readonly expected?: string
  readonly found?: string
}

export interface Explanation {
  readonly documents: readonly DocumentExplanation[]
  readonly trust: Check & { readonly chains: readonly ChainTrust[] }
  /** Absent when everything is good and trusted. */
  readonly firstProblem?: Problem
}
