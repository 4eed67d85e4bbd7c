/** From 3 to 4: the table of what a lab has and a product has not. */
import { textType } from '../schema.js'
import type { Migration } from './migration.js'

export const addLabState: Migration = async (transaction) => {
  const text = textType(transaction)
  await transaction.schema
    .createTable('lab_state')
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('lab_state_primary_key', ['id'])
    .execute()
}
