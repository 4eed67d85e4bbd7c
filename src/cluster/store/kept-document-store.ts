/** The documents that are kept for good: table kept_document, a row for each text that passed at any node. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql, type Insertable, type Selectable, type SelectQueryBuilder } from 'kysely'
import { keysOf, type PlainFilter } from '../../lab/documents/document-filter.js'
import type { DocumentShelf, KeptDocument } from '../../lab/documents/kept-document.js'
import type { DocumentKind } from '../../xrml/document.js'
import { inChunks } from './directory-rows.js'
import type { Database, Tables } from './schema.js'

/** What is listed; the text is asked for apart. */
export type KeptFacts = Omit<KeptDocument, 'text'>

export interface KeptDocumentStore extends DocumentShelf {
  /** Whether there is any. */
  any(): Promise<boolean>
  /** The latest first. */
  list(filter: PlainFilter, page: { readonly limit: number; readonly offset: number }): Promise<readonly KeptFacts[]>
  count(filter: PlainFilter): Promise<number>
  find(hash: string): Promise<KeptFacts | undefined>
  /** Which of these are there. */
  known(hashes: readonly string[]): Promise<ReadonlySet<string>>
  /** Certificates of that key as an issuer's, by its hash; the latest first. */
  issuing(key: string, limit: number): Promise<readonly KeptFacts[]>
  /** What was issued with that key, by its hash; the latest first. */
  issuedWith(key: string, limit: number): Promise<readonly KeptFacts[]>
  text(hash: string): Promise<string | undefined>
  /** @returns how many there were */
  clear(): Promise<number>
}

/** Texts of a few kilobytes each go into one statement. */
const rowsPerStatement = 50
/** There may be a million: others write meanwhile. */
const rowsPerRemoval = 1000
/** Characters of what is looked for: an index takes no longer ones. */
const longestKey = 512

const facts = [
  'hash',
  'kind',
  'id',
  'account',
  'content',
  'issuer',
  'issuing',
  'characters',
  'first_seen',
  'last_seen',
  'last_ended',
  'seen',
  'first_exchange',
  'last_exchange',
] as const

export function keptDocumentStore(db: Database): KeptDocumentStore {
  return {
    keep: async (documents) => {
      // In one order everywhere: of two nodes that write the same ones, none waits for the other.
      const rows = documents.map(toRow).toSorted((one, other) => (one.hash < other.hash ? -1 : 1))
      await db.transaction().execute(async (transaction) => {
        for (let start = 0; start < rows.length; start += rowsPerStatement)
          await insert(transaction, rows.slice(start, start + rowsPerStatement))
      })
    },
    any: async () => (await db.selectFrom('kept_document').select('hash').limit(1).executeTakeFirst()) !== undefined,
    list: async (filter, { limit, offset }) => {
      const rows = await latestFirst(matching(db, filter)).select(facts).limit(limit).offset(offset).execute()
      return rows.map(fromRow)
    },
    count: async (filter) => {
      const row = await matching(db, filter)
        .select((expression) => expression.fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
    find: async (hash) => {
      const row = await db.selectFrom('kept_document').select(facts).where('hash', '=', hash).executeTakeFirst()
      return row && fromRow(row)
    },
    known: async (hashes) => {
      const rows = await inChunks(hashes, (some) =>
        db.selectFrom('kept_document').select('hash').where('hash', 'in', some).execute(),
      )
      return new Set(rows.map(({ hash }) => hash))
    },
    issuing: async (key, limit) => {
      const issuing = latestFirst(db.selectFrom('kept_document').where('issuing', '=', key))
      return (await issuing.select(facts).limit(limit).execute()).map(fromRow)
    },
    issuedWith: async (key, limit) => {
      const issued = latestFirst(db.selectFrom('kept_document').where('issuer', '=', key))
      return (await issued.select(facts).limit(limit).execute()).map(fromRow)
    },
    text: async (hash) =>
      (await db.selectFrom('kept_document').select('text').where('hash', '=', hash).executeTakeFirst())?.text,
    clear: async () => {
      let removed = 0
      for (;;) {
        const some = db.selectFrom('kept_document').select('hash').limit(rowsPerRemoval)
        const { numDeletedRows } = await db
          .deleteFrom('kept_document')
          .where('hash', 'in', some)
          .executeTakeFirstOrThrow()
        removed += Number(numDeletedRows)
        if (numDeletedRows < rowsPerRemoval) return removed
        await nextTurn()
      }
    },
  }
}

async function insert(db: Database, rows: readonly Insertable<Tables['kept_document']>[]): Promise<void> {
  const later = sql<boolean>`excluded.last_ended >= kept_document.last_ended`
  await db
    .insertInto('kept_document')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('hash').doUpdateSet((known) => ({
        seen: known('kept_document.seen', '+', known.ref('excluded.seen')),
        last_seen: sql`case when ${later} then excluded.last_seen else kept_document.last_seen end`,
        last_exchange: sql`case when ${later} then excluded.last_exchange else kept_document.last_exchange end`,
        last_ended: sql`case when ${later} then excluded.last_ended else kept_document.last_ended end`,
      })),
    )
    .execute()
}

function latestFirst<Selected>(select: SelectQueryBuilder<Tables, 'kept_document', Selected>) {
  return select.orderBy('last_ended', 'desc').orderBy('hash')
}

function matching(db: Database, { kind, account, guid, hash }: PlainFilter) {
  let select = db.selectFrom('kept_document')
  if (kind !== undefined) select = select.where('kind', '=', kind)
  if (account !== undefined)
    select = select.where((where) =>
      where.or([where('account_key', '=', account), where('account_name_key', '=', account)]),
    )
  if (guid !== undefined)
    select = select.where((where) => where.or([where('id_key', '=', guid), where('content_key', '=', guid)]))
  // A range, which the primary key knows: there is no digit after f.
  if (hash !== undefined) select = select.where('hash', '>=', hash).where('hash', '<', `${hash}g`)
  return select
}

function toRow(document: KeptDocument): Insertable<Tables['kept_document']> {
  const keys = keysOf(document)
  return {
    hash: document.hash,
    kind: document.kind,
    id: shortened(document.id),
    id_key: shortened(keys.id),
    account: shortened(document.account),
    account_key: shortened(keys.account),
    account_name_key: shortened(keys.accountName),
    content: shortened(document.content),
    content_key: shortened(keys.content),
    issuer: document.issuer ?? null,
    issuing: document.issuing ?? null,
    characters: document.characters,
    first_seen: document.first,
    last_seen: document.last,
    last_ended: document.ended,
    seen: document.seen,
    first_exchange: document.firstExchange,
    last_exchange: document.lastExchange,
    text: document.text,
  }
}

function shortened(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, longestKey)
}

function fromRow(row: Pick<Selectable<Tables['kept_document']>, (typeof facts)[number]>): KeptFacts {
  return {
    hash: row.hash,
    kind: row.kind as DocumentKind,
    ...(row.id === null ? {} : { id: row.id }),
    ...(row.account === null ? {} : { account: row.account }),
    ...(row.content === null ? {} : { content: row.content }),
    ...(row.issuer === null ? {} : { issuer: row.issuer }),
    ...(row.issuing === null ? {} : { issuing: row.issuing }),
    characters: row.characters,
    first: row.first_seen,
    last: row.last_seen,
    ended: row.last_ended,
    seen: row.seen,
    firstExchange: row.first_exchange,
    lastExchange: row.last_exchange,
  }
}
