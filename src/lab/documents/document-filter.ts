/** Which documents are asked for: by what they say of themselves, in whatever spelling. */
import { plainAddress } from '../../mail-address.js'
import type { DocumentKind } from '../../xrml/document.js'
import { readChoice } from '../json-object.js'
import type { ReadDocument } from '../journal/found-documents.js'

export const documentKinds = [
  'SPC',
  'RAC',
  'CLC',
  'SLC',
  'CA',
  'PL',
  'UL',
  'template',
  'unknown',
] as const satisfies readonly DocumentKind[]

export interface DocumentFilter {
  readonly kind?: string
  /** Whom it is of: mail address, or the part before the @. */
  readonly account?: string
  /** Id of the content, or of the document itself: a GUID in any spelling. */
  readonly guid?: string
  /** The hash, or its beginning. */
  readonly hash?: string
}

/** In the spelling in which things are compared. */
export type PlainFilter = { readonly [Name in keyof DocumentFilter]: string | undefined }

/** @throws LabInputError with the kind that was meant */
export function plainFilter({ kind, account, guid, hash }: DocumentFilter): PlainFilter {
  return {
    kind: kind === undefined ? undefined : readKind(kind),
    account: account === undefined ? undefined : plainAddress(account).toLowerCase(),
    guid: guid === undefined ? undefined : plainGuid(guid),
    hash: hash?.toLowerCase(),
  }
}

function readKind(kind: string): string {
  const known = documentKinds.find((one) => one.toLowerCase() === kind.toLowerCase())
  return known ?? readChoice(kind, '"kind" of documents', documentKinds)
}

/** What a document is found by, in the same spelling. */
export interface DocumentKeys {
  readonly id: string | undefined
  readonly content: string | undefined
  /** Mail address, and the part of it before the @. */
  readonly account: string | undefined
  readonly accountName: string | undefined
}

export function keysOf({ id, content, account }: Pick<ReadDocument, 'id' | 'content' | 'account'>): DocumentKeys {
  const key = account?.toLowerCase()
  return {
    id: id === undefined ? undefined : plainGuid(id),
    content: content === undefined ? undefined : plainGuid(content),
    account: key,
    accountName: key?.replace(/@.*$/, ''),
  }
}

export function fits(document: ReadDocument, { kind, account, guid, hash }: PlainFilter): boolean {
  const keys = keysOf(document)
  return (
    (kind === undefined || document.kind === kind) &&
    (account === undefined || keys.account === account || keys.accountName === account) &&
    (guid === undefined || keys.id === guid || keys.content === guid) &&
    (hash === undefined || document.hash.startsWith(hash))
  )
}

function plainGuid(guid: string): string {
  return guid
    .trim()
    .replace(/^\{|\}$/g, '')
    .toLowerCase()
}
