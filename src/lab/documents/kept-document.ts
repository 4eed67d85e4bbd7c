/** A document that is kept for good, whatever the journal lets go. */
import type { ReadDocument } from '../journal/found-documents.js'

export interface KeptDocument extends ReadDocument {
  /** When it was seen first and last, by the clock of the lab. */
  readonly first: string
  readonly last: string
  /** The last time, in milliseconds of the real clock since 1970. */
  readonly ended: number
  /** In how many exchanges. */
  readonly seen: number
  /** Ids of the first and the last of them. */
  readonly firstExchange: string
  readonly lastExchange: string
  /** As it travelled, from `<XrML` to `</XrML>`. */
  readonly text: string
}

/** Where they are kept. */
export interface DocumentShelf {
  /**
   * Of one that is there already, `seen` is added, and its last time goes on.
   * @param documents each hash once; all of them are kept, or none
   */
  keep(documents: readonly KeptDocument[]): Promise<void>
}
