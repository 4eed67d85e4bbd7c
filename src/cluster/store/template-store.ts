/** Rights policy templates, signed: publishedTemplates and archivedTemplates of [MS-RMPR] 3.1.1.1.1. */
import { raiseVersion } from './configuration-version.js'
import type { Database, Tables } from './schema.js'

export type TemplateState = 'published' | 'archived'

export interface StoredTemplate {
  readonly guid: string
  readonly state: TemplateState
  /** The signed XrML document, to be given out as it stands. */
  readonly signedXrml: string
  /** ISO 8601. */
  readonly changed: string
}

export interface TemplateStore {
  /** In order of guid; both states unless told. */
  list(cluster: string, state?: TemplateState): Promise<readonly StoredTemplate[]>
  find(cluster: string, guid: string): Promise<StoredTemplate | undefined>
  /** Adds the template, or replaces the one with this guid; the nodes load it. False when there is no such cluster: nothing is changed then. */
  save(cluster: string, template: StoredTemplate): Promise<boolean>
  /** True when there was one; the nodes forget it. */
  remove(cluster: string, guid: string): Promise<boolean>
}

export function templateStore(db: Database): TemplateStore {
  return {
    list: async (cluster, state) => {
      let query = db.selectFrom('template').selectAll().where('cluster', '=', cluster).orderBy('guid')
      if (state !== undefined) query = query.where('state', '=', state)
      return (await query.execute()).map(fromRow)
    },
    find: async (cluster, guid) => {
      const row = await db
        .selectFrom('template')
        .selectAll()
        .where('cluster', '=', cluster)
        .where('guid', '=', guid.toLowerCase())
        .executeTakeFirst()
      return row === undefined ? undefined : fromRow(row)
    },
    save: (cluster, template) =>
      db.transaction().execute(async (transaction) => {
        if (!(await raiseVersion(transaction, cluster))) return false
        const row = rowOf(cluster, template)
        await transaction
          .insertInto('template')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['cluster', 'guid'])
              .doUpdateSet({ state: row.state, signed_xrml: row.signed_xrml, changed: row.changed }),
          )
          .execute()
        return true
      }),
    remove: (cluster, guid) =>
      db.transaction().execute(async (transaction) => {
        const query = transaction
          .deleteFrom('template')
          .where('cluster', '=', cluster)
          .where('guid', '=', guid.toLowerCase())
        const { numDeletedRows } = await query.executeTakeFirst()
        if (numDeletedRows > 0n) await raiseVersion(transaction, cluster)
        return numDeletedRows > 0n
      }),
  }
}

/** As a part of the transaction that makes the cluster. */
export async function insertTemplates(
  transaction: Database,
  cluster: string,
  templates: readonly StoredTemplate[],
): Promise<void> {
  if (templates.length > 0)
    await transaction
      .insertInto('template')
      .values(templates.map((template) => rowOf(cluster, template)))
      .execute()
}

function rowOf(cluster: string, { guid, state, signedXrml, changed }: StoredTemplate): Tables['template'] {
  return { cluster, guid: guid.toLowerCase(), state, signed_xrml: signedXrml, changed }
}

function fromRow(row: { guid: string; state: string; signed_xrml: string; changed: string }): StoredTemplate {
  const state = row.state === 'published' ? 'published' : 'archived'
  return { guid: row.guid, state, signedXrml: row.signed_xrml, changed: row.changed }
}
