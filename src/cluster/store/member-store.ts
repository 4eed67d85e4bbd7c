/** The nodes that run, as they announce themselves. */
import type { Database } from './schema.js'

export interface Member {
  readonly nodeId: string
  readonly cluster: string
  /** Where the node itself listens. */
  readonly url: string
  readonly pid: number
  /** ISO 8601. */
  readonly started: string
  readonly lastSeen: string
}

export interface MemberStore {
  /** In order of start; of all clusters unless told. */
  list(cluster?: string): Promise<readonly Member[]>
  /** Adds a node, or replaces the one with this id. */
  join(member: Member): Promise<void>
  /**
   * Notes that the node is alive.
   * @param time ISO 8601
   * @returns false when the node is not in the list (any more): it has to join again, or was removed
   */
  seen(nodeId: string, time: string): Promise<boolean>
  leave(nodeId: string): Promise<void>
  /** Removes the nodes last seen before this time (ISO 8601); of all clusters unless told. */
  removeSilent(before: string, cluster?: string): Promise<void>
}

export function memberStore(db: Database): MemberStore {
  return {
    list: async (cluster) => {
      let query = db.selectFrom('member').selectAll().orderBy('started').orderBy('node_id')
      if (cluster !== undefined) query = query.where('cluster', '=', cluster)
      return (await query.execute()).map((row) => ({
        nodeId: row.node_id,
        cluster: row.cluster,
        url: row.url,
        pid: row.pid,
        started: row.started,
        lastSeen: row.last_seen,
      }))
    },
    join: async (member) => {
      const content = {
        cluster: member.cluster,
        url: member.url,
        pid: member.pid,
        started: member.started,
        last_seen: member.lastSeen,
      }
      await db
        .insertInto('member')
        .values({ node_id: member.nodeId, ...content })
        .onConflict((conflict) => conflict.column('node_id').doUpdateSet(content))
        .execute()
    },
    seen: async (nodeId, time) => {
      const result = await db
        .updateTable('member')
        .set({ last_seen: time })
        .where('node_id', '=', nodeId)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },
    leave: async (nodeId) => {
      await db.deleteFrom('member').where('node_id', '=', nodeId).execute()
    },
    removeSilent: async (before, cluster) => {
      const silent = db.deleteFrom('member').where('last_seen', '<', before)
      await (cluster === undefined ? silent : silent.where('cluster', '=', cluster)).execute()
    },
  }
}
