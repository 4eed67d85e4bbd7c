/** What management asks a node about its journal, beside `Question`: as JSON between the two. */
import type { Backlog } from '../documents/keeper.js'
import type { FoundDocument, FoundText } from './found-documents.js'
import type { JournalFilter } from './filter.js'
import type { PlacedEntry, Part } from './node-journal.js'
import type { NodePosition } from './position.js'

/** Which one, to be told of or to be forgotten. */
export interface FindQuestion {
  readonly requestId: string
}

export interface NearestQuestion {
  readonly filter: JournalFilter
  readonly most: number
}

export interface FollowQuestion {
  readonly filter: JournalFilter
  readonly messages: boolean
  /** Where to read on; of another life of the node: from the beginning of this one. Left out: from now on. */
  readonly after?: NodePosition | undefined
}

/** A line of the answer; an empty one says that the node is still there. */
export type FollowLine = { readonly part: Omit<Part, 'entries'> } | { readonly entry: PlacedEntry }

export interface DocumentQuestion {
  readonly hash: string
}

/** What a node has in its journal, and what it has not written yet, where it keeps documents for good. */
export interface DocumentsHere extends Partial<Backlog> {
  readonly documents: readonly FoundDocument[]
}

export interface TextHere {
  /** Of the journal. */
  readonly found?: FoundText | undefined
  /** Whether private keys are shown. */
  readonly secrets: boolean
}
