/** The key that signs the access tokens of the installation: one, whichever node or cluster asks. */
import type { Database } from './schema.js'

export interface StoredTokenKey {
  /** JWK in JSON: every node verifies with it. */
  readonly publicKey: string
  /** PKCS#8, sealed under the root's cluster key: only its nodes sign. */
  readonly sealedPrivateKey: string
}

export interface TokenKeyStore {
  /** Undefined while no token was ever issued. */
  find(): Promise<StoredTokenKey | undefined>
  /** @returns the key from now on: this one, or that of the node that came first */
  insertIfAbsent(key: StoredTokenKey): Promise<StoredTokenKey>
}

const name = 'token_signing_key'

export function tokenKeyStore(db: Database): TokenKeyStore {
  const find = async (): Promise<StoredTokenKey | undefined> => {
    const row = await db.selectFrom('meta').select('value').where('key', '=', name).executeTakeFirst()
    return row === undefined ? undefined : (JSON.parse(row.value) as StoredTokenKey)
  }
  return {
    find,
    insertIfAbsent: async (key) => {
      await db
        .insertInto('meta')
        .values({ key: name, value: JSON.stringify(key) })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .execute()
      return (await find()) ?? key
    },
  }
}
