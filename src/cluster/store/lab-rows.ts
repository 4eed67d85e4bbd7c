/** Rows beside the state of the lab, each by its id: one that holds a value, or one whose version counts. */
import type { Database } from './schema.js'

/** @returns undefined where there is none */
export async function readLabRow<Value>(db: Database, id: string): Promise<Value | undefined> {
  const row = await db.selectFrom('lab_state').select('state').where('id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : (JSON.parse(row.state) as Value)
}

/** In place of what was there. */
export async function writeLabRow(db: Database, id: string, value: object): Promise<void> {
  const state = JSON.stringify(value)
  await db
    .insertInto('lab_state')
    .values({ id, version: 1, state })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ state }))
    .execute()
}

/** One more, at whatever server. @returns which one it was, from 1: each is given out once */
export async function countLabRow(db: Database, id: string): Promise<number> {
  const { version } = await db
    .insertInto('lab_state')
    .values({ id, version: 1, state: '' })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((known) => ({ version: known('lab_state.version', '+', 1) })),
    )
    .returning('version')
    .executeTakeFirstOrThrow()
  return version
}

/** Those whose id begins so. */
export async function removeLabRows(db: Database, prefix: string): Promise<void> {
  await db.deleteFrom('lab_state').where('id', 'like', `${prefix}%`).execute()
}
