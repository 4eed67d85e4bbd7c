/** Authorization codes that are out, by their hash: every node redeems what another one has issued, and each is redeemed once. */
import type { Database } from './schema.js'

export interface StoredCode {
  /** JSON; what it means is the sign-in service's. */
  readonly content: string
  /** ISO 8601. */
  readonly expires: string
}

export interface AuthorizationCodeStore {
  /** Adds a code, and forgets those that ended before `now` (ISO 8601). */
  add(hash: string, code: StoredCode, now: string): Promise<void>
  /** Takes the code away. Of several callers one gets it. */
  take(hash: string): Promise<StoredCode | undefined>
}

export function authorizationCodeStore(db: Database): AuthorizationCodeStore {
  return {
    add: async (hash, code, now) => {
      await db.deleteFrom('authorization_code').where('expires', '<', now).execute()
      await db
        .insertInto('authorization_code')
        .values({ hash, ...code })
        .execute()
    },
    take: async (hash) => {
      const found = await db
        .selectFrom('authorization_code')
        .select(['content', 'expires'])
        .where('hash', '=', hash)
        .executeTakeFirst()
      const result = await db.deleteFrom('authorization_code').where('hash', '=', hash).executeTakeFirst()
      return result.numDeletedRows === 1n ? found : undefined
    },
  }
}
