/** Key pairs of accounts (GetUserKeyPair and SetUserKeyPair, [MS-RMPR] 3.1.1.3): an account has one, on every machine. */
import type { Database } from './schema.js'

export interface AccountKey {
  /** Base64 of the little-endian modulus. */
  readonly publicKey: string
  /** Sealed under the cluster key. */
  readonly sealedKeyPair: string
  /** ISO 8601. */
  readonly created: string
}

export interface AccountKeyStore {
  find(cluster: string, accountId: string): Promise<AccountKey | undefined>
  /**
   * Stores a key pair for an account that has none.
   * @returns the key pair of the account from now on: this one, or that of the node that came first
   */
  insertIfAbsent(cluster: string, accountId: string, key: AccountKey): Promise<AccountKey>
  /** How many accounts this cluster has certified. */
  count(cluster: string): Promise<number>
}

export function accountKeyStore(db: Database): AccountKeyStore {
  const find = async (cluster: string, accountId: string): Promise<AccountKey | undefined> => {
    const row = await db
      .selectFrom('account_key')
      .select(['public_key', 'sealed_key_pair', 'created'])
      .where('cluster', '=', cluster)
      .where('account_id', '=', accountId)
      .executeTakeFirst()
    return row === undefined
      ? undefined
      : { publicKey: row.public_key, sealedKeyPair: row.sealed_key_pair, created: row.created }
  }
  return {
    find,
    insertIfAbsent: async (cluster, accountId, key) => {
      await db
        .insertInto('account_key')
        .values({
          cluster,
          account_id: accountId,
          public_key: key.publicKey,
          sealed_key_pair: key.sealedKeyPair,
          created: key.created,
        })
        .onConflict((conflict) => conflict.columns(['cluster', 'account_id']).doNothing())
        .execute()
      const winner = await find(cluster, accountId)
      if (winner === undefined)
        throw new Error(`The key pair of ${accountId} was removed while it was stored: ask again`)
      return winner
    },
    count: async (cluster) => {
      const row = await db
        .selectFrom('account_key')
        .select((expression) => expression.fn.countAll().as('count'))
        .where('cluster', '=', cluster)
        .executeTakeFirstOrThrow()
      return Number(row.count)
    },
  }
}
