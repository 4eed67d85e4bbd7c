/** States that are kept by name, to return to: each in two rows of the lab's table, so that a list of them need not read them. */
import { bringHome } from './exclusive.js'
import type { Database } from './schema.js'

export interface SnapshotAbout {
  readonly name: string
  /** Schema version of the program that took it. */
  readonly schema: number
  /** ISO 8601, by the clock of the machine. */
  readonly taken: string
  /** Of the state (state-hash.ts). */
  readonly hash: string
  /** Characters of the content. */
  readonly size: number
}

export interface Snapshot {
  readonly about: SnapshotAbout
  /** JSON. */
  readonly content: string
}

export interface SnapshotStore {
  /** In order of name; without that of the start. */
  list(): Promise<readonly SnapshotAbout[]>
  find(name: string): Promise<Snapshot | undefined>
  /** What is known of it, without reading it. */
  about(name: string): Promise<SnapshotAbout | undefined>
  /**
   * Keeps it, in place of one of its name.
   * @param most how many there may be
   * @returns false when there are that many others: nothing is kept then
   */
  put(snapshot: Snapshot, most: number): Promise<boolean>
  /** True when there was one. */
  remove(name: string): Promise<boolean>
}

/** Of the state that the installation had when it was ready first: a name that nobody can give. */
export const startSnapshot = 'start'

const aboutPrefix = 'snapshot '
const contentPrefix = 'snapshot-content '

export function snapshotStore(db: Database): SnapshotStore {
  const textOf = async (id: string): Promise<string | undefined> =>
    (await db.selectFrom('lab_state').select('state').where('id', '=', id).executeTakeFirst())?.state
  const list = async (at: Database): Promise<readonly SnapshotAbout[]> => {
    const rows = await at
      .selectFrom('lab_state')
      .select('state')
      .where('id', 'like', `${aboutPrefix}%`)
      .orderBy('id')
      .execute()
    return rows.map(({ state }) => JSON.parse(state) as SnapshotAbout).filter(({ name }) => name !== startSnapshot)
  }
  return {
    list: () => list(db),
    about: async (name) => {
      const about = await textOf(`${aboutPrefix}${name}`)
      return about === undefined ? undefined : (JSON.parse(about) as SnapshotAbout)
    },
    find: async (name) => {
      const about = await textOf(`${aboutPrefix}${name}`)
      const content = await textOf(`${contentPrefix}${name}`)
      return about === undefined || content === undefined
        ? undefined
        : { about: JSON.parse(about) as SnapshotAbout, content }
    },
    put: async ({ about, content }, most) => {
      const isKept = await db.transaction().execute(async (transaction) => {
        const others = (await list(transaction)).filter(({ name }) => name !== about.name)
        if (others.length >= most) return false
        for (const [prefix, state] of [
          [aboutPrefix, JSON.stringify(about)],
          [contentPrefix, content],
        ] as const)
          await transaction
            .insertInto('lab_state')
            .values({ id: `${prefix}${about.name}`, version: about.schema, state })
            .onConflict((conflict) => conflict.column('id').doUpdateSet({ version: about.schema, state }))
            .execute()
        return true
      })
      if (isKept) await bringHome(db)
      return isKept
    },
    remove: async (name) => {
      const ids = [aboutPrefix, contentPrefix].map((prefix) => `${prefix}${name}`)
      const { numDeletedRows } = await db.deleteFrom('lab_state').where('id', 'in', ids).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
