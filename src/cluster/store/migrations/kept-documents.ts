/** From 5 to 6: the table of documents that are kept for good. */
import { textType } from '../schema.js'
import type { Migration } from './migration.js'

const indexes = [
  ['last_ended'],
  ['kind', 'last_ended'],
  ['id_key'],
  ['account_key'],
  ['account_name_key'],
  ['content_key'],
  ['issuer'],
  ['issuing'],
]

export const addKeptDocuments: Migration = async (transaction) => {
  const { schema } = transaction
  const text = textType(transaction)
  await schema
    .createTable('kept_document')
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('id', text)
    .addColumn('id_key', text)
    .addColumn('account', text)
    .addColumn('account_key', text)
    .addColumn('account_name_key', text)
    .addColumn('content', text)
    .addColumn('content_key', text)
    .addColumn('issuer', text)
    .addColumn('issuing', text)
    .addColumn('characters', 'integer', (column) => column.notNull())
    .addColumn('first_seen', text, (column) => column.notNull())
    .addColumn('last_seen', text, (column) => column.notNull())
    .addColumn('last_ended', 'double precision', (column) => column.notNull())
    .addColumn('seen', 'integer', (column) => column.notNull())
    .addColumn('first_exchange', text, (column) => column.notNull())
    .addColumn('last_exchange', text, (column) => column.notNull())
    .addColumn('text', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('kept_document_primary_key', ['hash'])
    .execute()
  for (const columns of indexes)
    await schema
      .createIndex(`kept_document_by_${columns.join('_')}`)
      .on('kept_document')
      .columns(columns)
      .execute()
}
