/** What would have been right, or nearly: for whoever reads a refusal and does not see why. */

export interface NearMiss {
  /** In one or two words: `other address`, `archived`. */
  readonly kind: string
  /** A sentence, with the values. */
  readonly text: string
}

/** More would not be near. */
export const mostNearMisses = 3
