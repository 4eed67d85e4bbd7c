/** Rights policy templates, signed: publishedTemplates and archivedTemplates of [MS-RMPR] 3.1.1.1.1. */
import type { Database } from './schema.js'

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
  /** Adds the template, or replaces the one with this guid. */
  save(cluster: string, template: StoredTemplate): Promise<void>
  /** True when there was one. */
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
    save: async (cluster, template) => {
      const content = { state: template.state, signed_xrml: template.signedXrml, changed: template.changed }
      await db
        .insertInto('template')
        .values({ cluster, guid: template.guid.toLowerCase(), ...content })
        .onConflict((conflict) => conflict.columns(['cluster', 'guid']).doUpdateSet(content))
        .execute()
    },
    remove: async (cluster, guid) => {
      const query = db.deleteFrom('template').where('cluster', '=', cluster).where('guid', '=', guid.toLowerCase())
      const result = await query.executeTakeFirst()
      return result.numDeletedRows > 0n
    },
  }
}

function fromRow(row: { guid: string; state: string; signed_xrml: string; changed: string }): StoredTemplate {
  const state = row.state === 'published' ? 'published' : 'archived'
  return { guid: row.guid, state, signedXrml: row.signed_xrml, changed: row.changed }
}
