/** Authorization codes and refresh tokens that are out, by their hash: every node redeems what another one has issued. */
import type { Database } from './schema.js'

export interface SignInGrant {
  readonly kind: 'code' | 'refresh'
  /** JSON; what it means is the sign-in service's. */
  readonly content: string
  /** ISO 8601. */
  readonly expires: string
}

export interface SignInGrantStore {
  /** Adds a grant, and forgets those that ended before `now` (ISO 8601). */
  add(id: string, grant: SignInGrant, now: string): Promise<void>
  find(id: string): Promise<SignInGrant | undefined>
  /** Takes the grant away. Of several callers one gets it. */
  take(id: string): Promise<SignInGrant | undefined>
}

export function signInGrantStore(db: Database): SignInGrantStore {
  const find = async (id: string): Promise<SignInGrant | undefined> => {
    const row = await db.selectFrom('sign_in_grant').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? undefined : { kind: row.kind === 'code' ? 'code' : 'refresh', content: row.content, expires: row.expires }
  }
  return {
    add: async (id, grant, now) => {
      await db.deleteFrom('sign_in_grant').where('expires', '<', now).execute()
      await db.insertInto('sign_in_grant').values({ id, ...grant }).execute()
    },
    find,
    take: async (id) => {
      const found = await find(id)
      const result = await db.deleteFrom('sign_in_grant').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows === 1n ? found : undefined
    },
  }
}
